//! Reports the `CMD`, `ENTRYPOINT` and `HEALTHCHECK` lines that undo an earlier one.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Keyword;

declare_rule! {
    name: "second-instruction",
    summary: "an instruction undoes an earlier one of the same stage",
    passes: "no instruction undoes an earlier one of the same stage",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL4003", "DL4004", "DL3012"], refs: ["Dockerfile reference, CMD"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            for (keyword, alias) in
                [(Keyword::Cmd, "DL4003"), (Keyword::Entrypoint, "DL4004"), (Keyword::Healthcheck, "DL3012")]
            {
                let mut all = stage.instructions.iter().filter(|item| item.keyword == keyword);
                let Some(first) = all.next() else { continue };
                let line = docker.tree.line_col(first.span.start).0;
                for item in all {
                    out.finding(format!("this `{keyword}` is the one that counts, line {line} has one too"))
                        .aliases(&[alias])
                        .why("readers take the wrong line for the one that counts")
                        .help("keep the last one of the stage")
                        .at_file(&docker.file, item.keyword_span)
                        .command(format!("grep -n '^{keyword}' {}", docker.file.path));
                }
            }
        }
    }
}
