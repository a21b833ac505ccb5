//! What holds for every rule on every fixture: fixes are right, nothing panics, the same input gives the same output.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use seaworthy_facts::Facts;
use seaworthy_finding::{CheckStatus, Finding, FindingStatus, Policy, apply_edits};
use seaworthy_rules::{FileFixes, Outcome, fixes, rules};
use std::collections::BTreeMap;
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

fn apply(files: &Files, chosen: &[FileFixes]) -> Files {
    let mut out = files.clone();
    for (path, text) in &mut out {
        if let Some(file) = chosen.iter().find(|file| file.path == *path) {
            *text =
                apply_edits(text, &file.edits).unwrap_or_else(|error| panic!("{error} in {path}: {file:?}"));
        }
    }
    out
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
    facts(files)
        .project
        .map(|project| {
            let docker = project.dockerfiles.iter().flat_map(|known| &known.problems);
            docker
                .chain(project.composes.iter().flat_map(|known| &known.problems))
                .filter(|problem| problem.fatal)
                .count()
        })
        .unwrap_or_default()
}

/// Applies the fixes one finding at a time, and all together, and checks what must hold; gives the number of fixes.
fn check(name: &str, files: &Files) -> usize {
    let before = judge(files);
    let again = judge(files);
    assert_eq!(before.findings, again.findings, "{name} is not judged alike twice");
    let errors = fatal_errors(files);
    let fixable: Vec<&Finding> = before
        .findings
        .iter()
        .filter(|finding| finding.fix.is_some() && finding.status == FindingStatus::Open)
        .collect();
    for finding in &fixable {
        let one = std::slice::from_ref(*finding);
        let fixed = apply(files, &fixes(one, true));
        assert_ne!(*files, fixed, "{name}: the fix of {} changes nothing", finding.rule);
        assert!(
            fatal_errors(&fixed) <= errors,
            "{name}: the fix of {} breaks the file:\n{fixed:?}",
            finding.rule
        );
        let after = judge(&fixed);
        let (old, new) = (tally(&before), tally(&after));
        let key = (finding.rule.clone(), finding.severity.word());
        assert!(
            new.get(&key).copied().unwrap_or(0) < old[&key],
            "{name}: {} is still there after its fix: {}\n{fixed:?}",
            finding.rule,
            finding.message
        );
        for found in after.findings.iter().filter(|found| found.severity >= finding.severity) {
            let key = (found.rule.clone(), found.severity.word());
            assert!(
                new.get(&key) <= old.get(&key) || found.severity == seaworthy_finding::Severity::Info,
                "{name}: the fix of {} brings {}: {}",
                finding.rule,
                found.rule,
                found.message
            );
        }
    }
    // Together: repeated until nothing is left, as `--fix` may have left out fixes that touch each other.
    for unsafe_too in [false, true] {
        let mut now = files.clone();
        for round in 0.. {
            let chosen = fixes(&judge(&now).findings, unsafe_too);
            if chosen.iter().all(|file| file.edits.is_empty()) {
                break;
            }
            assert!(round < 8, "{name}: the fixes do not come to an end: {chosen:?}");
            now = apply(&now, &chosen);
        }
        assert!(fatal_errors(&now) <= errors, "{name}: all fixes together break the file:\n{now:?}");
    }
    fixable.len()
}

#[test]
fn every_block_of_every_page() {
    let mut fixed = 0;
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
            fixed += check(rule.meta.name, &files);
        }
    }
    assert!(fixed > 15, "only {fixed} fixes were proved");
}

fn corpus() -> PathBuf {
    std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from)
}

#[test]
fn every_real_file_of_the_corpus() {
    let archive = corpus().join("static/real/real.tar.zst");
    if !archive.exists() {
        println!("skipped: no corpus of real files");
        return;
    }
    let dir = std::env::temp_dir().join(format!("seaworthy-rules-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let unpacked = Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(&dir).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        println!("skipped: no tar with zstd");
        return;
    }
    let (mut seen, mut fixed) = (0, 0);
    for (folder, path) in [
        ("dockerfiles", "Dockerfile"),
        ("compose", "compose.yaml"),
        ("dockerignore", ".dockerignore"),
        ("readme", "README.md"),
    ] {
        for entry in std::fs::read_dir(dir.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let Ok(text) = std::fs::read_to_string(&entry) else { continue };
            let mut files = vec![(path.to_owned(), text)];
            if path == ".dockerignore" {
                files.push(("Dockerfile".to_owned(), "FROM scratch\nCOPY . /\n".to_owned()));
            }
            seen += 1;
            fixed += check(&entry.file_name().unwrap().to_string_lossy(), &files);
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(seen > 400 && fixed > 300, "{seen} files, {fixed} fixes");
    println!("{seen} files, {fixed} fixes proved");
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
