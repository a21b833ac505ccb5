//! What holds for every rule on every fixture: fixes are right, nothing panics, the same input gives the same output.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use seaworthy_facts::Facts;
use seaworthy_finding::{CheckStatus, Finding, FindingStatus, Policy, apply_edits};
use seaworthy_rules::{Judgement, Outcome, mend, rules};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Mode, blocks, path_of, run};

type Files = Vec<(String, String)>;

fn facts(files: &Files) -> Facts {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Facts { project: Some(seaworthy_project::from_files(&files)), ..Facts::default() }
}

fn judge(files: &Files) -> Outcome {
    let outcome = run(&facts(files), &Policy::default());
    let broken: Vec<_> = outcome.checks.iter().filter(|check| check.status == CheckStatus::Error).collect();
    assert!(broken.is_empty(), "a rule broke on {files:?}: {broken:?}");
    outcome
}

/// How often each rule found something at each severity, open findings only.
fn tally(outcome: &Outcome) -> BTreeMap<(String, &'static str), usize> {
    let mut out = BTreeMap::new();
    for finding in outcome.findings.iter().filter(|finding| finding.status == FindingStatus::Open) {
        *out.entry((finding.rule.clone(), finding.severity.word())).or_default() += 1;
    }
    out
}

fn fatal_errors(files: &Files) -> usize {
    facts(files).project.map(|project| project.fatal_errors().values().sum()).unwrap_or_default()
}

/// What was proved of some files, and what was not.
#[derive(Default)]
struct Proof {
    files: usize,
    fixes: usize,
    applied: usize,
    problems: Vec<String>,
}

impl Proof {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.fixes += other.fixes;
        self.applied += other.applied;
        self.problems.extend(other.problems);
    }

    #[track_caller]
    fn must_hold(&self) {
        let shown: Vec<&str> = self.problems.iter().take(40).map(String::as_str).collect();
        assert!(self.problems.is_empty(), "{} problems:\n{}", self.problems.len(), shown.join("\n"));
    }
}

/// Applies the fixes one finding at a time, and all together, and notes what does not hold.
fn check(name: &str, files: &Files) -> Proof {
    let mut proof = Proof { files: 1, ..Proof::default() };
    let before = judge(files);
    let again = judge(files);
    assert_eq!(before.findings, again.findings, "{name} is not judged alike twice");
    let errors = fatal_errors(files);
    let fixable: Vec<&Finding> = before
        .findings
        .iter()
        .filter(|finding| finding.fix.is_some() && finding.status == FindingStatus::Open)
        .collect();
    proof.fixes = fixable.len();
    for finding in &fixable {
        if let Err(problem) = one_fix(files, &before, errors, finding) {
            let title = &finding.fix.as_ref().unwrap().title;
            proof
                .problems
                .push(format!("{name}: {} (`{}`, {title}) {problem}", finding.rule, finding.message));
        }
    }
    for unsafe_too in [false, true] {
        together(name, files, &before, unsafe_too, &mut proof);
    }
    proof
}

fn one_fix(files: &Files, before: &Outcome, errors: usize, finding: &Finding) -> Result<(), String> {
    let fix = finding.fix.as_ref().unwrap();
    let mut fixed = files.clone();
    for (path, text) in &mut fixed {
        if fix.path == *path {
            *text = apply_edits(text, &fix.edits).map_err(|error| error.to_string())?;
        }
    }
    if *files == fixed {
        return Err("changes nothing".to_owned());
    }
    if fatal_errors(&fixed) > errors {
        return Err(format!("breaks the file:\n{fixed:?}"));
    }
    let after = judge(&fixed);
    let (old, new) = (tally(before), tally(&after));
    let key = (finding.rule.clone(), finding.severity.word());
    if new.get(&key).copied().unwrap_or(0) >= old[&key] {
        return Err("is still there after its fix".to_owned());
    }
    for found in after.findings.iter().filter(|found| found.severity >= finding.severity) {
        let key = (found.rule.clone(), found.severity.word());
        if new.get(&key) > old.get(&key) && found.severity != seaworthy_finding::Severity::Info {
            return Err(format!("brings {}: {}", found.rule, found.message));
        }
    }
    Ok(())
}

