//! `scan`: a long SBOM against very many advisories, and how long the index takes to make.
//!
//! The records of the corpus are multiplied: each copy has its own name and its package another name, so that the
//! packages of the SBOM are found among many.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;

use super::Bench;
use super::figures::{Field, Kind, Role, Sample, Table};

/// Advisories of the index.
const ADVISORIES: usize = 250_000;
/// Packages of the SBOM.
const PACKAGES: usize = 5_000;

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let folder = bench.folder("scan")?;
    let (advisories, packages) =
        if bench.quick { (ADVISORIES / 10, PACKAGES / 10) } else { (ADVISORIES, PACKAGES) };
    let export = folder.join("advisories.ndjson");
    let sbom = folder.join("sbom.cdx.json");
    generate(&export, &sbom, advisories, packages)?;
    let db = folder.join("advisories.db");
    let begun = Instant::now();
    let status = program(bench, &["db", "import", &path(&export), "--db", &path(&db)])?;
    let import = begun.elapsed().as_secs_f64();
    anyhow::ensure!(status, "the import failed");
    let size = std::fs::metadata(&db)?.len();
    let mut field = Field::default();
    let words: Vec<String> =
        ["scan", &path(&sbom), "--db", &path(&db), "--format", "json", "--exit-zero", "--no-config"]
            .iter()
            .map(|&word| word.to_owned())
            .collect();
    let seaworthy = bench.seaworthy.clone();
    field.add("Seaworthy `scan`", Role::Own, move || timed(&seaworthy, &words));
    Ok(vec![Table {
        bench: "scan",
        case: format!("{packages} packages against {advisories} advisories"),
        note: format!(
            "Budget: at most 100 ms, warm. The index has {:.1} MB and was made in {import:.1} s.",
            megabytes(size)
        ),
        kinds: vec![Kind::Wall],
        rows: field.run(bench.rounds(20)),
    }])
}

#[expect(clippy::cast_precision_loss, reason = "a size that is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn program(bench: &Bench, words: &[&str]) -> anyhow::Result<bool> {
    let mut command = Command::new(&bench.seaworthy);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status()?.success())
}

fn timed(program: &PathBuf, words: &[String]) -> anyhow::Result<Sample> {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status().context("starting the scan")?;
    let wall = begun.elapsed().as_secs_f64();
    anyhow::ensure!(status.success(), "the scan ended with {status}");
    Ok(vec![(Kind::Wall, wall)])
}

/// Advisories for four ecosystems in equal parts, and an SBOM of which a tenth is affected by something.
fn generate(export: &Path, sbom: &Path, advisories: usize, packages: usize) -> anyhow::Result<()> {
    let kinds = [
        ("PyPI", "pypi", ""),
        ("npm", "npm", ""),
        ("Go", "golang", "example.org/"),
        ("Maven", "maven", "org.example:"),
    ];
    let names = advisories / 4;
    let mut text = String::new();
    for at in 0..advisories {
        let (ecosystem, _, prefix) = kinds[at % 4];
        let name = at / 4 % names.max(1);
        let (major, minor) = (at % 9 + 1, at % 13);
        let listed: Vec<String> = (0..8).map(|patch| format!("\"{major}.{minor}.{patch}\"")).collect();
        writeln!(
            text,
            r#"{{"id":"BENCH-{at}","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-{at}"],"summary":"Something that an attacker may do with package number {name}","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],"affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{prefix}p{name}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{major}.{minor}.9"}}]}}],"versions":[{}]}}]}}"#,
            listed.join(",")
        )?;
    }
    std::fs::write(export, &text)?;
    let components: Vec<String> = (0..packages)
        .map(|at| {
            let (_, kind, prefix) = kinds[at % 4];
            let prefix = prefix.replace(':', "/");
            let name = at * 7 % names.max(1);
            let major = if at % 10 == 0 { 1 } else { 20 };
            format!(r#"{{"type":"library","name":"p{name}","version":"{major}.0.0","purl":"pkg:{kind}/{prefix}p{name}@{major}.0.0"}}"#)
        })
        .collect();
    std::fs::write(
        sbom,
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{}]}}"#, components.join(",")),
    )?;
    Ok(())
}
