//! Reports workflows whose token has the repository's default permissions, and reads or writes given too early.

use super::excessive_permissions::{several, severity};
use crate::{Cx, Sink};
use seaworthy_finding::{Severity, Span};
use seaworthy_workflow::{Grants, Workflow};

declare_rule! {
    name: "default-permissions",
    summary: "the token's permissions are not narrowed",
    passes: "the token's permissions are narrowed",
    family: Workflow, category: Security, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: ["zizmor/excessive-permissions"], refs: ["GitHub documentation, permissions for the GITHUB_TOKEN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let workflow = &fact.workflow;
        let why = "what the repository allows by default, often writing, is what a single bad step gets";
        let command = format!("grep -n 'permissions:' {}", fact.file.path);
        match workflow.permissions.as_ref().map(|permissions| (&permissions.grants, permissions.span)) {
            None => {
                let jobs = workflow.jobs.iter().filter(|job| job.permissions.is_none()).count();
                out.finding(match jobs {
                    0 => "the workflow has no `permissions`; a job added later gets the default".to_owned(),
                    1 => "the workflow has no `permissions`, so one job gets the repository's default"
                        .to_owned(),
                    jobs => format!(
                        "the workflow has no `permissions`, so {jobs} jobs get the repository's default"
                    ),
                })
                .why(why)
                .help("write `permissions: {}` above `jobs`, and what a job needs in the job")
                .at_file(&fact.file, first_key(workflow))
                .command(command.clone());
            }
            Some((Grants::ReadAll, span)) => {
                out.finding("every job may read everything: `permissions: read-all`")
                    .why("packages, security alerts and actions are readable too, for every step")
                    .help("write `permissions: { contents: read }`")
                    .at_file(&fact.file, span)
                    .command(command.clone());
            }
            Some((Grants::Scopes(grants), _)) if !several(workflow) => {
                for grant in grants.iter().filter(|grant| grant.access.value == "write") {
                    let scope = &grant.scope.value;
                    out.finding(format!("`{scope}: write` is given to the whole workflow"))
                        .why("a job added later gets it too")
                        .help(format!("move `{scope}: write` to the job that needs it"))
                        .severity(severity(scope).min(Severity::Low))
                        .at_file(&fact.file, grant.scope.span)
                        .command(command.clone());
                }
            }
            _ => {}
        }
        for job in &workflow.jobs {
            if let Some(permissions) = &job.permissions
                && permissions.grants == Grants::ReadAll
            {
                out.finding(format!(
                    "the job `{}` may read everything: `permissions: read-all`",
                    job.id.value
                ))
                .why("packages, security alerts and actions are readable too, for every step")
                .help("write `permissions: { contents: read }`")
                .at_file(&fact.file, permissions.span)
                .command(command.clone());
            }
        }
    }
}

/// The first key of the file.
fn first_key(workflow: &Workflow) -> Span {
    let root = workflow.root.as_ref();
    let first = root.and_then(|root| root.entries().first()).map(|(key, _)| key.span);
    first.or(workflow.on).unwrap_or_default()
}
