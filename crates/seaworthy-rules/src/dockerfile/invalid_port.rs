//! Reports ports `EXPOSE` does not take, or takes otherwise than meant.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit, Severity};

declare_rule! {
    name: "invalid-port",
    summary: "`EXPOSE` names no valid port",
    passes: "every exposed port is valid",
    family: Dockerfile, category: Truth, severity: High, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["DL3011", "ExposeInvalidFormat", "ExposeProtoCasing", "DS-0008"], refs: ["Dockerfile reference, EXPOSE"],
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
    if !valid {
        let help = "write a number from 0 to 65535, a range `8000-8010`, and `/udp` where it is not TCP";
        return Some((format!("`{text}` is no port"), &["DL3011", "DS-0008"], Severity::High, help));
    }
    if !matches!(lower, "tcp" | "udp" | "sctp") {
        return Some((
            format!("`{protocol}` is no protocol"),
            &["DL3011"],
            Severity::High,
            "use `tcp`, `udp` or `sctp`",
        ));
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
