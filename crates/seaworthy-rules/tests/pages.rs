//! Every rule's page is its test.

#![allow(
    clippy::unwrap_used,
    clippy::use_debug,
    clippy::format_push_string,
    reason = "a test that cannot go on has failed"
)]

mod support;

use seaworthy_finding::{Location, apply_edits};
use seaworthy_rules::{fixes, rules};
use std::collections::BTreeSet;
use std::path::Path;
use support::{Block, Mode, blocks, facts_of, of, patched, path_of, run};

const HEADINGS: [&str; 8] = [
    "## What it checks",
    "## Why it matters",
    "## ❌ Bad",
    "## ✅ Good",
    "## Fix",
    "## When to ignore",
    "## How it is detected (and what it cannot see)",
    "## Equivalents",
];

#[test]
fn every_page_has_the_fixed_headings_and_both_kinds_of_blocks() {
    for rule in rules() {
        let name = rule.meta.name;
        let found: Vec<&str> = rule.page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, HEADINGS, "headings of {name}");
        assert!(rule.page.starts_with(&format!("# {name}\n")), "title of {name}");
        assert_eq!(rule.page.lines().nth(2), Some(facts_line(rule.meta).as_str()), "third line of {name}");
        let all = blocks(rule.page);
        for mode in [Mode::Bad, Mode::Good] {
            assert!(all.iter().any(|block| block.mode == mode), "{name} has no {mode:?} block");
        }
        for alias in rule.meta.aliases {
            assert!(rule.page.contains(alias), "{name} does not name its alias {alias}");
        }
        if rule.meta.fix.is_some() {
            assert!(all.iter().any(|block| block.mode == Mode::Fixed), "{name} has a fix and no fixed block");
        }
    }
}

/// The line of metadata below a page's title.
fn facts_line(meta: &seaworthy_finding::RuleMeta) -> String {
    let word = |text: String| text.to_lowercase();
    let gate = if meta.gate { " · gate" } else { "" };
    let fix = meta.fix.map_or_else(|| "none".to_owned(), |fix| word(format!("{fix:?}")));
    format!(
        "{:?} · severity {} · confidence {} · persona {}{gate} · fix {fix}",
        meta.family,
        meta.severity.word(),
        word(format!("{:?}", meta.confidence)),
        word(format!("{:?}", meta.persona)),
    )
}

