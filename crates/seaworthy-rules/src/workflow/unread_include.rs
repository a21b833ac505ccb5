//! Reports files that a GitLab CI file includes and that are not read.

use crate::{Cx, Sink};

declare_rule! {
    name: "unread-include",
    summary: "a part of the pipeline stands where nothing is read",
    passes: "every part of the pipeline is read",
    family: Workflow, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: [], refs: ["GitLab CI/CD YAML syntax reference, include"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for pipeline in cx.pipelines() {
        for name in &pipeline.unread {
            // A local file that does not exist is a mistake, which is told as such.
            if pipeline.problems.iter().any(|problem| problem.span == name.span) {
                continue;
            }
            out.finding(format!("`{}` is not read: what jobs inherit from there is not judged", name.value))
                .why("nothing is fetched, so a rule may be silent about what GitLab would run")
                .help("run `glab ci config compile` and check its output, where it matters")
                .at_file(&pipeline.file, name.span)
                .command(format!("grep -n -A4 'include' {}", pipeline.file.path));
        }
    }
}
