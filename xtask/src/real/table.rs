//! How often each rule speaks about the real files.

use super::{Judged, judged};
use seaworthy_finding::Persona;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// The table as it is kept in the repository.
///
/// # Errors
/// The corpus cannot be read.
pub(super) fn snapshot(dir: &Path) -> anyhow::Result<String> {
    Ok(summary(&judged(dir)?))
}

/// Findings for each kind of file at the default persona, then for each rule: persona, files, findings.
fn summary(all: &[Judged]) -> String {
    let mut out =
        String::from("# kind: files, findings of the default persona at the median, at most, together\n");
    let kinds: BTreeSet<&str> = all.iter().map(Judged::kind).collect();
    for kind in kinds {
        let mut counts: Vec<usize> =
            all.iter().filter(|one| one.kind() == kind).map(|one| one.regular.len()).collect();
        counts.sort_unstable();
        let median = counts.get(counts.len() / 2).copied().unwrap_or(0);
        let most = counts.last().copied().unwrap_or(0);
        let sum: usize = counts.iter().sum();
        let _ = writeln!(out, "{kind}: {} files, {median} median, {most} most, {sum} findings", counts.len());
    }
    out.push_str("\n# rule, its persona, files, findings, those the default persona is shown\n");
    let mut rules: BTreeMap<&str, (BTreeSet<&str>, usize, usize)> = BTreeMap::new();
    for one in all {
        for finding in &one.findings {
            let row = rules.entry(&finding.rule).or_default();
            row.0.insert(&one.path);
            row.1 += 1;
        }
        for finding in &one.regular {
            rules.entry(&finding.rule).or_default().2 += 1;
        }
    }
    for (rule, (files, findings, regular)) in rules {
        let _ = writeln!(out, "{rule} {} {} {findings} {regular}", persona(rule), files.len());
    }
    out
}

fn persona(rule: &str) -> &'static str {
    match seaworthy_rules::find(rule).map(|rule| rule.meta.persona) {
        Some(Persona::Pedantic) => "pedantic",
        Some(Persona::Auditor) => "auditor",
        _ => "regular",
    }
}
