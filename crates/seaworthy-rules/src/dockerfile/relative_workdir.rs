//! Reports a relative `WORKDIR` that no absolute one precedes: where it points is decided by the base image.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind, scope};
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "relative-workdir",
    summary: "`WORKDIR` is relative to the base image's directory",
    passes: "every working directory is absolute",
    family: Dockerfile, category: Runtime, severity: Low, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["DL3000", "WorkdirRelativePath", "CKV_DOCKER_10", "DS-0009"], refs: ["Dockerfile reference, WORKDIR"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let globals = scope::global_args(&docker.tree, &|_| None);
        let mut settled: Vec<bool> = Vec::new();
        for stage in docker.tree.stages() {
            let mut known = matches!(stage.base, Base::Stage(earlier) if settled.get(earlier) == Some(&true));
            let mut seen = scope::Scope::default();
            for item in stage.instructions {
                seen.apply(item, &globals, &|_| None);
                let Kind::Workdir(word) = &item.kind else { continue };
                let path = seen.expand(word);
                let drive = path.as_bytes().get(1) == Some(&b':');
                let unknown = path.is_empty() || (word.raw.starts_with('$') && !path.starts_with('/'));
                if known || item.broken || path.starts_with(['/', '\\']) || drive || unknown {
                    known = true;
                    continue;
                }
                // Only the first is reported: an absolute first one makes the rest right.
                known = true;
                let slash = word.span.start + usize::from(word.raw.starts_with(['"', '\'']));
                out.finding(format!("`WORKDIR {path}` is resolved against the base image's directory"))
                    .why("a new base image can move it without a word")
                    .help(format!("write `WORKDIR /{path}`"))
                    .at_file(&docker.file, word.span)
                    .fix(
                        Applicability::Unsafe,
                        "Make the path absolute",
                        &docker.file,
                        vec![Edit { span: Span::new(slash, slash), text: "/".to_owned() }],
                    )
                    .command(format!("grep -n '^WORKDIR' {}", docker.file.path));
            }
            settled.push(known);
        }
    }
}
