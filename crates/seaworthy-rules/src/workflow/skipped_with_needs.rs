//! Reports jobs whose own `if` is never asked, because a job they need may be skipped.

use crate::{Cx, Sink, text};
use seaworthy_workflow::{Condition, Job};

declare_rule! {
    name: "skipped-with-needs",
    summary: "a job is skipped with a job it needs, whatever its own `if` says",
    passes: "no job with an `if` of its own is skipped with the jobs it needs",
    family: Workflow, category: Truth, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: ["workflow.skipped-needs"], refs: ["GitHub documentation, jobs.<job_id>.needs"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let jobs = &fact.workflow.jobs;
        for job in jobs {
            // Without an `if` the job is meant to follow those it needs.
            let Some(condition) = job.condition.as_ref().filter(|one| !asks_status(one)) else { continue };
            let own = condition.text.as_str();
            let skippable = |need: &str| -> Option<&Job> {
                let needed = jobs.iter().find(|other| other.id.value.eq_ignore_ascii_case(need))?;
                let theirs = needed.condition.as_ref().filter(|one| !asks_status(one))?.text.as_str();
                let same = own.contains(theirs.trim()) || names(own, need);
                (!same).then_some(needed)
            };
            let found: Vec<&str> = job
                .needs
                .iter()
                .filter_map(|need| skippable(need.as_str()))
                .map(|job| job.id.as_str())
                .collect();
            // What decides must come from elsewhere, or there is no decision to lose.
            let decides = own.contains("needs.") || own.contains("inputs.") || own.contains("outputs.");
            if found.is_empty() || !decides {
                continue;
            }
            out.finding(format!(
                "the job `{}` is skipped whenever {} is, whatever its `if` says",
                job.id.value,
                text::names(&found, 3)
            ))
            .why("`if` begins with `success()` unless it asks for the status itself, and a skipped job is no success")
            .help("write `!cancelled() && !failure() && …`, or take the job out of `needs`")
            .at_file(&fact.file, condition.text.span)
            .command(format!("grep -n -e 'if:' -e 'needs:' {}", fact.file.path));
        }
    }
}

/// Whether a condition asks how the jobs before ended.
fn asks_status(condition: &Condition) -> bool {
    let text = condition.text.as_str().to_ascii_lowercase();
    ["always()", "failure()", "cancelled()", "success()"]
        .iter()
        .any(|call| text.replace(' ', "").contains(call))
        || text.contains(".result")
}

/// Whether a condition asks for something of a job.
fn names(condition: &str, job: &str) -> bool {
    condition.match_indices("needs.").any(|(at, _)| {
        let rest = &condition[at + 6..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        rest[..end].eq_ignore_ascii_case(job)
    })
}
