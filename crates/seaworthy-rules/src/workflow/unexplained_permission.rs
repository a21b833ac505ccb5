//! Reports permissions without a comment that says what they are for.

use super::steps::comment_after;
use crate::{Cx, Sink};
use seaworthy_workflow::{Grants, Permissions};

declare_rule! {
    name: "unexplained-permission",
    summary: "nobody says what a permission is for",
    passes: "every permission has a comment that says what it is for",
    family: Workflow, category: Security, severity: Info, confidence: High, persona: Auditor,
    aliases: ["zizmor/undocumented-permissions"], refs: ["GitHub documentation, permissions for the GITHUB_TOKEN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let of_jobs = fact.workflow.jobs.iter().filter_map(|job| job.permissions.as_ref());
        for permissions in fact.workflow.permissions.iter().chain(of_jobs) {
            let Permissions { grants: Grants::Scopes(grants), .. } = permissions else { continue };
            let unexplained: Vec<_> = grants
                .iter()
                .filter(|grant| !(grant.scope.value == "contents" && grant.access.value == "read"))
                .filter(|grant| comment_after(&fact.file, grant.access.span).is_none_or(str::is_empty))
                .collect();
            let Some(first) = unexplained.first() else { continue };
            let names: Vec<&str> = unexplained.iter().map(|grant| grant.scope.as_str()).collect();
            out.finding(format!("no comment says what {} is for", crate::text::names(&names, 5)))
                .why("whoever tidies up cannot tell what may go")
                .help("write why behind it: `packages: write # pushes the image`")
                .at_file(&fact.file, first.scope.span)
                .command(format!("grep -n -A9 'permissions:' {}", fact.file.path));
        }
    }
}
