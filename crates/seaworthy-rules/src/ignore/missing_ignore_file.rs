//! Reports a `COPY .` without an ignore file.

use super::broad_copy;
use crate::{Cx, Sink};

declare_rule! {
    name: "missing-ignore-file",
    summary: "the whole context is copied and there is no ignore file",
    passes: "an ignore file limits what is copied",
    family: Ignore, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["Docker build context, .dockerignore"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        if docker.ignore.is_some() {
            continue;
        }
        let Some(source) = broad_copy(docker) else { continue };
        let place = if docker.context.is_empty() {
            ".dockerignore".to_owned()
        } else {
            format!("{}/.dockerignore", docker.context)
        };
        out.finding(format!("`{}` is copied with everything in it, and `{place}` does not exist", source.unquoted()))
            .why("`.git`, local secrets and build output reach the image, and every edit of any file spoils the cache")
            .help(format!("write `{place}` that begins with `*` and names what is needed behind `!`"))
            .at_file(&docker.file, source.span)
            .command(format!("ls -a {}", if docker.context.is_empty() { "." } else { &docker.context }));
    }
}
