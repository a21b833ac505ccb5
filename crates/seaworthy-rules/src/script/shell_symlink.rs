//! Reports builds that put another program in the place of `/bin/sh`.

use crate::{Cx, Sink};

declare_rule! {
    name: "shell-symlink",
    summary: "the build replaces `/bin/sh`",
    passes: "the build leaves `/bin/sh` as it is",
    family: Dockerfile, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL4005"], refs: ["Dockerfile reference, SHELL"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            for simple in cx.commands(docker, item).iter().filter(|simple| simple.program() == "ln") {
                let operands: Vec<&String> =
                    simple.rest().iter().skip(1).filter(|word| !word.starts_with('-')).collect();
                let [source, .., target] = operands.as_slice() else { continue };
                if !matches!(target.as_str(), "/bin/sh" | "/usr/bin/sh") {
                    continue;
                }
                out.finding(format!("`{target}` becomes `{source}` for every program of the image"))
                    .why("scripts of the distribution are written for the shell they come with, and the next upgrade may put it back")
                    .help(format!("write `SHELL [\"{source}\", \"-c\"]`, which is for `RUN`, `CMD` and `ENTRYPOINT` alone"))
                    .at_file(&docker.file, simple.span)
                    .command(format!("docker run --rm --entrypoint readlink IMAGE -f {target}"));
            }
        }
    }
}
