//! The five gauges, with a reason where there is no number.

use super::escape::{rich, text};
use crate::score::{Score, scores};
use seaworthy_finding::Report;
use std::fmt::Write as _;

/// Writes the section.
pub(super) fn section(out: &mut String, report: &Report) {
    if report.checks.is_empty() {
        return;
    }
    out.push_str("<section class=\"scores\" aria-labelledby=\"scores\">\n<h2 id=\"scores\">Scores by category</h2>\n<ul>\n");
    for score in scores(report) {
        gauge(out, &score);
    }
    out.push_str("</ul>\n</section>\n");
}

/// A ring filled by the share of passed weight. Its length is stated in hundredths of the circle.
fn gauge(out: &mut String, score: &Score) {
    let band = score.band();
    let title = score.category.title();
    let value = score.value.unwrap_or(0).min(100);
    let ring = if score.value.is_some() {
        format!(
            "<circle class=\"track\" cx=\"40\" cy=\"40\" r=\"33\"/>\
             <circle class=\"fill\" cx=\"40\" cy=\"40\" r=\"33\" pathLength=\"100\" \
             stroke-dasharray=\"{value} 100\" transform=\"rotate(-90 40 40)\"/>"
        )
    } else {
        "<circle class=\"track dashed\" cx=\"40\" cy=\"40\" r=\"33\" pathLength=\"100\" stroke-dasharray=\"2.5 2.5\"/>"
            .to_owned()
    };
    let note = match band {
        "good" => "good",
        "fair" => "fair",
        "poor" => "poor",
        _ => "no score",
    };
    let spoken = score.value.map_or_else(|| "no score".to_owned(), |value| format!("{value} of 100"));
    let _ = write!(
        out,
        "<li class=\"gauge {band}\"><svg viewBox=\"0 0 80 80\" width=\"84\" height=\"84\" role=\"img\" \
         aria-label=\"{}: {spoken}\">{ring}<text x=\"40\" y=\"41\" text-anchor=\"middle\" \
         dominant-baseline=\"central\">{}</text></svg>\n<div><h3>{}</h3><p class=\"band\">{note}</p>",
        text(title),
        score.text(),
        text(title)
    );
    if !score.reason.is_empty() {
        let _ = write!(out, "<p class=\"reason\">{}</p>", rich(&score.reason));
    }
    out.push_str("</div></li>\n");
}
