//! Reports ticked boxes of checklists that the repository's own files refute.

use super::label;
use crate::dockerfile::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Healthcheck, Kind};
use seaworthy_facts::DockerfileFact;

declare_rule! {
    name: "refuted-checkbox",
    summary: "a ticked box says what the repository refutes",
    passes: "no ticked box is refuted by the repository",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(docker) = cx.main_dockerfile() else { return };
    for document in cx.documents() {
        for known in document.checkboxes.iter().filter(|known| known.ticked) {
            let words = known.text.to_lowercase();
            // A box about another file, or one that says that something is left out, is not about this.
            let other = ["compose", "kubernetes", "helm", "chart", "no ", "without", "removed", "n/a"];
            if other.iter().any(|word| words.contains(word)) {
                continue;
            }
            let Some(reason) = refuted(cx, docker, &words) else { continue };
            out.finding(format!("this box is ticked, but {reason}"))
                .why("a checklist is what others sign off by")
                .help("do what the box says, or untick it")
                .at_file(&document.file, known.span)
                .command(format!("cat {}", docker.file.path));
        }
    }
}

/// What in the repository contradicts the words of a box.
fn refuted(cx: &Cx<'_>, docker: &DockerfileFact, words: &str) -> Option<String> {
    let path = &docker.file.path;
    let any = |names: &[&str]| names.iter().any(|name| words.contains(name));
    let chain = final_chain(&docker.tree);
    // A base that is not known may bring anything.
    let own_base = chain.last().is_some_and(|stage| match &stage.base {
        Base::Scratch => true,
        Base::Image(name) => !name.contains('/') && !name.contains('$'),
        Base::Stage(_) => false,
    });
    let items = || chain.iter().flat_map(|stage| stage.instructions.iter());
    if any(&["healthcheck", "health check"])
        && any(&["dockerfile", "image", "container", "healthcheck instruction"])
    {
        let has = items().any(|item| matches!(&item.kind, Kind::Healthcheck(Healthcheck::Cmd(_))));
        return (!has && own_base).then(|| format!("`{path}` has no `HEALTHCHECK`"));
    }
    if any(&["multi-stage", "multistage"]) && any(&["dockerfile", "build", "image"]) {
        return (docker.tree.stages().len() == 1).then(|| format!("`{path}` has one stage"));
    }
    if any(&["digest"]) && any(&["pinned", "pin "]) && any(&["base image", "base images", "from "]) {
        let stages = docker.tree.stages();
        let loose = stages.iter().find_map(|stage| match &stage.base {
            Base::Image(name) if !name.contains('@') && !name.contains('$') => Some(name.clone()),
            _ => None,
        });
        return loose.map(|name| format!("`{path}` begins with `{name}`"));
    }
    if any(&["label"]) && any(&["oci", "opencontainers"]) && any(&["source"]) {
        let has = label(docker, &["org.opencontainers.image.source"]).is_some()
            || docker.file.text.contains("org.opencontainers.image.source");
        // A workflow may add it.
        let added = cx.workflows().iter().any(|known| {
            known.file.text.contains("metadata-action")
                || known.file.text.contains("org.opencontainers.image.source")
        });
        return (!has && !added && own_base)
            .then(|| format!("nothing sets `org.opencontainers.image.source` in `{path}`"));
    }
    if any(&[".dockerignore"])
        && docker.ignore.is_none()
        && any(&["exist", "present", "exclude", "add", "created", "has", "in place"])
    {
        let none = cx.project().is_some_and(|project| project.ignores.is_empty());
        return none.then(|| "the repository has no ignore file".to_owned());
    }
    None
}
