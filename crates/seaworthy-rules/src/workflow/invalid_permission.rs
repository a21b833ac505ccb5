//! Reports permissions that the platform does not know.

use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use seaworthy_finding::{Applicability, Edit, did_you_mean};
use seaworthy_workflow::permissions::{SCOPES, accesses};
use seaworthy_workflow::{Grants, Permissions};

declare_rule! {
    name: "invalid-permission",
    summary: "`permissions` names a scope or an access that does not exist",
    passes: "`permissions` names scopes and accesses that exist",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["actionlint/permissions"],
    refs: ["GitHub documentation, permissions for the GITHUB_TOKEN"],
}

const WHY: &str = "the platform refuses the workflow, so none of its jobs runs";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let jobs = fact.workflow.jobs.iter().filter_map(|job| job.permissions.as_ref());
        for permissions in fact.workflow.permissions.iter().chain(jobs) {
            look(&fact.file, permissions, out);
        }
    }
}

fn look(file: &TextFile, permissions: &Permissions, out: &mut Sink) {
    let command = || format!("grep -n -A 8 'permissions:' {}", file.path);
    match &permissions.grants {
        Grants::Other(text) if !text.is_null() && !text.has_expression() && text.span == permissions.span => {
            out.finding(format!("`permissions: {}` does not exist", text.value))
                .why(WHY)
                .help("write `read-all`, `write-all`, or `{}` and the scopes one by one")
                .at_file(file, text.span)
                .command(command());
        }
        Grants::Scopes(scopes) => {
            for grant in scopes {
                let (scope, access) = (grant.scope.as_str(), grant.access.as_str());
                let Some(known) = accesses(scope) else {
                    let names = SCOPES.iter().map(|(name, _)| *name);
                    let near = did_you_mean(scope, names.clone());
                    let finding = out
                        .finding(format!("`{scope}` is no scope of the token"))
                        .why(WHY)
                        .help(near.map_or_else(
                            || format!("the scopes are {}", names.collect::<Vec<_>>().join(", ")),
                            |near| format!("did you mean `{near}`?"),
                        ))
                        .at_file(file, grant.scope.span)
                        .command(command());
                    let there = |near: &str| scopes.iter().any(|other| other.scope.value == near);
                    if let Some(near) = near.filter(|near| !there(near))
                        && grant.scope.span.of(&file.text) == scope
                    {
                        let edits = vec![Edit { span: grant.scope.span, text: near.to_owned() }];
                        finding.fix(Applicability::Unsafe, format!("Write `{near}`"), file, edits);
                    }
                    continue;
                };
                if !known.contains(&access) && !grant.access.has_expression() {
                    out.finding(format!("`{scope}` cannot have the access `{access}`"))
                        .why(WHY)
                        .help(format!("write one of {}", known.join(", ")))
                        .at_file(file, grant.access.span)
                        .command(command());
                }
            }
        }
        _ => {}
    }
}
