//! Reports a final stage that runs as root.

use super::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Dockerfile, Instruction, Kind, Word};
use seaworthy_finding::{Confidence, Severity};

declare_rule! {
    name: "root-user",
    summary: "the final stage runs as root",
    passes: "the final stage sets a user that is not root",
    family: Dockerfile, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["DL3002", "CIS-DI-0001", "CKV_DOCKER_3", "CKV_DOCKER_8", "DS-0002", "run-as-root"], refs: ["Dockerfile reference, USER", "CIS Docker Benchmark 4.1"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let chain = final_chain(&docker.tree);
        let why =
            "root in the container owns every file in it and is one kernel bug away from root on the host";
        let help = "end the last stage with a numeric user, such as `USER 65532:65532`";
        // What the last `USER` of the whole file says is what most other tools look at.
        let mut users = docker.tree.instructions.iter().rev().filter_map(user);
        let shared: Vec<&str> = match users.next() {
            Some(word) if word.raw == "root" => vec!["DS-0002", "CKV_DOCKER_8"],
            Some(word) if is_root(&word.raw) => vec!["DS-0002"],
            Some(_) => Vec::new(),
            None => vec!["DS-0002", "CKV_DOCKER_3"],
        };
        if let Some(word) = final_user(&docker.tree) {
            let name = word.unquoted();
            if matches!(name.split(':').next(), Some("root" | "0")) {
                let mut aliases = vec!["CIS-DI-0001", "run-as-root"];
                aliases.extend(is_root(&word.raw).then_some("DL3002"));
                aliases.extend(shared);
                out.finding(format!("the last `USER` of the final stage is `{name}`"))
                    .aliases(&aliases)
                    .why(why)
                    .help(help)
                    .at_file(&docker.file, word.span)
                    .command(format!("grep -n '^USER' {}", docker.file.path));
            }
            continue;
        }
        let (Some(stage), Some(root)) = (chain.first(), chain.last()) else { continue };
        let base = match &root.base {
            Base::Image(name) if name.contains("nonroot") => continue,
            Base::Image(name) => format!("`{name}` sets one"),
            _ => String::new(),
        };
        let certain = base.is_empty();
        let message = if certain {
            "the final stage has no `USER` and begins with `scratch`, so it runs as root".to_owned()
        } else {
            format!("the final stage has no `USER`, so it runs as root unless {base}")
        };
        let mut aliases = vec!["CIS-DI-0001", "run-as-root"];
        aliases.extend(shared);
        out.finding(message)
            .aliases(&aliases)
            .severity(if certain { Severity::High } else { Severity::Medium })
            .confidence(if certain { Confidence::High } else { Confidence::Medium })
            .why(why)
            .help(help)
            .at_file(&docker.file, stage.from.span)
            .command(format!("grep -n '^USER' {}", docker.file.path));
    }
}

fn user(item: &Instruction) -> Option<&Word> {
    match &item.kind {
        Kind::User(word) if !item.broken => Some(word),
        _ => None,
    }
}

/// The user the final image runs as, where the file says it.
pub(crate) fn final_user(tree: &Dockerfile) -> Option<&Word> {
    final_chain(tree).iter().find_map(|stage| stage.instructions.iter().rev().find_map(user))
}

/// Whether a `USER` is written as root.
pub(crate) fn is_root(raw: &str) -> bool {
    matches!(raw.split(':').next(), Some("root" | "0"))
}
