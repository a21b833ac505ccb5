//! Reports each job that gets the repository's default permissions.

use crate::{Cx, Sink};

declare_rule! {
    name: "job-default-permissions",
    summary: "a job's token has the repository's default permissions",
    passes: "every job's token has permissions of its own or of its workflow",
    family: Workflow, category: Security, severity: Low, confidence: Medium, persona: Auditor,
    aliases: ["zizmor/excessive-permissions"], refs: ["GitHub documentation, permissions for the GITHUB_TOKEN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows().iter().filter(|fact| fact.workflow.permissions.is_none()) {
        for job in fact.workflow.jobs.iter().filter(|job| job.permissions.is_none()) {
            out.finding(format!("the job `{}` gets the repository's default permissions", job.id.value))
                .why("what that is stands in a setting, and old repositories allow writing")
                .help("name what the job needs: `permissions: { contents: read }`")
                .at_file(&fact.file, job.id.span)
                .command(format!("grep -n 'permissions:' {}", fact.file.path));
        }
    }
}
