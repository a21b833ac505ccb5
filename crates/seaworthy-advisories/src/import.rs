//! Reads exports of advisories: directories, archives and streams of OSV records, EPSS scores and the KEV catalogue.
//!
//! What a file is, its first bytes say, not its name. Everything is bounded: the size of a record, what an archive
//! unpacks to, and the number of records. What cannot be read is counted and named, and the rest is read on.

mod stream;
mod zip;

use crate::advisory::{Advisory, Refused, read_record};
use crate::enrich::Enrichment;
use crate::error::ImportError;
use crate::index::SourceMeta;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What an import never exceeds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one record.
    pub record: u64,
    /// Bytes that one file may unpack to.
    pub unpacked: u64,
    /// Records in all.
    pub records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record: 64 << 20, unpacked: 32 << 30, records: 8_000_000 }
    }
}

/// Numbers of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that were read.
    pub records: u64,
    /// Of these, taken back by their authors.
    pub withdrawn: u64,
    /// About git commits only.
    pub git_only: u64,
    /// About no package.
    pub no_package: u64,
    /// Another one had the same name and was newer.
    pub repeated: u64,
    /// Ranges over git commits of records that were taken.
    pub git_ranges: u64,
    /// What is no record.
    pub unreadable: u64,
}

/// What a source gave.
pub type SourceReport = SourceMeta;

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Numbers.
    pub counts: Counts,
    /// The sources.
    pub sources: Vec<SourceReport>,
    /// The first files that could not be read, with the reason.
    pub problems: Vec<String>,
}

/// The advisories of an import.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The advisories, one for each name.
    pub advisories: Vec<Advisory>,
    /// What is known of CVEs.
    pub enrichment: Enrichment,
    /// How it went.
    pub report: Report,
}

/// So many problems are named; more are counted.
const NAMED: usize = 10;
/// Directories deeper than this are not entered.
const DEPTH: usize = 24;

/// Collects what is read.
pub(crate) struct Gather {
    pub(crate) limits: Limits,
    advisories: Vec<Advisory>,
    by_id: BTreeMap<String, usize>,
    enrichment: Enrichment,
    report: Report,
    /// Records of the present source.
    here: u64,
}

impl Gather {
    /// Takes one JSON text that should be a record.
    pub(crate) fn record(&mut self, json: &[u8], place: &dyn Fn() -> String) {
        let counts = &mut self.report.counts;
        match read_record(json) {
            Ok(advisory) => {
                counts.records += 1;
                self.here += 1;
                counts.git_ranges += u64::from(advisory.git_ranges);
                self.keep(advisory);
            }
            Err(refused) => {
                match refused {
                    Refused::Unreadable(why) => return self.problem(&place(), &why),
                    Refused::Withdrawn => counts.withdrawn += 1,
                    Refused::GitOnly => counts.git_only += 1,
                    Refused::NoPackage => counts.no_package += 1,
                }
                counts.records += 1;
                self.here += 1;
            }
        }
    }

    /// Of two records of one name the newer counts; two of the same time are parts of one.
    fn keep(&mut self, advisory: Advisory) {
        let Some(at) = self.by_id.get(&advisory.id) else {
            self.by_id.insert(advisory.id.clone(), self.advisories.len());
            self.advisories.push(advisory);
            return;
        };
        self.report.counts.repeated += 1;
        let Some(known) = self.advisories.get_mut(*at) else { return };
        if advisory.modified == known.modified {
            for one in advisory.affected {
                if !known.affected.contains(&one) {
                    known.affected.push(one);
                }
            }
        } else if advisory.modified > known.modified {
            *known = advisory;
        }
    }

    /// Notes something that could not be read.
    pub(crate) fn problem(&mut self, place: &str, why: &str) {
        self.report.counts.unreadable += 1;
        if self.report.problems.len() < NAMED {
            self.report.problems.push(format!("{place}: {why}"));
        }
    }

    /// Whether there is room for more.
    pub(crate) fn room(&self) -> bool {
        self.advisories.len() < self.limits.records
    }

    pub(crate) const fn enrichment(&mut self) -> &mut Enrichment {
        &mut self.enrichment
    }
}

/// Reads every export below some paths.
///
/// # Errors
/// A path cannot be read, an archive is broken or exceeds a limit, or nothing at all is an advisory.
pub fn import(paths: &[PathBuf], limits: Limits) -> Result<Imported, ImportError> {
    let mut gather = Gather {
        limits,
        advisories: Vec::new(),
        by_id: BTreeMap::new(),
        enrichment: Enrichment::default(),
        report: Report::default(),
        here: 0,
    };
    for path in paths {
        let failed = |source| ImportError::Read { path: path.clone(), source };
        let meta = fs::metadata(path).map_err(failed)?;
        if !meta.is_dir() {
            read_source(&mut gather, path, true)?;
            continue;
        }
        // Many small files are one source; each archive is its own.
        let mut files = Vec::new();
        walk(path, 0, &mut files)?;
        files.sort();
        let (mut loose, mut bytes) = (0, 0);
        for file in files {
            let single = extension(&file) == "json";
            let before = gather.report.sources.len();
            read_source(&mut gather, &file, false)?;
            if single && let Some(own) = gather.report.sources.get(before..).and_then(<[SourceReport]>::first)
            {
                loose += own.records;
                bytes += own.bytes;
                gather.report.sources.truncate(before);
            }
        }
        if loose > 0 {
            let name = path.display().to_string();
            gather.report.sources.push(SourceReport { name, records: loose, bytes });
        }
    }
    let Gather { advisories, enrichment, report, .. } = gather;
    if advisories.is_empty() && enrichment == Enrichment::default() {
        let places: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        return Err(ImportError::Nothing { places: places.join(", ") });
    }
    Ok(Imported { advisories, enrichment, report })
}

fn read_source(gather: &mut Gather, path: &Path, named: bool) -> Result<(), ImportError> {
    gather.here = 0;
    let bytes = match stream::read(gather, path) {
        Ok(bytes) => bytes,
        // A file somebody named must be one; others may lie about in a directory.
        Err(ImportError::Broken { what, .. }) if !named => {
            gather.problem(&path.display().to_string(), &what);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if gather.here > 0 {
        let name = path.display().to_string();
        gather.report.sources.push(SourceReport { name, records: gather.here, bytes });
    }
    Ok(())
}

/// The files below a directory that may be exports. Links are not followed.
fn walk(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), ImportError> {
    let failed = |source| ImportError::Read { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if depth < DEPTH && !hidden {
                walk(&path, depth + 1, out)?;
            }
        } else if kind.is_file()
            && matches!(extension(&path).as_str(), "json" | "ndjson" | "jsonl" | "zst" | "gz" | "zip" | "csv")
        {
            out.push(path);
        }
    }
    Ok(())
}

fn extension(path: &Path) -> String {
    path.extension().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}
