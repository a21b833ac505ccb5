//! Compose files that Docker Compose accepts have no problems here, and those it refuses have.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use seaworthy_facts::{ComposeFact, TextFile};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn corpus() -> PathBuf {
    std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from)
}

/// Everything found wrong with a file, in words.
fn wrong(fact: &ComposeFact) -> Vec<String> {
    let unknown = fact.services.iter().flat_map(|service| &service.unknown_keys).chain(&fact.unknown_keys);
    let problems = fact.problems.iter().map(|problem| problem.message.clone());
    problems.chain(unknown.map(|(key, _)| key.value.clone())).collect()
}

fn read(path: &Path) -> ComposeFact {
    let text = std::fs::read_to_string(path).unwrap();
    seaworthy_project::compose::read(TextFile::new(&path.display().to_string(), text))
}

#[test]
fn the_compose_cases_read_as_docker_compose_reads_them() {
    let dir = corpus().join("compose-cases");
    if !dir.exists() {
        skipped("no compose cases");
        return;
    }
    for name in ["basic", "bools", "gpu", "interp", "merge", "newer", "reset"] {
        assert_eq!(wrong(&read(&dir.join(format!("{name}.yml")))), [""; 0], "{name}");
    }
    assert_eq!(wrong(&read(&dir.join("typo.yml"))), ["read_onyl", "cap_drops"]);
    let basic = read(&dir.join("basic.yml"));
    assert_eq!(basic.internal_networks, ["int"]);
    assert_eq!(basic.services[1].ports[0].host_ip.as_deref(), Some("127.0.0.1"));
    let merge = read(&dir.join("merge.yml"));
    assert_eq!(merge.services[0].restart.as_ref().map(|value| value.value.as_str()), Some("unless-stopped"));
}

#[test]
fn real_compose_files_have_no_problems() {
    let archive = corpus().join("static/real/real.tar.zst");
    if !archive.exists() {
        skipped("no corpus of real files");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let unpacked =
        Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(dir.path()).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        skipped("no tar with zstd");
        return;
    }
    let mut seen = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(dir.path().join("compose")).unwrap() {
        let path = entry.unwrap().path();
        let fact = read(&path);
        failures.extend(wrong(&fact).into_iter().map(|wrong| format!("{}: {wrong}", path.display())));
        assert!(!fact.services.is_empty() || fact.file.text.contains("include"), "{}", path.display());
        seen += 1;
    }
    assert_eq!(failures, [""; 0]);
    assert!(seen > 50, "{seen} files");
}

/// Says that a part is missing; where all parts are required, it must not be.
fn skipped(what: &str) {
    assert!(std::env::var_os("SEAWORTHY_REQUIRE_PARTS").is_none(), "{what}");
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}