#[test]
fn bad_blocks_raise_the_rule_at_the_carets() {
    let mut failures = Vec::new();
    for rule in rules() {
        let all = blocks(rule.page);
        for block in all.iter().filter(|block| block.mode == Mode::Bad) {
            failures.extend(bad(rule.meta.name, block, &all));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn bad(name: &str, block: &Block, all: &[Block]) -> Option<String> {
    let (facts, policy) = facts_of(block, all);
    let outcome = run(&facts, &policy);
    let found = of(&outcome, name);
    let fail = |what: String| Some(format!("{name}: {what}\n{}\n{found:#?}", block.text));
    if found.is_empty() {
        return fail("the bad block raises nothing".to_owned());
    }
    for finding in &found {
        if finding.why.is_empty() || finding.help.is_empty() || finding.evidence.is_empty() {
            return fail("a finding lacks why, help or evidence".to_owned());
        }
        if finding.message.ends_with('.') || finding.location == Location::Project {
            return fail("a message ends in a period, or a finding has no place".to_owned());
        }
    }
    if block.carets.is_empty() {
        return None;
    }
    let mut places = BTreeSet::new();
    for finding in &found {
        let Location::File { line, column, end_column, end_line, .. } = &finding.location else {
            return fail("a finding has no place in a file".to_owned());
        };
        let width = if end_line == line { end_column - 1 } else { 0 };
        places.insert((*line, *column, width.max(*column)));
    }
    let wanted: BTreeSet<_> = block.carets.iter().map(|(line, from, to, _)| (*line, *from, *to)).collect();
    if block.carets.iter().any(|(.., rule)| rule != name) {
        return fail("a caret names another rule".to_owned());
    }
    (places != wanted).then(|| fail(format!("places {places:?}, carets {wanted:?}"))).flatten()
}

#[test]
fn good_blocks_do_not_raise_the_rule() {
    for rule in rules() {
        let all = blocks(rule.page);
        for block in all.iter().filter(|block| block.mode == Mode::Good) {
            let (facts, policy) = facts_of(block, &all);
            let outcome = run(&facts, &policy);
            let found = of(&outcome, rule.meta.name);
            assert!(found.is_empty(), "{}:\n{}\n{found:#?}", rule.meta.name, block.text);
        }
    }
}

#[test]
fn fixed_blocks_are_what_the_fixes_of_the_bad_block_give() {
    for rule in rules() {
        let all = blocks(rule.page);
        for (at, block) in all.iter().enumerate().filter(|(_, block)| block.mode == Mode::Fixed) {
            let bad = all[..at]
                .iter()
                .rfind(|block| block.mode == Mode::Bad)
                .expect("a fixed block follows a bad one");
            let (facts, policy) = facts_of(bad, &all);
            let outcome = run(&facts, &policy);
            let own: Vec<_> = of(&outcome, rule.meta.name).into_iter().cloned().collect();
            for fix in own.iter().filter_map(|finding| finding.fix.as_ref()) {
                assert_eq!(Some(fix.applicability), rule.meta.fix, "{}", rule.meta.name);
            }
            let path = path_of(&bad.language);
            let chosen = fixes(&own, true);
            let file = chosen
                .iter()
                .find(|file| file.path == path)
                .unwrap_or_else(|| panic!("{} has no fix", rule.meta.name));
            assert_eq!(apply_edits(&bad.text, &file.edits).unwrap(), block.text, "{}", rule.meta.name);
        }
    }
}

#[test]
fn the_baseline_raises_nothing() {
    let (facts, policy) = patched("{}");
    let outcome = run(&facts, &policy);
    assert_eq!(outcome.findings, []);
    let broken: Vec<_> =
        outcome.checks.iter().filter(|check| check.status == seaworthy_finding::CheckStatus::Error).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn every_rule_file_is_registered_and_every_page_has_a_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: BTreeSet<String> = rules().map(|rule| rule.meta.name.to_owned()).collect();
    let pages: BTreeSet<String> = std::fs::read_dir(root.join("../../docs/rules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "README" && name != "index")
        .collect();
    assert_eq!(names, pages);
    let mut declared = BTreeSet::new();
    for family in std::fs::read_dir(root.join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
    {
        for file in std::fs::read_dir(&family).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&file).unwrap();
            if let Some(rest) = text.split("declare_rule! {\n    name: \"").nth(1) {
                let name = rest.split('"').next().unwrap().to_owned();
                assert_eq!(file.file_stem().unwrap().to_string_lossy().replace('_', "-"), name);
                declared.insert(name);
            }
        }
    }
    assert_eq!(names, declared);
}

/// The index of all pages, as it must be.
fn index() -> String {
    let mut out = String::from(
        "# Rules\n\nOne page for each rule; `seaworthy explain NAME` prints it. A gate decides the verdict by itself.\n",
    );
    let mut family = None;
    for rule in rules() {
        let meta = rule.meta;
        if family != Some(meta.family) {
            family = Some(meta.family);
            let name = format!("{:?}", meta.family);
            out.push_str(&format!(
                "\n## {name}\n\n| rule | fails when | severity | gate | fix |\n|---|---|---|---|---|\n"
            ));
        }
        let fix = meta.fix.map_or_else(String::new, |fix| format!("{fix:?}").to_lowercase());
        let gate = if meta.gate { "gate" } else { "" };
        out.push_str(&format!(
            "| [{0}]({0}.md) | {1} | {2} | {gate} | {fix} |\n",
            meta.name,
            meta.summary,
            meta.severity.word()
        ));
    }
    out
}

#[test]
fn the_index_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules/README.md");
    if std::env::var_os("SEAWORTHY_BLESS").is_some() {
        std::fs::write(&path, index()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        index(),
        "run the test with SEAWORTHY_BLESS=1"
    );
}
