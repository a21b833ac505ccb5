//! Reports label names tools do not expect.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "invalid-label-key",
    summary: "a label's name is not one tools expect",
    passes: "every label's name is one tools expect",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL3048"], refs: ["Docker object labels, key format"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Label { pairs, .. } = &item.kind else { continue };
            if item.broken
                && item.inline_comment.is_none()
                && pairs.iter().all(|pair| pair.key.raw.is_empty())
            {
                continue;
            }
            for pair in pairs {
                let name = pair.key.unquoted();
                let Some((what, help)) = wrong(&name) else { continue };
                out.finding(format!("the label `{name}` {what}"))
                    .why("names are compared letter by letter, and some belong to Docker itself")
                    .help(help)
                    .at_file(&docker.file, pair.key.span)
                    .command("docker image inspect --format '{{json .Config.Labels}}' IMAGE");
            }
        }
    }
}

/// What is wrong with a label's name, and what to write.
fn wrong(name: &str) -> Option<(&'static str, &'static str)> {
    let reserved = ["com.docker.", "io.docker.", "org.dockerproject."];
    let bytes = name.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if reserved.iter().any(|start| name.starts_with(start)) {
        return Some(("lies in a name space of Docker", "use a domain of your own"));
    }
    if !bytes.first().is_some_and(u8::is_ascii_lowercase) || !bytes.last().is_some_and(plain) {
        return Some((
            "does not begin with a small letter, or does not end with one or a digit",
            "begin with a small letter, and end with one or a digit",
        ));
    }
    if name.contains("..") || name.contains("--") {
        return Some(("has two dots or dashes in a row", "write one of them"));
    }
    let fits = |byte: &u8| plain(byte) || matches!(byte, b'.' | b'-' | b'_' | b'/');
    (!bytes.iter().all(fits)).then_some((
        "has characters beyond small letters, digits, dots and dashes",
        "write small letters, digits, `.` and `-`",
    ))
}
