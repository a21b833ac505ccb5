//! The verdict in words: one sentence, the same in every format.

use crate::text::{escape, plural};
use seaworthy_finding::{CheckStatus, Counts, Report, Verdict};

/// The verdict and what decided it, without markup, as in
/// `NOT FIT: 1 of 41 checks failed (unhandled-stop-signal), 2 not run`.
pub fn verdict_sentence(report: &Report) -> String {
    let counts = report.counts();
    let ran = applicable(&counts);
    let decided = names(&report.decided_by);
    let known = |name: &String| report.checks.iter().any(|check| check.rule == *name);
    let by_stage = !report.decided_by.is_empty() && !report.decided_by.iter().any(known);
    let mut notes: Vec<String> = Vec::new();
    let what = match report.verdict {
        Verdict::Fit if ran == 0 => "no check applied".to_owned(),
        Verdict::Fit => format!("{} passed", out_of(counts.passed, ran)),
        Verdict::FitWithWarnings => format!("{} with warnings ({decided})", out_of(counts.warned, ran)),
        Verdict::NotProven if by_stage => format!("{} {decided} not run", stages(report)),
        Verdict::NotProven => {
            let gates = plural(report.decided_by.len(), "deciding check");
            format!("{gates} not run ({decided})")
        }
        Verdict::NotFit if by_stage => format!("{} {decided} failed", stages(report)),
        Verdict::NotFit => {
            let broke = counts.errors;
            if counts.failed == 0 && broke > 0 {
                format!("{} broke ({decided})", out_of(broke, ran))
            } else {
                format!("{} failed ({decided})", out_of(counts.failed, ran))
            }
        }
    };
    if counts.errors > 0 && !(report.verdict == Verdict::NotFit && counts.failed == 0) {
        notes.push(format!("{} broke", counts.errors));
    }
    if counts.warned > 0 && report.verdict != Verdict::FitWithWarnings {
        notes.push(if counts.warned == 1 {
            "1 with a warning".to_owned()
        } else {
            format!("{} with warnings", counts.warned)
        });
    }
    // The sentence of a verdict that was not proven has named its count already, unless other checks
    // were not run either.
    let said = if report.verdict == Verdict::NotProven && !by_stage { report.decided_by.len() } else { 0 };
    if counts.not_run > said {
        let more = if said > 0 { " more" } else { "" };
        notes.push(format!("{}{more} not run", counts.not_run - said));
    }
    notes.insert(0, what);
    format!("{}: {}", report.verdict.words(), notes.join(", "))
}

/// Checks that had something to apply to.
pub(crate) const fn applicable(counts: &Counts) -> usize {
    counts.passed + counts.failed + counts.warned + counts.not_run + counts.errors
}

/// The footer's line of counts, as in `12 passed, 1 failed, 2 not run, 3 not applicable (1 ignored)`.
pub(crate) fn counts_line(report: &Report) -> String {
    let counts = report.counts();
    let mut parts: Vec<String> = Vec::new();
    for (count, status) in [
        (counts.passed, CheckStatus::Pass),
        (counts.failed, CheckStatus::Fail),
        (counts.warned, CheckStatus::Warn),
        (counts.errors, CheckStatus::Error),
        (counts.not_run, CheckStatus::NotRun),
        (counts.not_applicable, CheckStatus::NotApplicable),
    ] {
        let word = match status {
            CheckStatus::Warn if count == 1 => "with a warning",
            CheckStatus::Warn => "with warnings",
            CheckStatus::Error => "broke",
            _ => status.word(),
        };
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    if parts.is_empty() {
        parts.push("no checks".to_owned());
    }
    let mut aside: Vec<String> = Vec::new();
    for (count, word) in [
        (counts.hidden, "hidden by persona or severity"),
        (counts.suppressed, "ignored by comments"),
        (counts.waived, "waived by the policy"),
        (counts.baselined, "in the baseline"),
    ] {
        if count > 0 {
            aside.push(format!("{count} {word}"));
        }
    }
    let aside = if aside.is_empty() { String::new() } else { format!("   ({})", aside.join(", ")) };
    format!("{}{aside}", parts.join(", "))
}

/// `3 findings: 1 critical, 2 low`; nothing where there are none.
pub(crate) fn findings_line(report: &Report) -> Option<String> {
    use seaworthy_finding::Severity::{Critical, High, Info, Low, Medium};
    let total = report.open().count();
    let by: Vec<String> = [Critical, High, Medium, Low, Info]
        .into_iter()
        .map(|severity| (report.open().filter(|finding| finding.severity == severity).count(), severity))
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| format!("{count} {}", severity.word()))
        .collect();
    (total > 0).then(|| format!("{}: {}", plural(total, "finding"), by.join(", ")))
}

fn out_of(count: usize, total: usize) -> String {
    if count == total {
        format!("all {}", plural(total, "check")).replace("all 1 check", "1 check")
    } else {
        format!("{count} of {}", plural(total, "check"))
    }
}

fn stages(report: &Report) -> &'static str {
    if report.decided_by.len() == 1 { "stage" } else { "stages" }
}

/// At most five names, so that the sentence stays one.
fn names(list: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = list.iter().take(SHOWN).map(|name| escape(name)).collect();
    let more = list.len().saturating_sub(SHOWN);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}
