//! Reports workflows whose runs may overtake each other.

use super::excessive_permissions::reusable_only;
use crate::{Cx, Sink};
use seaworthy_workflow::{Concurrency, Job};

declare_rule! {
    name: "missing-concurrency",
    summary: "an older run may finish after a newer one",
    passes: "runs of a workflow do not overtake each other",
    family: Workflow, category: SupplyChain, severity: Low, confidence: High, persona: Auditor,
    aliases: ["zizmor/concurrency-limits"], refs: ["GitHub workflow syntax, concurrency"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let bare = |concurrency: &Concurrency| concurrency.group.is_some() && concurrency.cancel.is_none();
    for fact in cx.workflows().iter().filter(|fact| !reusable_only(&fact.workflow)) {
        let workflow = &fact.workflow;
        let (place, message) = match &workflow.concurrency {
            Some(concurrency) if is_text(workflow.root.as_deref(), concurrency) => (
                concurrency.key,
                "the workflow's runs wait for each other, and superseded ones still run".to_owned(),
            ),
            Some(_) => continue,
            None => {
                let jobs: Vec<&Job> = workflow.jobs.iter().filter(|job| job.uses.is_none()).collect();
                let missing = jobs.iter().filter(|job| job.concurrency.is_none()).count();
                let waiting = jobs.iter().filter(|job| {
                    job.concurrency
                        .as_ref()
                        .is_some_and(|known| bare(known) && is_text(Some(&job.node), known))
                });
                let waiting = waiting.count();
                if missing + waiting == 0 {
                    continue;
                }
                let place = workflow.on.unwrap_or_default();
                (
                    place,
                    format!(
                        "{} may run at the same time as in an older run",
                        crate::text::count(missing.max(waiting), "job")
                    ),
                )
            }
        };
        out.finding(message)
            .why("two runs that push the same tag race, and the older commit may win")
            .help("write `concurrency: { group: \"${{ github.workflow }}-${{ github.ref }}\", cancel-in-progress: true }`")
            .at_file(&fact.file, place)
            .command(format!("grep -n -A2 'concurrency' {}", fact.file.path));
    }
}

/// Whether `concurrency` is the name of a group and nothing else.
fn is_text(node: Option<&seaworthy_workflow::Node>, known: &Concurrency) -> bool {
    let value = node.and_then(|node| node.get("concurrency"));
    known.cancel.is_none() && value.is_some_and(|value| value.text().is_some())
}
