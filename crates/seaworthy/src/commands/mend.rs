//! `--fix` and `--diff`: every fix is proved in memory before a file is touched.

use super::check::plural;
use super::select::Selection;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use seaworthy_facts::{Facts, ProjectFacts};
use seaworthy_finding::Finding;
use seaworthy_rules::{FixOutcome, Judgement, Mended, Refused};
use std::collections::BTreeMap;
use std::path::Path;

/// Evaluates the rules over a project.
pub(crate) type Evaluate<'a> = &'a dyn Fn(&Facts) -> Vec<Finding>;

/// Proves the fixes of the findings and applies those that hold to texts in memory.
pub(crate) fn prove(
    project: &ProjectFacts,
    findings: &[Finding],
    texts: &BTreeMap<String, String>,
    selection: &Selection,
    unsafe_too: bool,
    evaluate: Evaluate<'_>,
) -> FixOutcome {
    // Whether a change makes anything worse is judged by all rules, but only those that were asked for change something.
    let narrow = |mut findings: Vec<Finding>| {
        for finding in findings.iter_mut().filter(|finding| !selection.wants(finding)) {
            finding.fix = None;
        }
        findings
    };
    let start = Judgement::new(narrow(findings.to_vec()), project);
    seaworthy_rules::mend(texts, start, unsafe_too, &mut |texts| {
        let project = seaworthy_project::with_texts(project, texts);
        let facts = Facts { project: Some(project), ..Facts::default() };
        let findings = narrow(evaluate(&facts));
        facts.project.as_ref().map_or_else(Judgement::default, |project| Judgement::new(findings, project))
    })
}

/// The texts that may be changed: those whose files hold exactly these bytes.
pub(crate) fn writable(shell: &Shell, root: &Path, project: &ProjectFacts) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for file in project.files() {
        match std::fs::read(root.join(&file.path)) {
            Ok(bytes) if bytes == file.text.as_bytes() => {
                out.insert(file.path.clone(), file.text.clone());
            }
            Ok(_) => shell.note(&format!(
                "`{}` is not changed: it is not UTF-8, or was written just now",
                seaworthy_report::escape(&file.path)
            )),
            Err(error) => {
                shell.note(&format!("`{}` is not changed: {error}", seaworthy_report::escape(&file.path)));
            }
        }
    }
    out
}

/// Writes the changed files, each as a whole or not at all.
pub(crate) fn write(root: &Path, files: &[Mended]) -> Result<(), Failure> {
    for file in files {
        let full = root.join(&file.path);
        let now = std::fs::read(&full).map_err(|error| Failure::file("read", &full, &error))?;
        if now != file.before.as_bytes() {
            let message = format!("`{}` changed while it was checked", full.display());
            return Err(Failure::new(seaworthy_finding::ExitCode::Error, message).hint("run it once more"));
        }
        output::write_file(&full, file.after.as_bytes())?;
    }
    Ok(())
}

/// Says what was done and what was refused.
pub(crate) fn tell(shell: &Shell, verb: &str, files: &[Mended], refused: &[Refused]) {
    let places: usize = files.iter().map(|file| file.done.len()).sum();
    for file in files {
        let mut done: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (rule, title) in &file.done {
            *done.entry((rule, title)).or_default() += 1;
        }
        for ((rule, title), count) in done {
            let times = if count > 1 { format!(" × {count}") } else { String::new() };
            let path = seaworthy_report::escape(&file.path);
            shell.detail(&format!("{path}: {rule}: {}{times}", seaworthy_report::escape(title)));
        }
    }
    for one in refused {
        shell.note(&format!(
            "`{}:{}` keeps what `{}` finds: its fix “{}” {}",
            seaworthy_report::escape(&one.path),
            one.line,
            one.rule,
            seaworthy_report::escape(&one.title),
            seaworthy_report::escape(&one.why)
        ));
    }
    let done = match places {
        0 => "nothing to fix".to_owned(),
        _ => format!("{verb} {} in {}", plural(places, "place"), plural(files.len(), "file")),
    };
    shell.progress("Fix", &done);
}
