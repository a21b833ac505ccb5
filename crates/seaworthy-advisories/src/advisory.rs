//! An OSV record, read tolerantly and kept slim.
//!
//! Source: the Open Source Vulnerability schema 1.7. Texts are shortened, references are dropped, and ranges over git
//! commits are counted and dropped: an installed package has a version, not a commit.

use crate::{ecosystem, rate};
use seaworthy_facts::Rating;
use serde::Deserialize;
use serde_json::Value;

/// A summary longer than this many characters is cut.
const SUMMARY: usize = 160;
/// More names than this belong to no vulnerability.
const NAMES: usize = 1000;

/// How bad it is, and how that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rated {
    /// The rating.
    pub rating: Rating,
    /// The score times ten.
    pub score: Option<u8>,
    /// The vector it was computed from.
    pub vector: Option<String>,
}

/// An event of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// From this version on, it is affected; `0` is before every version.
    Introduced(String),
    /// From this version on, it is not.
    Fixed(String),
    /// After this version, it is not.
    LastAffected(String),
    /// The range says nothing from this version on.
    Limit(String),
}

impl Event {
    /// The version.
    pub fn version(&self) -> &str {
        match self {
            Self::Introduced(text) | Self::Fixed(text) | Self::LastAffected(text) | Self::Limit(text) => text,
        }
    }
}

/// A range of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Whether its versions are ordered by Semantic Versioning, whatever the ecosystem does.
    pub semver: bool,
    /// The events, in their versions' order.
    pub events: Vec<Event>,
}

/// A package that an advisory is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// The ecosystem by its canonical name.
    pub ecosystem: String,
    /// The name as the ecosystem holds it to be the same.
    pub name: String,
    /// Versions that are affected, one by one.
    pub versions: Vec<String>,
    /// Ranges of them.
    pub ranges: Vec<Range>,
    /// What this package's own rating is, where it has one.
    pub rated: Rated,
    /// Operating systems, by Go's names, outside of which it does not matter; empty: it matters everywhere.
    pub os: Vec<String>,
    /// Architectures, by Go's names, likewise.
    pub arch: Vec<String>,
    /// The only binary packages of the source package that it is about; empty: all.
    pub binaries: Vec<String>,
}

/// An advisory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advisory {
    /// Its name.
    pub id: String,
    /// Other names of the same vulnerability.
    pub aliases: Vec<String>,
    /// The vulnerabilities a distribution's advisory is about.
    pub covers: Vec<String>,
    /// One line.
    pub summary: String,
    /// How bad it is.
    pub rated: Rated,
    /// When it was last changed or published, RFC 3339; empty where nothing says.
    pub modified: String,
    /// `unmaintained`, `unsound` or `notice`.
    pub informational: Option<String>,
    /// The packages.
    pub affected: Vec<Affected>,
    /// Ranges over git commits, which were left out.
    pub git_ranges: u32,
}

/// Why a record is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no OSV record.
    Unreadable(String),
    /// Its author took it back.
    Withdrawn,
    /// It is about git commits only.
    GitOnly,
    /// It names no package.
    NoPackage,
}

