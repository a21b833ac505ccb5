//! Known vulnerabilities: what the scan comes to, and one row for each.

use super::escape::text;
use crate::scan::{accepted, facts, score, summary};
use seaworthy_facts::{Observed, Origin, Rating};
use seaworthy_finding::Report;
use std::fmt::Write as _;

/// A page with more rows than this is not read; the JSON in it has all of them.
const ROWS: usize = 2000;

/// Writes the section, where something was scanned or was to be.
pub(super) fn section(out: &mut String, report: &Report) {
    let Some(scan) = facts(report) else { return };
    out.push_str("<section aria-labelledby=\"scan\">\n<h2 id=\"scan\">Known vulnerabilities</h2>\n");
    let database = match &scan.database {
        Observed::Seen(database) => database,
        Observed::NotRun(reason) => {
            let _ = writeln!(out, "<p>Not run: {}</p>\n</section>", text(reason));
            return;
        }
        Observed::NotApplicable(_) | Observed::NotTried => {
            out.push_str("<p>Not run</p>\n</section>\n");
            return;
        }
    };
    out.push_str("<ul>\n");
    for line in summary(&scan, &accepted(report), &database.newest) {
        let _ = writeln!(out, "<li>{}</li>", text(&line));
    }
    out.push_str("</ul>\n");
    let all: Vec<_> = scan.open().collect();
    if !all.is_empty() {
        out.push_str(
            "<div class=\"scroll\"><table>\n<thead><tr><th>Severity</th><th>Vulnerability</th><th>Package</th>\
             <th>Installed</th><th>Fixed in</th><th>Layer</th><th>What it is</th></tr></thead>\n<tbody>\n",
        );
        for one in all.iter().take(ROWS) {
            let class = match one.rating {
                Rating::Critical | Rating::High => "poor",
                Rating::Medium | Rating::Unknown => "fair",
                Rating::Low | Rating::Negligible => "none",
            };
            let origin = match one.origin {
                Some(Origin::Base) => "base",
                Some(Origin::Yours) => "yours",
                None => "",
            };
            let fixed = if one.fixed.is_empty() { "–".to_owned() } else { one.fixed.join(", ") };
            let mark = if one.exploited.is_some() { " (exploited already)" } else { "" };
            let _ = writeln!(
                out,
                "<tr class=\"{class}\"><td>{} {}</td><td title=\"{}\">{}{mark}</td><td title=\"{}\">{}</td><td>{}</td>\
                 <td>{}</td><td>{origin}</td><td>{}</td></tr>",
                one.rating.word(),
                score(one),
                text(&one.aliases.join(", ")),
                text(&one.id),
                text(&one.evidence),
                text(&one.package),
                text(&one.version),
                text(&fixed),
                text(&one.summary)
            );
        }
        out.push_str("</tbody>\n</table></div>\n");
        if all.len() > ROWS {
            let _ = writeln!(out, "<p>{} more, less severe.</p>", all.len() - ROWS);
        }
    }
    out.push_str("</section>\n");
}
