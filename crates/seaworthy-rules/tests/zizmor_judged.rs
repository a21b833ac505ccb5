//! The rules that answer to zizmor's audits against zizmor's own answers, on workflows written for this project.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use seaworthy_facts::Facts;
use seaworthy_finding::{Family, FindingStatus, Location, Persona, Policy};
use seaworthy_rules::{Options, evaluate};
use std::collections::BTreeSet;

/// The audits the answers are about.
const AUDITS: [&str; 13] = [
    "artipacked",
    "cache-poisoning",
    "dangerous-triggers",
    "excessive-permissions",
    "github-env",
    "hardcoded-container-credentials",
    "insecure-commands",
    "overprovisioned-secrets",
    "secrets-inherit",
    "template-injection",
    "unpinned-images",
    "unpinned-uses",
    "unredacted-secrets",
];

/// Audits that name a whole block where the rule names the line in it.
const COARSE: [&str; 2] = ["github-env", "hardcoded-container-credentials"];

#[test]
fn zizmor_says_the_same() {
    let text = include_str!("judged/zizmor.txt");
    let mut failures = Vec::new();
    let mut judged = 0;
    for case in text.split("\n=== ").skip(1) {
        let (name, rest) = case.split_once('\n').unwrap();
        let (workflow, answer) = rest.rsplit_once("\n---").unwrap();
        let want: BTreeSet<(String, usize)> = answer
            .split_whitespace()
            .map(|place| {
                let (audit, line) = place.split_once(':').unwrap();
                (audit.to_owned(), line.parse().unwrap())
            })
            .collect();
        let got = audits(&format!("{workflow}\n"));
        let same = |(audit, line): &(String, usize), (other, theirs): &(String, usize)| {
            audit == other
                && (line == theirs
                    || (COARSE.contains(&audit.as_str()) && (theirs..&(theirs + 5)).contains(&line)))
        };
        judged += 1;
        let missing = want.iter().any(|want| !got.iter().any(|got| same(got, want)));
        let invented = got.iter().any(|got| !want.iter().any(|want| same(got, want)));
        if missing || invented {
            failures.push(format!("{name}: zizmor {want:?}, we {got:?}"));
        }
    }
    assert!(judged > 100, "only {judged} cases were read");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Audits and lines of the findings.
fn audits(text: &str) -> BTreeSet<(String, usize)> {
    let project = seaworthy_project::from_files(&[(".github/workflows/w.yml", text)]);
    let facts = Facts { project: Some(project), ..Facts::default() };
    let opts = Options { persona: Persona::Auditor, preview: true, ..Options::default() };
    let outcome = evaluate(&facts, &Policy::default(), None, &[Family::Workflow], &opts);
    let mut out = BTreeSet::new();
    for finding in outcome.findings.iter().filter(|finding| finding.status == FindingStatus::Open) {
        let Location::File { line, .. } = &finding.location else { continue };
        for audit in finding.aliases.iter().filter_map(|alias| alias.strip_prefix("zizmor/")) {
            if AUDITS.contains(&audit) {
                out.insert((audit.to_owned(), *line));
            }
        }
    }
    out
}
