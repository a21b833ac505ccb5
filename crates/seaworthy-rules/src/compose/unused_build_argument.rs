//! Reports build arguments that the Dockerfile does not declare.

use super::support::{config, services};
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::did_you_mean;
use std::collections::BTreeSet;

declare_rule! {
    name: "unused-build-argument",
    summary: "a build argument is one the Dockerfile does not declare",
    passes: "the Dockerfile declares every build argument",
    family: Compose, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, ARG"],
}

/// Arguments every build knows.
fn predefined(name: &str) -> bool {
    let proxy = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];
    proxy.contains(&name.to_ascii_uppercase().as_str())
        || name.starts_with("BUILDKIT_")
        || name.starts_with("TARGET")
        || name.starts_with("BUILD")
        || name == "SOURCE_DATE_EPOCH"
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx).filter(|(_, service)| !service.build_args.is_empty()) {
        let Some(docker) = cx.service_dockerfile(compose, service) else { continue };
        let mut known: BTreeSet<String> = BTreeSet::new();
        for item in &docker.tree.instructions {
            if let Kind::Arg { args } = &item.kind {
                known.extend(args.iter().map(|one| one.name.unquoted()));
            }
        }
        for (name, _) in &service.build_args {
            let text = name.value.as_str();
            if known.contains(text) || predefined(text) || text.contains('$') {
                continue;
            }
            let help = match did_you_mean(text, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare `ARG {text}` in the stage that uses it, or remove it here"),
            };
            out.finding(format!(
                "service `{}` builds with `{text}`, `{}` declares no such argument",
                service.name, docker.file.path
            ))
            .why("the build passes it over, and the image is made with the default")
            .help(help)
            .at_file(&compose.file, name.span)
            .command(config(compose, service));
        }
    }
}
