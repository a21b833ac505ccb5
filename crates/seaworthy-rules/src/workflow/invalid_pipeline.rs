//! Reports GitLab CI files that GitLab refuses.

use crate::{Cx, Sink};

declare_rule! {
    name: "invalid-pipeline",
    summary: "the GitLab CI file does not read",
    passes: "the GitLab CI file reads",
    family: Workflow, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["GitLab CI/CD YAML syntax reference"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for pipeline in cx.pipelines() {
        for problem in &pipeline.problems {
            out.finding(problem.message.clone())
                .why("GitLab refuses the file, so no pipeline runs and nothing is published")
                .help("write what the message says; the rest of the file is judged as far as it reads")
                .at_file(&pipeline.file, problem.span)
                .command(format!("glab ci lint {}", pipeline.file.path));
        }
    }
}
