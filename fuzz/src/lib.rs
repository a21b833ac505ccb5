//! What every target checks: a repository is read, judged by every static rule, and mended, and none of it breaks.

use seaworthy_facts::Facts;
use seaworthy_finding::{CheckStatus, Family, Persona, Policy, apply_edits};
use seaworthy_rules::{Judgement, Options, Outcome, evaluate, mend};
use std::collections::BTreeMap;

/// The families that need no image.
const STATIC: [Family; 6] = [
    Family::Dockerfile,
    Family::Ignore,
    Family::Compose,
    Family::Workflow,
    Family::Document,
    Family::Policy,
];

/// A repository of a few files.
pub type Files = Vec<(&'static str, String)>;

/// What is known of the files.
fn facts(files: &Files) -> Facts {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Facts { project: Some(seaworthy_project::from_files(&files)), ..Facts::default() }
}

fn options() -> Options {
    Options { persona: Persona::Auditor, preview: true, ..Options::default() }
}

/// Judges the files with every rule switched on; stops when a rule broke or a place is outside of its file.
pub fn judge(files: &Files) -> Outcome {
    let outcome = evaluate(&facts(files), &Policy::default(), None, &STATIC, &options());
    for check in &outcome.checks {
        assert!(check.status != CheckStatus::Error, "{}: {}", check.rule, check.reason);
    }
    for finding in &outcome.findings {
        let seaworthy_finding::Location::File { path, span, .. } = &finding.location else { continue };
        let Some((_, text)) = files.iter().find(|(known, _)| known == path) else { continue };
        assert!(text.get(span.start..span.end).is_some(), "{} lies outside of {path}: {span:?}", finding.rule);
    }
    outcome
}

/// Mends the files as `check --fix` does: the edits give the result, nothing is worse, and a second run changes nothing.
pub fn mend_all(files: &Files) {
    for unsafe_too in [false, true] {
        let start: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
        let first = mend(&start, judgement(&start), unsafe_too, &mut judgement);
        let mut now = start.clone();
        for file in &first.files {
            let after = apply_edits(&start[&file.path], &file.edits);
            assert_eq!(after.as_deref().ok(), Some(file.after.as_str()), "the edits are not the change: {file:?}");
            now.insert(file.path.clone(), file.after.clone());
        }
        let errors = |texts: &BTreeMap<String, String>| judgement(texts).fatal.values().sum::<usize>();
        assert!(errors(&now) <= errors(&start), "the fixes break the file:\n{now:?}");
        let second = mend(&now, judgement(&now), unsafe_too, &mut judgement);
        assert!(second.files.is_empty(), "a second run changes something: {:?}", second.files);
    }
}

fn judgement(texts: &BTreeMap<String, String>) -> Judgement {
    let borrowed: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let facts = Facts { project: Some(seaworthy_project::from_files(&borrowed)), ..Facts::default() };
    let findings = evaluate(&facts, &Policy::default(), None, &STATIC, &options()).findings;
    facts.project.as_ref().map(|project| Judgement::new(findings, project)).unwrap_or_default()
}
