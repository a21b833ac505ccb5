//! What every target checks: a repository is read, judged by every static rule, and mended, and none of it breaks.

use seaworthy_facts::Facts;
use seaworthy_finding::{CheckStatus, Family, Persona, Policy, apply_edits};
use seaworthy_rules::{Options, Outcome, evaluate, fixes};

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
pub fn facts(files: &Files) -> Facts {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Facts { project: Some(seaworthy_project::from_files(&files)), ..Facts::default() }
}

/// Judges the files with every rule switched on; stops when a rule broke or a place is outside of its file.
pub fn judge(files: &Files) -> Outcome {
    let opts = Options { persona: Persona::Auditor, preview: true, ..Options::default() };
    let outcome = evaluate(&facts(files), &Policy::default(), None, &STATIC, &opts);
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

/// How many problems make the files unusable for the tools they are for.
pub fn fatal(files: &Files) -> usize {
    let Some(project) = facts(files).project else { return 0 };
    let docker = project.dockerfiles.iter().flat_map(|known| &known.problems);
    let compose = project.composes.iter().flat_map(|known| &known.problems);
    docker.chain(compose).filter(|problem| problem.fatal).count()
}

/// Applies every fix, the unsafe ones too: they fit together and the result is no worse to read than before.
pub fn mend(files: &Files) {
    let before = fatal(files);
    for unsafe_too in [false, true] {
        let mut now = files.clone();
        for file in fixes(&judge(files).findings, unsafe_too) {
            let Some((path, text)) = now.iter_mut().find(|(path, _)| *path == file.path) else { continue };
            match apply_edits(text, &file.edits) {
                Ok(after) => *text = after,
                Err(error) => panic!("{path}: {error}: {file:?}"),
            }
        }
        assert!(fatal(&now) <= before, "the fixes break the file:\n{now:?}");
    }
}
