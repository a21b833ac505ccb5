//! The database of advisories, and what a scan reads beside it.

use crate::cli::{DbPlace, Global};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages;
use seaworthy_advisories::{Index, IndexError, Subject, Vex};
use seaworthy_facts::{ImageFacts, Observed, ScanBase, ScanFacts};
use seaworthy_finding::ExitCode;
use std::path::{Path, PathBuf};

/// Where the database is: what was asked for, else below the user's cache directory.
pub(crate) fn place(asked: &DbPlace) -> PathBuf {
    if let Some(file) = &asked.db {
        return file.clone();
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| set("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(|| PathBuf::from("/var/cache")).join("seaworthy").join("advisories.db")
}

/// What makes a database, for those who have none.
pub(crate) const MAKE: &str =
    "make one with `seaworthy db import PATH…` from OSV exports, or `seaworthy db update URL`";

/// Opens the database; nothing where there is none.
pub(crate) fn open(file: &Path) -> Result<Option<Index>, Failure> {
    match Index::open(file) {
        Ok(index) => Ok(Some(index)),
        Err(IndexError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure(&error)),
    }
}

/// An index's error with what to do next.
pub(crate) fn failure(error: &IndexError) -> Failure {
    let what = match error {
        IndexError::Write { .. } => "make the database of advisories",
        _ => "open the database of advisories",
    };
    let failure = Failure::of(what, error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The facts of a scan for which there is no database.
pub(crate) fn not_run(subject: &Subject, file: &Path) -> ScanFacts {
    ScanFacts {
        subject: subject.name.clone(),
        sbom: subject.sbom.clone(),
        database: Observed::NotRun(format!("there is no database of advisories at `{}`", file.display())),
        ..ScanFacts::default()
    }
}

/// The statements of VEX documents: those named on the command line, and the policy's.
pub(crate) fn vex(config: &Config, project: &Path, files: &[PathBuf]) -> Result<Vex, Failure> {
    let mut vex = Vex::default();
    let base = config.base(project);
    let own = config.policy.scan.vex.iter().map(|file| base.join(file));
    for file in files.iter().cloned().chain(own) {
        let bytes = std::fs::read(&file).map_err(|error| Failure::file("read", &file, &error))?;
        vex.add(&bytes).map_err(|error| {
            Failure::new(ExitCode::Error, format!("failed to read `{}`: {error}", file.display()))
                .hint("name an OpenVEX document, or CycloneDX with `vulnerabilities`")
        })?;
    }
    Ok(vex)
}

/// Holds the packages of a subject against the database.
pub(crate) fn judge(subject: &Subject, index: &Index, vex: &Vex) -> Result<ScanFacts, Failure> {
    let now = output::now();
    let options = seaworthy_advisories::Options { now: &now, vex };
    seaworthy_advisories::scan(subject, index, &options).map_err(|error| failure(&error))
}

/// Tells the base's vulnerabilities from the image's own: by the base that is named, else by a guess from the history.
pub(crate) fn attribute(
    shell: &Shell,
    global: &Global,
    scan: &mut ScanFacts,
    image: &ImageFacts,
    base: Option<&str>,
    platform: Option<&str>,
) -> Result<(), Failure> {
    let Some(name) = base else {
        if let Some(guess) = seaworthy_advisories::stated_base(image) {
            seaworthy_advisories::attribute(scan, guess);
        }
        return Ok(());
    };
    let opened = stages::open_image(shell, global, name, platform)?;
    let other = stages::inspect(&opened)?;
    let layers = seaworthy_advisories::shared_layers(image, &other);
    if layers < other.layers.len() {
        shell.note(&format!(
            "the image is not built on `{}`: {layers} of its {} layers are the same",
            seaworthy_report::escape(name),
            other.layers.len()
        ));
    }
    seaworthy_advisories::attribute(scan, ScanBase { name: name.to_owned(), layers, guessed: false });
    Ok(())
}

/// Shows what another base would change.
pub(crate) fn compare(
    shell: &Shell,
    global: &Global,
    scan: &mut ScanFacts,
    index: &Index,
    vex: &Vex,
    name: &str,
    platform: Option<&str>,
) -> Result<(), Failure> {
    if scan.base.is_none() {
        return Err(Failure::new(ExitCode::Error, "nothing tells which layers are the base's")
            .hint("name the present base with `--base`"));
    }
    let opened = stages::open_image(shell, global, name, platform)?;
    let other = stages::inspect(&opened)?;
    let other = judge(&seaworthy_advisories::of_image(&other), index, vex)?;
    seaworthy_advisories::compare(scan, &other, name);
    Ok(())
}
