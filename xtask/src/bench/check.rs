//! `check`: real Dockerfiles of public repositories.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Bench;
use super::figures::{Field, Kind, Role, Table};
use super::measure::Call;
use super::peers::{MISSING, find};

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let folder = bench.folder("check")?;
    let corpus = std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| bench.workspace.join("../shared/corpus"), PathBuf::from);
    let files = unpack(&corpus.join("static/real/real.tar.zst"), &folder)?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();

    let mut field = Field::default();
    let cat = find("cat").context("no program `cat`")?;
    let call = Call::new(&cat, &files);
    field.add("floor: `cat`", Role::Floor, move || call.cost());
    let mut args = vec!["check", "--no-config", "--quiet", "--offline"];
    args.extend(&files);
    let call = Call::new(&bench.seaworthy, &args).findings_allowed();
    field.add("Seaworthy", Role::Own, move || call.cost());
    match find("hadolint") {
        None => field.absent("hadolint", Role::Peer, MISSING),
        Some(hadolint) => {
            let call = Call::new(&hadolint, &files).findings_allowed();
            field.add("hadolint", Role::Peer, move || call.cost());
        }
    }
    Ok(vec![Table {
        bench: "check",
        case: format!("{} real Dockerfiles", files.len()),
        note: "Budget: at most 1/20 of hadolint's CPU, memory at most 40 MB.".to_owned(),
        kinds: vec![Kind::Cpu, Kind::Wall, Kind::Rss],
        rows: field.run(bench.rounds(5)),
    }])
}

/// Unpacks the Dockerfiles of the corpus and gives their paths, sorted.
fn unpack(archive: &Path, folder: &Path) -> anyhow::Result<Vec<String>> {
    let file = File::open(archive)
        .with_context(|| format!("no corpus at {} (set SEAWORTHY_CORPUS)", archive.display()))?;
    let mut bytes = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(file)?.read_to_end(&mut bytes)?;
    let mut files = Vec::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        if !path.starts_with("dockerfiles") || !name.ends_with(".Dockerfile") {
            continue;
        }
        let target = folder.join(name);
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        std::fs::write(&target, text)?;
        files.push(target.display().to_string());
    }
    anyhow::ensure!(!files.is_empty(), "no Dockerfiles in {}", archive.display());
    files.sort();
    Ok(files)
}
