//! Reports volumes that are root's, mounted into a container whose user is not.

use crate::dockerfile::{final_chain, final_user};
use crate::{Cx, Sink, bases};
use seaworthy_dockerfile::{Base, Instruction, Kind, Stage, Word};
use seaworthy_facts::{ComposeFact, DockerfileFact};

declare_rule! {
    name: "unwritable-volume",
    summary: "a volume is mounted where the image's user may not write",
    passes: "named volumes are mounted at directories the image gives its user",
    family: Compose, category: Runtime, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: ["compose.volume-owner"],
    refs: ["Docker documentation, populate a volume using a container"],
}

/// Directories that base images have, with owners that are not known here.
const SYSTEM: [&str; 16] = [
    "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "srv",
    "tmp", "usr",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    // What a driver mounts may have any owner.
    let plain = |compose: &&ComposeFact| !compose.file.text.contains("driver");
    let services = cx
        .composes()
        .iter()
        .filter(plain)
        .flat_map(|compose| compose.services.iter().map(move |one| (compose, one)));
    for (compose, service) in services {
        if service.user.is_some() || service.volumes.is_empty() {
            continue;
        }
        let Some(docker) = cx.service_dockerfile(compose, service) else { continue };
        let Some(user) = final_user(&docker.tree).map(Word::unquoted) else { continue };
        if user.contains('$') || matches!(user.split(':').next(), Some("root" | "0" | "")) {
            continue;
        }
        for volume in &service.volumes {
            let mut parts = volume.value.split(':');
            let (Some(name), Some(target), options) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let named = !name.is_empty() && !name.contains(['/', '.', '~', '$', '\\']);
            let ours = options.is_none_or(|options| options == "rw");
            if !named || !ours || !fresh(docker, target) {
                continue;
            }
            out.finding(format!("`{name}` is root's at `{target}`, and the image runs as `{user}`"))
                .why("the image has no such directory, so a new volume there is root's: the first write is refused")
                .help(format!("add `RUN mkdir -p {target} && chown {user} {target}` above `USER` in `{}`", docker.file.path))
                .at_file(&compose.file, volume.span)
                .command(format!("docker compose -f {} run --rm --entrypoint touch {} {target}/x", compose.file.path, service.name));
        }
    }
}

/// Whether the image surely lacks a directory: the base is one of the well-known ones, the directory is none of a
/// system's, and no instruction has to do with it.
fn fresh(docker: &DockerfileFact, target: &str) -> bool {
    let target = target.trim_end_matches('/');
    let mut names = target.split('/');
    let (Some(""), Some(first), Some(last)) = (names.next(), names.next(), target.rsplit('/').next()) else {
        return false;
    };
    if target.contains(['$', '.']) || first == "var" || SYSTEM.contains(&first) {
        return false;
    }
    let chain = final_chain(&docker.tree);
    let known = chain
        .last()
        .is_some_and(|stage| matches!(&stage.base, Base::Image(name) if bases::image(name).is_some()));
    known
        && chain
            .iter()
            .flat_map(|stage: &Stage<'_>| stage.instructions)
            .all(|item| !touches(docker, item, target, last))
}

/// Whether an instruction may make the directory.
fn touches(docker: &DockerfileFact, item: &Instruction, target: &str, last: &str) -> bool {
    let below = |path: &str| {
        let path = path.trim_end_matches('/');
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        within(path, target) || within(target, path)
    };
    match &item.kind {
        Kind::Copy { dest, .. } | Kind::Add { dest, .. } => dest
            .as_ref()
            .is_none_or(|dest| !dest.raw.starts_with('/') || dest.has_variable() || below(&dest.raw)),
        Kind::Workdir(path) => path.has_variable() || path.raw.trim_end_matches('/') == target,
        Kind::Run(_) | Kind::Volume { .. } | Kind::Onbuild(_) => {
            item.span.of(&docker.file.text).contains(last)
        }
        _ => false,
    }
}
