//! Reports a `COPY .` into the final image without an ignore file.

use super::is_broad;
use crate::dockerfile::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_facts::DockerfileFact;

declare_rule! {
    name: "missing-ignore-file",
    summary: "the whole context is copied into the image and there is no ignore file",
    passes: "an ignore file limits what is copied into the image",
    family: Ignore, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["Docker build context, .dockerignore"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        if docker.ignore.is_some() || !context_known(cx, docker) {
            continue;
        }
        let chain = final_chain(&docker.tree);
        let mut items = chain.iter().flat_map(|stage| stage.instructions.iter());
        let source = items.find_map(|item| {
            let (Kind::Copy { sources, .. } | Kind::Add { sources, .. }) = &item.kind else { return None };
            let limited = item.flag("from").is_some() || item.flag("exclude").is_some();
            sources.iter().find(|source| !limited && is_broad(&source.unquoted()))
        });
        let Some(source) = source else { continue };
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

/// Whether the build context is known: the root's, one a compose file gives, or one that holds what is copied by name.
fn context_known(cx: &Cx<'_>, docker: &DockerfileFact) -> bool {
    let composed = cx.composes().iter().any(|compose| {
        let mut built = compose.services.iter().filter_map(|service| cx.service_dockerfile(compose, service));
        built.any(|built| std::ptr::eq(built, docker))
    });
    if composed || !docker.file.path.contains('/') {
        return true;
    }
    let Some(project) = cx.project() else { return false };
    let copies = docker.tree.instructions.iter().filter(|item| item.flag("from").is_none());
    let mut named = copies.filter_map(|item| match &item.kind {
        Kind::Copy { sources, .. } => Some(sources),
        _ => None,
    });
    named.any(|sources| {
        sources.iter().any(|source| {
            let name = source.unquoted();
            let path = format!("{}/{}", docker.context, name.trim_start_matches("./").trim_end_matches('/'));
            !is_broad(&name) && project.context.iter().any(|entry| entry.path == path)
        })
    })
}
