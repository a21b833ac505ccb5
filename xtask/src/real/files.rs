//! Reads the real files and judges each of them as a repository of its own.

use anyhow::Context as _;
use seaworthy_facts::Facts;
use seaworthy_finding::{Family, Finding, FindingStatus, Persona, Policy};
use seaworthy_rules::{Options, evaluate};
use std::io::Read as _;
use std::path::Path;

/// The families that need no image.
const STATIC: [Family; 5] =
    [Family::Dockerfile, Family::Ignore, Family::Compose, Family::Workflow, Family::Document];

/// Rules about files that stand beside the one that is judged: the archive holds none of them, so what they say here
/// says nothing about the repository.
const NEIGHBOURS: [&str; 4] =
    ["broken-link", "missing-env-file", "missing-ignore-file", "undefined-reference"];

/// A real file and what every rule, those of the strictest persona included, says about it.
pub(crate) struct Judged {
    /// Path in the archive: `kind/name`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Findings no comment silences.
    pub(crate) findings: Vec<Finding>,
    /// Those of them the default persona is shown, without what only the files around this one can answer.
    pub(crate) regular: Vec<Finding>,
}

impl Judged {
    /// The archive's folder: what kind of file it is.
    pub(crate) fn kind(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }
}

/// Judges every file of `real.tar.zst`, in the order of their names.
///
/// # Errors
/// The archive is missing or damaged.
pub(crate) fn judged(dir: &Path) -> anyhow::Result<Vec<Judged>> {
    let mut out: Vec<Judged> = read(dir)?
        .into_iter()
        .map(|(path, text)| {
            let all = findings(&path, &text, Persona::Auditor);
            let mut regular = findings(&path, &text, Persona::Regular);
            regular.retain(|finding| !NEIGHBOURS.contains(&finding.rule.as_str()));
            Judged { path, text, findings: all, regular }
        })
        .collect();
    out.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(out)
}

/// Every file of `real.tar.zst`: its path there and its text.
///
/// # Errors
/// The archive is missing or damaged.
pub(crate) fn read(dir: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let path = dir.join("real.tar.zst");
    let file = std::fs::File::open(&path).with_context(|| format!("reading {}", path.display()))?;
    let stream = ruzstd::decoding::StreamingDecoder::new(std::io::BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("reading {}: {error}", path.display()))?;
    let mut archive = tar::Archive::new(stream);
    let mut out = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        if !entry.header().entry_type().is_file() || name.starts_with("LICENSES") {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        out.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(out)
}

fn findings(path: &str, text: &str, persona: Persona) -> Vec<Finding> {
    let (kind, name) = path.split_once('/').unwrap_or_default();
    let place = match kind {
        "dockerfiles" => "Dockerfile".to_owned(),
        // A file that is laid over others keeps its name, which says so.
        "compose" => match name.rsplit('_').next() {
            Some(own) if own.starts_with("compose.") || own.starts_with("docker-compose.") => own.to_owned(),
            _ => "compose.yaml".to_owned(),
        },
        "workflows" => format!(".github/workflows/{name}"),
        "readme" => "README.md".to_owned(),
        _ => ".dockerignore".to_owned(),
    };
    let project = seaworthy_project::from_files(&[(place.as_str(), text)]);
    let facts = Facts { project: Some(project), ..Facts::default() };
    let opts = Options { persona, preview: persona == Persona::Auditor, ..Options::default() };
    let outcome = evaluate(&facts, &Policy::default(), None, &STATIC, &opts);
    outcome.findings.into_iter().filter(|finding| finding.status == FindingStatus::Open).collect()
}
