//! The stages of a voyage on one time line.

use super::escape::{rich, text};
use seaworthy_finding::{Report, StageStatus, format_ms};
use std::fmt::Write as _;

/// Writes the section, where the command had stages.
pub(super) fn section(out: &mut String, report: &Report) {
    if report.stages.is_empty() {
        return;
    }
    let total: u64 = report.stages.iter().map(|stage| stage.ms).fold(0, u64::saturating_add);
    let _ = write!(
        out,
        "<section aria-labelledby=\"stages\">\n<h2 id=\"stages\">Stages <span class=\"aside\">{} in all</span></h2>\n\
         <ol class=\"stages\">\n",
        format_ms(total)
    );
    let mut before: u64 = 0;
    for stage in &report.stages {
        let (class, glyph, word) = match stage.status {
            StageStatus::Done => ("good", "✓", "done"),
            StageStatus::Failed => ("poor", "✗", "failed"),
            StageStatus::NotRun => ("none", "–", "not run"),
        };
        let time = if stage.status == StageStatus::NotRun { word.to_owned() } else { format_ms(stage.ms) };
        let (from, width) = (share(before, total), share(stage.ms, total).max(4));
        before = before.saturating_add(stage.ms);
        let bar = if stage.status == StageStatus::NotRun {
            String::new()
        } else {
            format!(
                "<rect class=\"bar\" x=\"{}\" y=\"1\" width=\"{width}\" height=\"8\" rx=\"2\"/>",
                from.min(996)
            )
        };
        let _ = writeln!(
            out,
            "<li class=\"{class}\" id=\"stage-{}\"><span class=\"glyph\" aria-hidden=\"true\">{glyph}</span>\
             <b>{}</b><span class=\"time\">{time}</span><span class=\"sum\"><span class=\"said\">{word}: </span>{}</span>\
             <svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <rect class=\"rail\" x=\"0\" y=\"4\" width=\"1000\" height=\"2\"/>{bar}</svg></li>",
            super::escape::id(&stage.name),
            text(&stage.name),
            rich(&stage.summary)
        );
    }
    out.push_str("</ol>\n</section>\n");
}

/// Thousandths of the whole.
fn share(part: u64, whole: u64) -> u64 {
    let thousandths = u128::from(part) * 1000 / u128::from(whole.max(1));
    u64::try_from(thousandths).unwrap_or(1000)
}
