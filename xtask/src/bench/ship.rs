//! `ship`: the whole way of the example, stage by stage, with everything compiled before.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::Bench;
use super::figures::{Kind, Role, Row, Table};

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    // A copy, because the key of the original may have any password.
    let project = bench.folder("ship/password-api")?;
    copy(&bench.workspace.join("examples/password-api"), &project)?;
    let out = bench.folder("ship/results")?;
    let mut whole = Row::new("the whole process", Role::Own);
    let mut stages: Vec<Row> = Vec::new();
    // The first run compiles and makes the key; it is not counted.
    for round in 0..=bench.rounds(5) {
        let mut command = Command::new(&bench.seaworthy);
        command.arg("ship").arg(&project).arg("--output").arg(&out);
        command.arg("--quiet").env("COSIGN_PASSWORD", "bench").stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let result = command.output()?;
        let wall = begun.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&result.stderr);
        let code = result.status.code();
        anyhow::ensure!(matches!(code, Some(0 | 1)), "`ship` ended with {}: {}", result.status, said.trim());
        let report: Value = serde_json::from_slice(&std::fs::read(out.join("report.json"))?)?;
        let found = report["stages"].as_array().context("report.json names no stages")?;
        if round == 0 {
            stages = found.iter().map(|stage| Row::new(title(stage), Role::Own)).collect();
            continue;
        }
        whole.record(Ok(vec![(Kind::Wall, wall)]));
        for (row, stage) in stages.iter_mut().zip(found) {
            let spent = Duration::from_millis(stage["ms"].as_u64().context("a stage without its time")?);
            row.record(Ok(vec![(Kind::Wall, spent.as_secs_f64())]));
        }
    }
    let mut rows = vec![whole];
    rows.append(&mut stages);
    Ok(vec![Table {
        bench: "ship",
        case: "`examples/password-api`, compiled before".to_owned(),
        note: "Times of stages are whole milliseconds from report.json.".to_owned(),
        kinds: vec![Kind::Wall],
        rows,
    }])
}

/// Copies a project without what was built in it; what has not changed keeps its time, so that it is not compiled again.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                copy(&source, &target)?;
            }
        } else {
            let bytes = std::fs::read(&source)?;
            if std::fs::read(&target).ok().as_ref() != Some(&bytes) {
                std::fs::write(&target, bytes)?;
            }
        }
    }
    Ok(())
}

/// A stage's name, with its outcome where it was not done.
fn title(stage: &Value) -> String {
    let text = |name: &str| stage[name].as_str().unwrap_or("unknown").to_owned();
    match text("status").as_str() {
        "done" => text("name"),
        other => format!("{} ({})", text("name"), other.replace(['-', '_'], " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::copy;

    #[test]
    fn a_copy_leaves_out_what_was_built_and_keeps_times() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("src")).unwrap();
        std::fs::create_dir_all(from.join("target/debug")).unwrap();
        std::fs::write(from.join("src/main.rs"), "fn main() {}").unwrap();
        copy(&from, &to).unwrap();
        assert!(!to.join("target").exists());
        let time = || std::fs::metadata(to.join("src/main.rs")).unwrap().modified().unwrap();
        let before = time();
        copy(&from, &to).unwrap();
        assert_eq!(time(), before);
        std::fs::write(from.join("src/main.rs"), "fn main() { }").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(std::fs::read_to_string(to.join("src/main.rs")).unwrap(), "fn main() { }");
    }
}