/// What `--fix` does: nothing is refused, the declared edits are the whole change, and a second run finds nothing to do.
fn together(name: &str, files: &Files, before: &Outcome, unsafe_too: bool, proof: &mut Proof) {
    let errors = fatal_errors(files);
    let texts: BTreeMap<String, String> = files.iter().cloned().collect();
    let known = facts(files).project.unwrap();
    let mut world = |texts: &BTreeMap<String, String>| {
        let project = seaworthy_project::with_texts(&known, texts);
        let facts = Facts { project: Some(project), ..Facts::default() };
        let outcome = run(&facts, &Policy::default());
        Judgement::new(outcome.findings, facts.project.as_ref().unwrap())
    };
    let start = Judgement::new(before.findings.clone(), &known);
    let out = mend(&texts, start, unsafe_too, &mut world);
    let mut problem =
        |text: String| proof.problems.push(format!("{name}: together, unsafe {unsafe_too}: {text}"));
    for one in &out.refused {
        problem(format!("{} ({}) was refused: it {}", one.rule, one.title, one.why));
    }
    let mut now = files.clone();
    for file in &out.files {
        let (_, text) = now.iter_mut().find(|(path, _)| *path == file.path).unwrap();
        if *text != file.before || apply_edits(text, &file.edits).as_deref() != Ok(file.after.as_str()) {
            problem("the declared edits do not make the text".to_owned());
        }
        file.after.clone_into(text);
    }
    if fatal_errors(&now) > errors {
        problem(format!("the file is broken:\n{now:?}"));
    }
    let texts: BTreeMap<String, String> = now.iter().cloned().collect();
    let again = mend(&texts, world(&texts), unsafe_too, &mut world);
    for file in &again.files {
        problem(format!("a second run changes it again: {:?}", file.done));
    }
    proof.applied += out.files.iter().map(|file| file.done.len()).sum::<usize>();
}

/// Checks many files at once.
fn check_all(cases: &[(String, Files)]) -> Proof {
    let mut proof = Proof::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = cases
            .chunks(cases.len().div_ceil(4).max(1))
            .map(|part| {
                scope.spawn(move || {
                    let mut proof = Proof::default();
                    for (name, files) in part {
                        proof.add(check(name, files));
                    }
                    proof
                })
            })
            .collect();
        for part in parts {
            proof.add(part.join().unwrap());
        }
    });
    proof
}

#[test]
fn every_block_of_every_page() {
    let mut cases = Vec::new();
    for rule in rules() {
        let all = blocks(rule.page);
        for block in all.iter().filter(|block| {
            !matches!(block.language.as_str(), "facts" | "context") && block.mode != Mode::With
        }) {
            let with = all.iter().filter(|other| {
                other.mode == Mode::With && other.language != "context" && other.language != block.language
            });
            let mut files: Files =
                with.map(|other| (path_of(&other.language).to_owned(), other.text.clone())).collect();
            files.push((path_of(&block.language).to_owned(), block.text.clone()));
            cases.push((format!("page of {}", rule.meta.name), files));
        }
    }
    let proof = check_all(&cases);
    proof.must_hold();
    assert!(proof.fixes > 15, "only {} fixes were proved", proof.fixes);
}

fn corpus() -> PathBuf {
    std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from)
}

