//! Reports workflows whose token may write everything.

use crate::{Cx, Sink};
use seaworthy_finding::Span;
use seaworthy_workflow::Grants;

declare_rule! {
    name: "unrestricted-token",
    summary: "the workflow's token is not restricted for all jobs",
    passes: "every workflow restricts its token for all jobs",
    family: Workflow, category: Security, severity: Low, confidence: High, persona: Auditor,
    aliases: ["CKV2_GHA_1"],
    refs: ["GitHub documentation, modifying the permissions for the GITHUB_TOKEN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let workflow = &fact.workflow;
        if workflow.jobs.is_empty() || workflow.jobs.iter().any(|job| !job.node.is_map()) {
            continue;
        }
        let (message, span) = match &workflow.permissions {
            Some(permissions) if permissions.grants == Grants::WriteAll => {
                ("`write-all` gives every job a token that may write everything", permissions.span)
            }
            Some(_) => continue,
            None => {
                // A job that restricts itself shows where the restriction of all is missing.
                let own = workflow.jobs.iter().find_map(|job| job.permissions.as_ref());
                let first = fact.file.text.find('\n').unwrap_or(fact.file.text.len());
                let span = own.map_or(Span::new(0, first), |permissions| permissions.key);
                (
                    "no `permissions` apply to all jobs: the repository's default does, which may be to write everything",
                    span,
                )
            }
        };
        out.finding(message)
            .why("a job added later, or a step that is taken over, gets more than it needs")
            .help("add `permissions: {}` above `jobs`, and to each job the scopes it needs")
            .at_file(&fact.file, span)
            .command(format!("grep -n -A 4 'permissions:' {}", fact.file.path));
    }
}
