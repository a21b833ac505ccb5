//! Reports ports `EXPOSE` takes otherwise than meant.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit, Severity};

declare_rule! {
    name: "invalid-port",
    summary: "`EXPOSE` names a port in an odd way",
    passes: "every exposed port is a plain one",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["ExposeInvalidFormat", "ExposeProtoCasing"], refs: ["Dockerfile reference, EXPOSE"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Expose { ports } = &item.kind else { continue };
            for word in ports {
                let text = word.unquoted();
                // What stands behind an inline `#` is reported as that.
                let commented = item.inline_comment.is_some_and(|comment| word.span.start >= comment.start);
                if word.has_variable() || commented || text.is_empty() {
                    continue;
                }
                let (numbers, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
                let mapped = numbers.contains(':');
                let container = numbers.rsplit(':').next().unwrap_or(numbers);
                let valid = container.split('-').all(|part| part.parse::<u16>().is_ok());
                let lower = protocol.to_ascii_lowercase();
                let base = out_of(&text, valid, mapped, protocol, &lower);
                let Some((message, aliases, severity, help)) = base else { continue };
                let finding = out
                    .finding(message)
                    .aliases(aliases)
                    .severity(severity)
                    .why("the declared port is what people and tools publish")
                    .help(help)
                    .at_file(&docker.file, word.span)
                    .command(format!("docker build --check -f {} .", docker.file.path));
                let plain = valid && matches!(lower.as_str(), "tcp" | "udp" | "sctp") && word.raw == text;
                if plain {
                    let proto = if text.contains('/') { format!("/{lower}") } else { String::new() };
                    finding.fix(
                        Applicability::Safe,
                        "Write the port alone",
                        &docker.file,
                        vec![Edit { span: word.span, text: format!("{container}{proto}") }],
                    );
                }
            }
        }
    }
}

type Wrong = (String, &'static [&'static str], Severity, &'static str);

fn out_of(text: &str, valid: bool, mapped: bool, protocol: &str, lower: &str) -> Option<Wrong> {
    // The parser reports what is no port at all.
    if !valid || !matches!(lower, "tcp" | "udp" | "sctp") {
        return None;
    }
    if mapped {
        let help = "write the container's port alone; the host's side belongs to `docker run -p`";
        return Some((
            format!("`{text}` names a host's side, which `EXPOSE` ignores"),
            &["ExposeInvalidFormat"],
            Severity::Low,
            help,
        ));
    }
    (protocol != lower).then(|| {
        (
            format!("`{protocol}` is not in lower case"),
            &["ExposeProtoCasing"] as &[_],
            Severity::Info,
            "write the protocol in lower case",
        )
    })
}