/// Says that a part is missing; where all parts are required, it must not be.
fn skipped(what: &str) {
    assert!(std::env::var_os("SEAWORTHY_REQUIRE_PARTS").is_none(), "{what}");
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

/// The real files of a folder of the corpus, by name; nothing where there is no corpus.
fn real_files(folders: &[(&str, &str)]) -> Vec<(String, Files)> {
    let archive = corpus().join("static/real/real.tar.zst");
    if !archive.exists() {
        skipped("no corpus of real files");
        return Vec::new();
    }
    let dir = std::env::temp_dir().join(format!("seaworthy-rules-{}-{}", std::process::id(), folders[0].0));
    std::fs::create_dir_all(&dir).unwrap();
    let unpacked = Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(&dir).status();
    let mut cases = Vec::new();
    if unpacked.is_ok_and(|status| status.success()) {
        for (folder, path) in folders {
            let mut entries: Vec<PathBuf> =
                std::fs::read_dir(dir.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
            entries.sort();
            for entry in entries {
                let Ok(text) = std::fs::read_to_string(&entry) else { continue };
                let mut files = vec![((*path).to_owned(), text)];
                if *path == ".dockerignore" {
                    files.push(("Dockerfile".to_owned(), "FROM scratch\nCOPY . /\n".to_owned()));
                }
                cases.push((entry.file_name().unwrap().to_string_lossy().into_owned(), files));
            }
        }
    } else {
        skipped("no tar with zstd");
    }
    std::fs::remove_dir_all(&dir).unwrap();
    cases
}

#[test]
fn every_real_dockerfile_of_the_corpus() {
    let cases = real_files(&[("dockerfiles", "Dockerfile")]);
    if cases.is_empty() {
        return;
    }
    let proof = check_all(&cases);
    println!("{} files, {} fixes proved, {} applied together", proof.files, proof.fixes, proof.applied);
    proof.must_hold();
    assert!(proof.files > 250 && proof.fixes > 250, "{} files, {} fixes", proof.files, proof.fixes);
    // The files that another linter's fixes leave broken are among them.
    let list = std::fs::read_to_string(corpus().join("static/real/tally-fix-broken.json")).unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    let broken = list["broken"].as_array().unwrap();
    for entry in broken {
        let name = entry["file"].as_str().unwrap().trim_start_matches("dockerfiles/");
        assert!(cases.iter().any(|(known, _)| known == name), "{name} was not looked at");
    }
}

#[test]
fn every_other_real_file_of_the_corpus() {
    let cases = real_files(&[
        ("compose", "compose.yaml"),
        ("dockerignore", ".dockerignore"),
        ("readme", "README.md"),
        ("workflows", ".github/workflows/ci.yml"),
    ]);
    if cases.is_empty() {
        return;
    }
    let proof = check_all(&cases);
    println!("{} files, {} fixes proved, {} applied together", proof.files, proof.fixes, proof.applied);
    proof.must_hold();
    assert!(proof.files > 200, "{} files", proof.files);
}

#[test]
fn every_labelled_case_of_the_corpus() {
    let Ok(text) = std::fs::read_to_string(corpus().join("static/cases.jsonl")) else {
        skipped("no corpus of labelled cases");
        return;
    };
    let cases: Vec<(String, Files)> = text
        .lines()
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let part = |file: &Value, name: &str| file[name].as_str().unwrap().to_owned();
            let files = case["files"].as_array().unwrap();
            let files = files.iter().map(|file| (part(file, "path"), part(file, "text"))).collect();
            (part(&case, "id"), files)
        })
        .collect();
    let proof = check_all(&cases);
    println!("{} cases, {} fixes proved, {} applied together", proof.files, proof.fixes, proof.applied);
    proof.must_hold();
    assert!(proof.fixes > 100, "only {} fixes were proved", proof.fixes);
}

#[test]
fn hostile_texts_do_not_panic() {
    let texts = [
        "",
        "\u{0}",
        "FROM",
        "FROM \\",
        "FROM scratch\nRUN <<A\n",
        "EXPOSE 99999999999/x\n",
        "ENV\nARG =\nLABEL a\n",
        "FROM a AS b\nCOPY --from= . .\n",
        "FROM \u{1F600}\nWORKDIR \u{e9}\nUSER \u{e9}:\n",
        "services:\n  a:\n    ports: [\":\", \"::\", \"[\"]\n",
        "[",
        "| A |\n|---|\n| `X` |\n",
        "- [x]",
        "```sh\ndocker run -p\n",
    ];
    for text in texts {
        for path in ["Dockerfile", "compose.yaml", ".dockerignore", "README.md"] {
            judge(&vec![(path.to_owned(), text.to_owned())]);
        }
    }
}
