//! Reports `CMD`, `ENTRYPOINT` and `HEALTHCHECK` lines that a later one of the same stage undoes.

use super::whole_lines;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Keyword;
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "repeated-instruction",
    summary: "an instruction is undone by a later one of the same stage",
    passes: "`CMD`, `ENTRYPOINT` and `HEALTHCHECK` stand once in a stage",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["MultipleInstructionsDisallowed", "DL4003", "DL4004", "DL3012", "DS-0016", "DS-0007", "DS-0023"], refs: ["Dockerfile reference, CMD"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            for (keyword, alias, other) in [
                (Keyword::Cmd, "DL4003", "DS-0016"),
                (Keyword::Entrypoint, "DL4004", "DS-0007"),
                (Keyword::Healthcheck, "DL3012", "DS-0023"),
            ] {
                let all: Vec<_> = stage.instructions.iter().filter(|item| item.keyword == keyword).collect();
                let Some((last, earlier)) = all.split_last() else { continue };
                let line = docker.tree.line_col(last.span.start).0;
                for item in earlier {
                    let finding = out
                        .finding(format!("this `{keyword}` has no effect: line {line} sets another"))
                        .aliases(&["MultipleInstructionsDisallowed", alias, other])
                        .why("readers take the wrong line for the one that counts")
                        .help("remove it")
                        .at_file(&docker.file, item.span)
                        .command(format!("grep -n '^{keyword}' {}", docker.file.path));
                    if !item.broken && item.heredocs.is_empty() {
                        let span = whole_lines(&docker.file.text, item.span);
                        finding.fix(
                            Applicability::Safe,
                            format!("Remove the `{keyword}` without effect"),
                            &docker.file,
                            vec![Edit { span, text: String::new() }],
                        );
                    }
                }
            }
        }
    }
}