#[derive(Deserialize)]
struct Raw {
    id: String,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    published: Option<String>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    upstream: Option<Vec<String>>,
    #[serde(default)]
    related: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    severity: Option<Vec<RawSeverity>>,
    #[serde(default)]
    affected: Option<Vec<RawAffected>>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct RawSeverity {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    score: Value,
}

#[derive(Deserialize)]
struct RawAffected {
    #[serde(default)]
    package: Option<RawPackage>,
    #[serde(default)]
    severity: Option<Vec<RawSeverity>>,
    #[serde(default)]
    ranges: Option<Vec<RawRange>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct RawPackage {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct RawRange {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    events: Option<Vec<RawEvent>>,
}

#[derive(Deserialize)]
struct RawEvent {
    #[serde(default)]
    introduced: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    last_affected: Option<String>,
    #[serde(default)]
    limit: Option<String>,
}

/// Reads one record.
///
/// # Errors
/// It is no record, was withdrawn, or has nothing that a version could be held against.
pub fn read_record(json: &[u8]) -> Result<Advisory, Refused> {
    let raw: Raw = serde_json::from_slice(json).map_err(|error| Refused::Unreadable(error.to_string()))?;
    if raw.id.trim().is_empty() {
        return Err(Refused::Unreadable("it has no `id`".to_owned()));
    }
    if raw.withdrawn.as_deref().is_some_and(|time| !time.trim().is_empty()) {
        return Err(Refused::Withdrawn);
    }
    let mut out = Advisory {
        id: raw.id.trim().to_owned(),
        summary: summary(raw.summary.as_deref(), raw.details.as_deref()),
        modified: newest(raw.modified, raw.published, raw.id.trim()),
        ..Advisory::default()
    };
    let mut named = false;
    for affected in raw.affected.unwrap_or_default() {
        let (kept, git, informational) = read_affected(affected);
        named |= kept.is_some() || git > 0;
        out.git_ranges += git;
        out.informational = out.informational.take().or(informational);
        out.affected.extend(kept.filter(|one| !one.ranges.is_empty() || !one.versions.is_empty()));
    }
    if out.affected.is_empty() {
        return Err(if named && out.git_ranges > 0 { Refused::GitOnly } else { Refused::NoPackage });
    }
    out.rated = rated(raw.severity.as_deref().unwrap_or_default());
    if out.rated.rating == Rating::Unknown {
        let said = raw.database_specific.get("severity").and_then(Value::as_str).and_then(rate::word);
        out.rated.rating = said.or_else(|| rate::title(&out.summary)).unwrap_or_default();
    }
    if out.id.starts_with("MAL-") {
        out.rated.rating = Rating::Critical;
    }
    out.aliases = names(raw.aliases, &out.id);
    out.covers = names(raw.upstream, &out.id);
    if out.affected.iter().any(|one| ecosystem::is_distribution(&one.ecosystem)) {
        let related = names(raw.related, &out.id).into_iter().filter(|name| name.starts_with("CVE-"));
        out.covers.extend(related);
        out.covers.sort();
        out.covers.dedup();
    }
    Ok(out)
}

fn names(list: Option<Vec<String>>, own: &str) -> Vec<String> {
    let mut list: Vec<String> =
        list.unwrap_or_default().into_iter().take(NAMES).filter(|name| name != own).collect();
    list.sort();
    list.dedup();
    list
}

/// The later of two times; a year below 1970 says nothing. Where neither says anything, the year of the name does, such
/// as that of `GO-2026-4503`.
fn newest(modified: Option<String>, published: Option<String>, id: &str) -> String {
    let real = |text: &String| text.as_str() > "1970";
    let stated = modified.filter(real).max(published.filter(real));
    let year = || {
        let year =
            id.split('-').find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        ("1988".."2100").contains(&year).then(|| format!("{year}-01-01T00:00:00Z"))
    };
    stated.or_else(year).unwrap_or_default()
}

/// The first line of what there is.
fn summary(summary: Option<&str>, details: Option<&str>) -> String {
    let text = summary.filter(|text| !text.trim().is_empty()).or(details).unwrap_or_default();
    let line = text
        .lines()
        .map(|line| line.trim_start_matches(['#', ' ', '*']).trim())
        .find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    match line.char_indices().nth(SUMMARY) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line.to_owned(),
    }
}

/// The worst of several ratings; the newest version of the scoring system counts where there are several.
fn rated(list: &[RawSeverity]) -> Rated {
    let version = |kind: &str| match kind {
        "CVSS_V4" => 3,
        "CVSS_V3" => 2,
        "CVSS_V2" => 1,
        _ => 0,
    };
    let mut found: Vec<(u8, Rated)> = Vec::new();
    for one in list.iter().take(100) {
        let text = match &one.score {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        match rate::vector(&text) {
            Some(rated) => found.push((version(&one.kind), rated)),
            None => {
                if let Some(rating) = rate::word(&text) {
                    found.push((0, Rated { rating, ..Rated::default() }));
                }
            }
        }
    }
    let best =
        found.into_iter().max_by(|a, b| (a.0, a.1.score, a.1.rating).cmp(&(b.0, b.1.score, b.1.rating)));
    best.map(|(_, rated)| rated).unwrap_or_default()
}

fn read_affected(raw: RawAffected) -> (Option<Affected>, u32, Option<String>) {
    let mut git = 0;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let informational = text(&raw.database_specific, "informational");
    let mut out = Affected::default();
    let scheme;
    if let Some(package) = raw.package.filter(|package| !package.name.trim().is_empty()) {
        out.ecosystem = ecosystem::canonical(&package.ecosystem, package.purl.as_deref());
        out.name = ecosystem::plain_name(&out.ecosystem, &package.name).into_owned();
        scheme = ecosystem::scheme(&out.ecosystem);
    } else {
        scheme = None;
    }
    for range in raw.ranges.unwrap_or_default() {
        if range.kind == "GIT" {
            git += 1;
            continue;
        }
        let mut events = Vec::new();
        for event in range.events.unwrap_or_default() {
            events.extend(event.introduced.map(Event::Introduced));
            events.extend(event.fixed.map(Event::Fixed));
            events.extend(event.last_affected.map(Event::LastAffected));
            events.extend(event.limit.map(Event::Limit));
        }
        if events.is_empty() {
            continue;
        }
        let semver = range.kind == "SEMVER";
        let order = if semver { Some(seaworthy_versions::Scheme::SemVer) } else { scheme };
        if let Some(order) = order {
            crate::evaluate::sort(&mut events, order);
        }
        out.ranges.push(Range { semver, events });
    }
    if out.ecosystem.is_empty() {
        return (None, git, informational);
    }
    out.versions = raw.versions.unwrap_or_default();
    out.rated = rated(raw.severity.as_deref().unwrap_or_default());
    if out.rated.rating == Rating::Unknown {
        let said = ["severity", "urgency"]
            .iter()
            .find_map(|key| text(&raw.ecosystem_specific, key).or_else(|| text(&raw.database_specific, key)));
        out.rated.rating = said.as_deref().and_then(rate::word).unwrap_or_default();
    }
    (out.os, out.arch) = platforms(&raw.ecosystem_specific);
    out.binaries = binaries(&raw.ecosystem_specific);
    (Some(out), git, informational)
}

/// The systems outside of which nobody is affected. Go lists them for each import; one import without a list is for all.
fn platforms(specific: &Value) -> (Vec<String>, Vec<String>) {
    let list = |value: Option<&Value>| -> Vec<String> {
        let all = value.and_then(Value::as_array).into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
    };
    if let Some(affects) = specific.get("affects") {
        return (go_names(list(affects.get("os"))), go_names(list(affects.get("arch"))));
    }
    let imports: Vec<&Value> =
        specific.get("imports").and_then(Value::as_array).into_iter().flatten().collect();
    let every = |key: &str| {
        let lists: Vec<Vec<String>> = imports.iter().map(|one| list(one.get(key))).collect();
        if lists.is_empty() || lists.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let mut all: Vec<String> = lists.into_iter().flatten().collect();
        all.sort();
        all.dedup();
        all
    };
    (every("goos"), every("goarch"))
}

/// Rust's names of systems and architectures as Go's.
fn go_names(list: Vec<String>) -> Vec<String> {
    let name = |text: String| match text.as_str() {
        "macos" => "darwin".to_owned(),
        "x86" => "386".to_owned(),
        "x86_64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        _ => text,
    };
    list.into_iter().map(name).collect()
}

/// SUSE lists the binary packages of a source package with the versions that mend them.
fn binaries(specific: &Value) -> Vec<String> {
    let list = specific.get("binaries").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<String> = list
        .filter_map(Value::as_object)
        .filter(|one| !one.contains_key("binary_name"))
        .flat_map(|one| one.keys().cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}
