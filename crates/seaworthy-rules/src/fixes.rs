//! Chooses which fixes are applied together: never two that touch the same bytes.

use seaworthy_finding::{Applicability, Edit, Finding, FindingStatus};
use std::collections::BTreeMap;

/// The edits for one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFixes {
    /// The file, relative to the project's root.
    pub path: String,
    /// The edits, none touching another.
    pub edits: Vec<Edit>,
    /// What they do: rule and title.
    pub titles: Vec<(String, String)>,
    /// Fixes left out because they touch the same bytes; a second run applies them.
    pub left_out: usize,
}

/// The edits of all open findings by file: the safe fixes, and with `unsafe_too` the unsafe ones after them.
pub fn fixes(findings: &[Finding], unsafe_too: bool) -> Vec<FileFixes> {
    let mut chosen: BTreeMap<String, FileFixes> = BTreeMap::new();
    for wanted in [Applicability::Safe, Applicability::Unsafe] {
        if wanted == Applicability::Unsafe && !unsafe_too {
            continue;
        }
        let open = findings.iter().filter(|finding| finding.status == FindingStatus::Open);
        for (finding, fix) in open.filter_map(|finding| finding.fix.as_ref().map(|fix| (finding, fix))) {
            if fix.applicability != wanted || fix.edits.is_empty() {
                continue;
            }
            let file = chosen
                .entry(fix.path.clone())
                .or_insert_with(|| FileFixes { path: fix.path.clone(), ..FileFixes::default() });
            if fix.edits.iter().all(|edit| file.edits.contains(edit)) {
                continue;
            }
            if fix.edits.iter().any(|edit| file.edits.iter().any(|other| touches(edit, other))) {
                file.left_out += 1;
                continue;
            }
            file.edits.extend(fix.edits.iter().cloned());
            file.titles.push((finding.rule.clone(), fix.title.clone()));
        }
    }
    chosen.into_values().collect()
}

/// Whether two edits share a byte, or one inserts where the other begins or ends.
fn touches(left: &Edit, right: &Edit) -> bool {
    left.span.start <= right.span.end && right.span.start <= left.span.end
}
