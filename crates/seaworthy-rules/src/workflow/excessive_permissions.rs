//! Reports workflows whose every job may write, though one needs to.

use crate::{Cx, Sink};
use seaworthy_finding::Severity;
use seaworthy_workflow::{Grants, Job, Workflow};

declare_rule! {
    name: "excessive-permissions",
    summary: "jobs may write more than they need",
    passes: "no job may write more than it needs",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["zizmor/excessive-permissions"], refs: ["GitHub documentation, permissions for the GITHUB_TOKEN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let workflow = &fact.workflow;
        let why =
            "a single bad step, action or dependency of any job can use the token for everything it may do";
        let command = format!("grep -n -A9 'permissions:' {}", fact.file.path);
        if let Some(permissions) = &workflow.permissions {
            match &permissions.grants {
                Grants::WriteAll => {
                    out.finding("every job may write everything: `permissions: write-all`")
                        .why(why)
                        .help("write `permissions: {}` here, and what a job needs in the job")
                        .at_file(&fact.file, permissions.span)
                        .command(command.clone());
                }
                Grants::Scopes(grants) if several(workflow) => {
                    for grant in grants.iter().filter(|grant| grant.access.value == "write") {
                        let scope = &grant.scope.value;
                        out.finding(format!(
                            "every one of {} jobs gets `{scope}: write`",
                            workflow.jobs.len()
                        ))
                        .why(why)
                        .help(format!("move `{scope}: write` to the jobs that need it"))
                        .severity(severity(scope))
                        .at_file(&fact.file, grant.scope.span)
                        .command(command.clone());
                    }
                }
                _ => {}
            }
        }
        for job in &workflow.jobs {
            if let Some(permissions) = &job.permissions
                && permissions.grants == Grants::WriteAll
            {
                out.finding(format!(
                    "the job `{}` may write everything: `permissions: write-all`",
                    job.id.value
                ))
                .why(why)
                .help("name what the job needs: `contents: read`, `packages: write` for pushing an image")
                .at_file(&fact.file, permissions.span)
                .command(command.clone());
            }
        }
    }
}

/// Whether the workflow's own permissions reach a job that did not ask for them.
pub(super) fn several(workflow: &Workflow) -> bool {
    let own = |job: &Job| job.permissions.is_some();
    workflow.jobs.len() > 1 && !workflow.jobs.iter().all(own) && !reusable_only(workflow)
}

/// Whether only other workflows start it.
pub(super) fn reusable_only(workflow: &Workflow) -> bool {
    matches!(&workflow.triggers[..], [only] if only.name.value == "workflow_call")
}

/// How bad it is when a scope can be written.
pub(super) fn severity(scope: &str) -> Severity {
    match scope {
        "actions" | "attestations" | "contents" | "deployments" | "id-token" | "issues" | "packages"
        | "pages" | "pull-requests" => Severity::High,
        "models" | "statuses" => Severity::Low,
        _ => Severity::Medium,
    }
}
