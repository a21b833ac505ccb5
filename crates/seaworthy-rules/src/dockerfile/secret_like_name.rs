//! Reports names that sound like a secret to some tools only.

use super::secret_in_environment;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Dockerfile, Instruction, Keyword, Kind, Word};

declare_rule! {
    name: "secret-like-name",
    summary: "a name may stand for a secret",
    passes: "no name stands for a secret",
    family: Dockerfile, category: Security, severity: Info, confidence: Low, persona: Auditor,
    aliases: ["DL3064", "DS-0031"], refs: ["BuildKit, build secrets"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let last = docker.tree.final_stage().map_or(usize::MAX, |stage| stage.from.span.start);
        let first = docker.tree.instructions.iter().find(|item| item.keyword == Keyword::From);
        let first = first.map_or(0, |from| from.span.start);
        for (item, key) in names(&docker.tree) {
            let name = key.unquoted();
            let meta = key.span.start < first;
            if secret_in_environment::sounds_secret(&name) && !meta && item.keyword != Keyword::Onbuild {
                continue;
            }
            let aliases = secret_in_environment::peers(last, item, key);
            if aliases.is_empty() {
                continue;
            }
            out.finding(format!("`{name}` may stand for a secret"))
                .aliases(&aliases)
                .why("whoever can pull the image reads it in the configuration or the history")
                .help("use `RUN --mount=type=secret` for the build, or a file of the run")
                .at_file(&docker.file, key.span)
                .command("docker history --no-trunc IMAGE");
        }
    }
}

/// The names of `ENV` and `ARG`, those of triggers too.
fn names(tree: &Dockerfile) -> Vec<(&Instruction, &Word)> {
    let mut out = Vec::new();
    for item in &tree.instructions {
        let inner = match &item.kind {
            Kind::Onbuild(inner) => inner.as_ref(),
            _ => item,
        };
        match &inner.kind {
            Kind::Env { pairs, .. } => out.extend(pairs.iter().map(|pair| (item, &pair.key))),
            Kind::Arg { args } => out.extend(args.iter().map(|arg| (item, &arg.name))),
            _ => {}
        }
    }
    out
}
