//! `ship`: the whole way of the example, stage by stage, with everything compiled before.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::Bench;
use super::figures::{Kind, Role, Row, Table};

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let out = bench.folder("ship")?;
    let mut whole = Row::new("the whole process", Role::Own);
    let mut stages: Vec<Row> = Vec::new();
    // The first run compiles and makes the key; it is not counted.
    for round in 0..=bench.rounds(5) {
        let mut command = Command::new(&bench.seaworthy);
        command.arg("ship").arg(bench.workspace.join("examples/password-api")).arg("--output").arg(&out);
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

/// A stage's name, with its outcome where it was not done.
fn title(stage: &Value) -> String {
    let text = |name: &str| stage[name].as_str().unwrap_or("unknown").to_owned();
    match text("status").as_str() {
        "done" => text("name"),
        other => format!("{} ({})", text("name"), other.replace(['-', '_'], " ")),
    }
}
