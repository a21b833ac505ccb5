//! Reports a user that the final image creates and never becomes.

use super::final_chain;
use crate::script::Simple;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "created-user-unused",
    summary: "a user is created and never used",
    passes: "every user that is created is used",
    family: Dockerfile, category: Security, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Dockerfile reference, USER"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let chain = final_chain(&docker.tree);
        let items = || chain.iter().flat_map(|stage| stage.instructions);
        if items().any(|item| matches!(item.kind, Kind::User(_))) {
            continue;
        }
        // An entry point that switches itself says so in its arguments or its name.
        let switches =
            items().filter(|item| matches!(item.kind, Kind::Entrypoint(_) | Kind::Cmd(_))).any(|item| {
                ["gosu", "su-exec", "setpriv", "tini-user", "entrypoint", "s6", "init", "runuser", "su "]
                    .iter()
                    .any(|word| item.arguments.contains(word))
            });
        let installs = items().any(|item| {
            cx.commands(docker, item).iter().any(|simple| {
                simple
                    .words
                    .iter()
                    .any(|word| matches!(word.as_str(), "gosu" | "su-exec" | "supervisor" | "openssh-server"))
            })
        });
        if switches || installs {
            continue;
        }
        for item in items() {
            let Some((name, simple)) =
                cx.commands(docker, item).iter().find_map(|simple| Some((created(simple)?, simple)))
            else {
                continue;
            };
            out.finding(format!("the user `{name}` is created, but the image never becomes it"))
                .why("everything runs as root although the file prepared for another user")
                .help(format!("write `USER {name}` before the last `CMD` or `ENTRYPOINT`, best as a number"))
                .at_file(&docker.file, simple.span)
                .command(format!("grep -n '^USER' {}", docker.file.path));
            break;
        }
    }
}

/// The user a command creates.
fn created(simple: &Simple) -> Option<&str> {
    let rest = simple.rest();
    if !matches!(simple.program(), "useradd" | "adduser") {
        return None;
    }
    let mut plain: Vec<&str> = Vec::new();
    let mut at = 1;
    while let Some(word) = rest.get(at) {
        at += 1;
        if let Some(flag) = word.strip_prefix('-') {
            let long = flag.starts_with('-');
            let takes = if long {
                !word.contains('=')
                    && !matches!(
                        word.as_str(),
                        "--system"
                            | "--disabled-password"
                            | "--disabled-login"
                            | "--no-create-home"
                            | "--create-home"
                            | "--no-log-init"
                            | "--quiet"
                            | "--user-group"
                            | "--no-user-group"
                    )
            } else {
                flag.ends_with(['u', 'g', 'G', 'd', 'h', 's', 'c', 'k', 'p'])
            };
            at += usize::from(takes);
        } else {
            plain.push(word);
        }
    }
    plain.first().copied().filter(|name| !name.contains(['$', '/']))
}
