//! Reports `USER name:group`, which drops the other groups of the user.

use crate::script::Simple;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use std::collections::BTreeMap;

declare_rule! {
    name: "user-group-only",
    summary: "`USER` with a group drops the user's other groups",
    passes: "no `USER` drops groups the user was given",
    family: Dockerfile, category: Runtime, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Dockerfile reference, USER"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let mut given: BTreeMap<String, String> = BTreeMap::new();
            for item in stage.instructions {
                given.extend(cx.commands(docker, item).iter().flat_map(groups));
                let Kind::User(word) = &item.kind else { continue };
                let text = word.unquoted();
                let Some((user, group)) = text.split_once(':').filter(|_| !item.broken) else { continue };
                let Some(lost) = given.get(user).filter(|extra| extra.as_str() != group) else { continue };
                out.finding(format!("`USER {text}` leaves `{user}` without its group `{lost}`"))
                    .why("a group written here replaces all groups of the user, those given in this file too")
                    .help(format!("write `USER {user}`"))
                    .at_file(&docker.file, word.span)
                    .command("docker run --rm --entrypoint id IMAGE");
            }
        }
    }
}

/// Users and the further groups a command gives them.
fn groups(simple: &Simple) -> Vec<(String, String)> {
    let rest: Vec<&str> = simple.rest().iter().map(String::as_str).collect();
    let list = |user: &str, groups: &str| {
        groups.split(',').map(|group| (user.to_owned(), group.to_owned())).collect::<Vec<_>>()
    };
    match rest.as_slice() {
        ["addgroup" | "adduser", user, group] if !user.starts_with('-') && !group.starts_with('-') => {
            list(user, group)
        }
        ["gpasswd", "-a" | "--add", user, group] => list(user, group),
        ["useradd" | "usermod", options @ .., user] if !user.starts_with('-') => {
            let at = options.iter().position(|word| matches!(*word, "-G" | "-aG" | "--groups"));
            at.and_then(|at| options.get(at + 1)).map_or_else(Vec::new, |groups| list(user, groups))
        }
        _ => Vec::new(),
    }
}
