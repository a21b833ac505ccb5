//! `cargo xtask conformance KIND DIR`: one JSON line per disagreement, then `KIND: agree N of M`;
//! `cargo xtask conformance --list`: the kinds, one on each line.
//!
//! A kind is one module with `run(dir, out)`, which hands every disagreement to `out` as an object with `case`,
//! `expected` and `got`, and gives (agreeing, all). A disagreement that is listed in `docs/differences.md` with a
//! reason counts as agreement.

mod compose_model;
mod differences;
mod dockerfile_dump;
mod dockerfile_lang;
mod oci_broken;
mod osv;
mod planted_secrets;
mod registry_faults;
mod retention;
mod sbom;
mod sigstore;
mod static_cases;
mod static_real;
mod structure_images;
mod structure_tests;
mod tags;
mod tree;
mod versions;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

/// Compares the product with the answers in a directory; gives how many agree, and how many there are.
type Run = fn(&Path, &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)>;

/// Every kind, sorted by name.
const KINDS: &[(&str, Run)] = &[
    ("compose-cases", compose_model::cases),
    ("dockerfile-lang", dockerfile_lang::run),
    ("oci-broken", oci_broken::run),
    ("osv", osv::run),
    ("planted-secrets", planted_secrets::run),
    ("registry-faults", registry_faults::run),
    ("retention", retention::run),
    ("sbom", sbom::run),
    ("sigstore", sigstore::run),
    ("static", static_cases::run),
    ("static-real", static_real::run),
    ("static-real-compose", compose_model::real),
    ("structure-tests", structure_tests::run),
    ("tags", tags::run),
    ("tree", tree::run),
    ("versions", versions::run),
];

/// Runs the command; 0 everything agrees, 1 something does not, 2 the command line or the directory is wrong.
pub(crate) fn main(words: &[&str], out: &mut dyn Write) -> ExitCode {
    match execute(words, out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Every JSON file of a directory by name, read; none is an error, because cases were to be there.
fn json_files(dir: &Path) -> anyhow::Result<Vec<(PathBuf, Value)>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    anyhow::ensure!(!files.is_empty(), "{} holds no JSON file", dir.display());
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let data = serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
        Ok((file, data))
    };
    files.into_iter().map(read).collect()
}

fn execute(words: &[&str], out: &mut dyn Write) -> anyhow::Result<bool> {
    let kinds = || KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    if let ["--list"] = words {
        for (name, _) in KINDS {
            writeln!(out, "{name}")?;
        }
        return Ok(true);
    }
    let [kind, dir] = words else {
        anyhow::bail!("usage: cargo xtask conformance KIND DIR, or --list; kinds: {}", kinds());
    };
    let Some((_, run)) = KINDS.iter().find(|(name, _)| name == kind) else {
        anyhow::bail!("unknown kind {kind}; kinds: {}", kinds());
    };
    let listed = differences::read(kind)?;
    let mut deliberate = 0;
    let mut written = Ok(());
    let (agree, total) = run(Path::new(dir), &mut |mut line| {
        let case = line.get("case").and_then(Value::as_str).unwrap_or_default();
        if let Some(reason) = listed.get(case) {
            deliberate += 1;
            line["deliberate"] = Value::String(reason.clone());
        }
        line["kind"] = Value::String((*kind).to_owned());
        if written.is_ok() {
            written = writeln!(out, "{line}");
        }
    })?;
    written?;
    let agree = agree + deliberate;
    writeln!(out, "{kind}: agree {agree} of {total}")?;
    Ok(agree == total)
}
