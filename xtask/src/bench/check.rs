//! `check`: real Dockerfiles, compose files and workflows of public repositories.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::Bench;
use super::figures::{Field, Kind, Role, Table};
use super::measure::Call;
use super::peers::{MISSING, find};

/// A kind of file and the programs that judge it: the arguments before the files.
struct Case {
    /// Folder of the corpus.
    folder: &'static str,
    /// Name of the files in the table.
    title: &'static str,
    /// Where the files have to stand for every program to know what they are.
    place: &'static str,
    /// The budget that holds.
    note: &'static str,
    peers: &'static [(&'static str, &'static [&'static str])],
}

const CASES: [Case; 3] = [
    Case {
        folder: "dockerfiles",
        title: "real Dockerfiles",
        place: "",
        note: "Budget: at most 1/20 of hadolint's CPU and 1/50 of tally's, memory at most 40 MB. checkov reads the whole directory.",
        peers: &[
            ("hadolint", &["-f", "json", "--no-fail"]),
            ("tally", &["lint", "--slow-checks=off", "-f", "json", "--fail-level", "none"]),
        ],
    },
    Case {
        folder: "compose",
        title: "real compose files",
        place: "",
        note: "",
        peers: &[("compose-lint", &["check", "--format", "json"]), ("dclint", &["-f", "json"])],
    },
    Case {
        folder: "workflows",
        title: "real workflows",
        place: ".github/workflows",
        note: "Budget: no more CPU than zizmor.",
        peers: &[("zizmor", &["--offline", "--format", "json", "--no-exit-codes", "--persona=auditor"])],
    },
];

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let folder = bench.folder("check")?;
    let corpus = std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| bench.workspace.join("../shared/corpus"), PathBuf::from);
    let archive = corpus.join("static/real/real.tar.zst");
    CASES.iter().map(|case| table(bench, case, &archive, &folder.join(case.folder))).collect()
}

fn table(bench: &Bench, case: &Case, archive: &Path, folder: &Path) -> anyhow::Result<Table> {
    let target = folder.join(case.place);
    std::fs::create_dir_all(&target)?;
    let files = unpack(archive, case.folder, &target)?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut field = Field::default();
    let cat = find("cat").context("no program `cat`")?;
    let call = Call::new(&cat, &files);
    field.add("floor: `cat`", Role::Floor, move || call.cost());
    let mut args = vec!["check", "--no-config", "--quiet", "--offline"];
    args.extend(&files);
    let call = Call::new(&bench.seaworthy, &args).findings_allowed();
    field.add("Seaworthy", Role::Own, move || call.cost());
    for (name, first) in case.peers {
        match find(name) {
            None => field.absent(name, Role::Peer, MISSING),
            Some(program) => {
                let mut args = first.to_vec();
                // One file that it cannot read ends tally's whole run.
                let read = |file: &&&str| *name != "tally" || is_read(&program, first, file);
                let taken: Vec<&str> = files.iter().filter(read).copied().collect();
                args.extend(&taken);
                let call = Call::new(&program, &args).findings_allowed();
                let title = match files.len() - taken.len() {
                    0 => (*name).to_owned(),
                    refused => format!("{name}, without {refused} it stops at"),
                };
                field.add(&title, Role::Peer, move || call.cost());
            }
        }
    }
    if case.folder == "dockerfiles" {
        match find("checkov") {
            None => field.absent("checkov", Role::Peer, MISSING),
            Some(program) => {
                let folder = folder.display().to_string();
                let args = ["-d", &folder, "--framework", "dockerfile", "-o", "json", "--compact", "--quiet"];
                let rest = ["--skip-download", "--soft-fail"];
                let call = Call::new(&program, &[args.as_slice(), &rest].concat()).findings_allowed();
                field.add("checkov", Role::Peer, move || call.cost());
            }
        }
    }
    Ok(Table {
        bench: "check",
        case: format!("{} {}", files.len(), case.title),
        note: case.note.to_owned(),
        kinds: vec![Kind::Cpu, Kind::Wall, Kind::Rss],
        rows: field.run(bench.rounds(5)),
    })
}

/// Whether a program ends in order when it is given one file.
fn is_read(program: &Path, args: &[&str], file: &str) -> bool {
    let mut command = Command::new(program);
    command.args(args).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| matches!(status.code(), Some(0 | 1)))
}

/// Unpacks the files of a folder of the corpus and gives their paths, sorted.
fn unpack(archive: &Path, kind: &str, folder: &Path) -> anyhow::Result<Vec<String>> {
    let file = File::open(archive)
        .with_context(|| format!("no corpus at {} (set SEAWORTHY_CORPUS)", archive.display()))?;
    let mut bytes = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(file)?.read_to_end(&mut bytes)?;
    let mut files = Vec::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        if !path.starts_with(kind) || !entry.header().entry_type().is_file() {
            continue;
        }
        let target = folder.join(name);
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        std::fs::write(&target, text)?;
        files.push(target.display().to_string());
    }
    anyhow::ensure!(!files.is_empty(), "no {kind} in {}", archive.display());
    files.sort();
    Ok(files)
}
