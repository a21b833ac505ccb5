//! Reports a check of the profile's verification script that does not hold.

use crate::{Cx, Sink, text};
use seaworthy_facts::Outcome;

declare_rule! {
    name: "verification-failed",
    summary: "a check of the profile's verification script does not hold",
    passes: "every check of the profile's verification script holds",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["Seaworthy: profile prod-api"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(all) = &run.verification else {
        out.not_applicable("the profile has no verification script");
        return;
    };
    for check in all.checks.iter().filter(|check| check.outcome == Outcome::Failed) {
        let finding = out
            .finding(format!("{} of {}: {}", check.name, check.story, check.detail))
            .why("the profile promises this of every image that is shipped")
            .help("mend what was seen; `[verify]` lines below the report say what each check saw")
            .at_observation(format!("verify {}", check.name))
            .command("seaworthy test IMAGE --project . --profile prod-api");
        if let Some(fooled) = &check.fooled {
            finding.observation(format!("the script would have been fooled: {fooled}"));
        }
    }
    let not_run: Vec<&str> = all
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::NotRun)
        .map(|check| check.name.as_str())
        .collect();
    if not_run.len() == all.checks.len() {
        out.not_run("none of its checks could be seen");
    } else if not_run.is_empty() {
        out.observed(text::count(all.checks.len(), "check"));
    } else {
        out.observed(format!(
            "{} of {}; not run: {}",
            all.checks.len() - not_run.len(),
            text::count(all.checks.len(), "check"),
            not_run.join(", ")
        ));
    }
}
