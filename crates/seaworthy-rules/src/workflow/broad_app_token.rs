//! Reports tokens of GitHub Apps that reach further than the job needs.

use super::steps::{groups, input_value, uses_place, whole_expression};
use crate::{Cx, Sink};
use seaworthy_finding::Span;

declare_rule! {
    name: "broad-app-token",
    summary: "an app's token may do more than the job needs",
    passes: "apps' tokens are narrowed to what the job needs",
    family: Workflow, category: Security, severity: Medium, confidence: High, persona: Pedantic,
    aliases: ["zizmor/github-app"], refs: ["actions/create-github-app-token"],
}

/// Permissions that reach an organisation and none of its repositories.
const ORGANIZATION: [&str; 3] = [
    "permission-organization-",
    "permission-members",
    "permission-enterprise-custom-properties-for-organizations",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        for step in group.steps.iter().filter(|step| step.uses("actions/create-github-app-token")) {
            let Some(uses) = step.uses.as_ref().filter(|uses| uses.reference().is_some()) else { continue };
            if step.node.get("with").and_then(|node| node.as_str()).is_some_and(whole_expression) {
                continue;
            }
            let mut found: Vec<(Span, String)> = Vec::new();
            let revoke = input_value(step, "skip-token-revoke");
            if let Some(entry) = step.input("skip-token-revoke")
                && (matches!(revoke.trim(), "true" | "True" | "TRUE") || whole_expression(revoke))
            {
                found.push((entry.key.span, "the token lives on after the job".to_owned()));
            }
            let permissions: Vec<&str> = step
                .with
                .iter()
                .map(|entry| entry.key.as_str())
                .filter(|key| key.starts_with("permission-"))
                .collect();
            let outside = !permissions.is_empty()
                && permissions.iter().all(|name| {
                    ORGANIZATION.iter().any(|known| name.starts_with(known))
                        || *name == "permission-custom-properties-for-organizations"
                });
            if let Some(owner) = step.input("owner")
                && step.input("repositories").is_none()
                && !outside
            {
                found.push((owner.key.span, "the token reaches every repository of the owner".to_owned()));
            }
            if permissions.is_empty() {
                let text = "the token may do everything the app may".to_owned();
                found.push((uses_place(group.file, uses), text));
            }
            for (place, message) in found {
                out.finding(message)
                    .why("a single bad step can use it for all of that")
                    .help("name `repositories` and at least one `permission-…`, and let the token be revoked")
                    .at_file(group.file, place)
                    .command(format!("grep -n -A9 'create-github-app-token' {}", group.file.path));
            }
        }
    }
}
