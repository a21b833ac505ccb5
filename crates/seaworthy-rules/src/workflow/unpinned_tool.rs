//! Reports actions that install whatever version of a tool is the latest.

use super::steps::{groups, input_value, uses_place};
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "unpinned-tool",
    summary: "an action installs the latest version of a tool",
    passes: "actions install fixed versions of tools",
    family: Workflow, category: SupplyChain, severity: Medium, confidence: High, persona: Pedantic,
    aliases: ["zizmor/unpinned-tools"], refs: ["aquasecurity/setup-trivy, version"],
}

/// Actions by their names in lower case, the input that chooses the version, and the value that means the latest.
const KNOWN: [(&str, &str, &str); 4] = [
    ("aquasecurity/setup-trivy", "version", "latest"),
    ("1password/load-secrets-action", "version", "latest"),
    ("extractions/setup-just", "just-version", "*"),
    ("extractions/setup-crate", "version", "*"),
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let mut seen = BTreeSet::new();
    for group in groups(cx) {
        for step in group.steps {
            let Some(uses) = step.uses.as_ref().filter(|uses| uses.reference().is_some()) else { continue };
            let action = uses.action().unwrap_or_default();
            let Some((_, input, latest)) = KNOWN.iter().find(|(name, ..)| *name == action) else { continue };
            let entry = step.input(input);
            let value = input_value(step, input);
            let computed = super::steps::whole_expression(value);
            if entry.is_some() && value != *latest && !computed {
                continue;
            }
            let explicit = entry.map(|entry| entry.key.span);
            let place = explicit.unwrap_or_else(|| uses_place(group.file, uses));
            if !seen.insert((group.file.path.as_str(), place.start)) {
                continue;
            }
            out.finding(if computed {
                format!("`{action}` installs whatever version `{value}` gives")
            } else {
                format!("`{action}` installs the latest version, whatever that is on the day")
            })
            .why("a bad release of the tool runs here with the job's token and secrets, although the action is pinned")
            .help(format!("set `{input}` to a version"))
            .at_file(group.file, place)
            .command(format!("grep -n -A4 'uses: {}' {}", uses.text.value.trim(), group.file.path));
        }
    }
}
