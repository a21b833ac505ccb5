//! `seaworthy db status`: what is in the database, what it was made from, how old it is.

use crate::advisories;
use crate::cli::{DbStatusArgs, Global};
use crate::failure::Failure;
use crate::shell::Shell;
use seaworthy_advisories::Meta;
use seaworthy_finding::{ExitCode, format_bytes};
use seaworthy_report::escape;
use std::fmt::Write as _;

/// Ecosystems with more releases than this are listed in one line unless `-v` asks for each.
const RELEASES: usize = 3;

/// Describes the database.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &DbStatusArgs) -> Result<ExitCode, Failure> {
    let json = match global.format.as_slice() {
        [] => false,
        [one] if one == "json" => true,
        [one] if one == "terminal" => false,
        _ => {
            return Err(Failure::new(ExitCode::Error, "`db status` prints one format to standard output")
                .hint("write `--format json` or `--format terminal`"));
        }
    };
    let file = advisories::place(&args.db);
    let Some(index) = advisories::open(&file)? else {
        let message = format!("there is no database of advisories at `{}`", file.display());
        return Err(Failure::new(ExitCode::EnvironmentMissing, message).hint(advisories::MAKE));
    };
    let meta = index.meta();
    if json {
        let mut value =
            serde_json::to_value(meta).map_err(|error| Failure::of("describe the database", &error))?;
        if let Some(map) = value.as_object_mut() {
            map.insert("path".to_owned(), file.display().to_string().into());
            map.insert("bytes".to_owned(), index.len().into());
            map.insert("age_days".to_owned(), age(&meta.newest).into());
        }
        shell.out(&format!("{value:#}"))?;
        return Ok(ExitCode::Clean);
    }
    shell.out(&screen(shell, meta, &file.display().to_string(), index.len()))?;
    Ok(ExitCode::Clean)
}

fn screen(shell: &Shell, meta: &Meta, file: &str, bytes: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", escape(file));
    let _ = writeln!(text, "  {}, {}", sentence(meta), format_bytes(bytes as u64));
    let _ = writeln!(text, "  {}", left_out(meta));
    let _ = writeln!(text, "  made {}; the newest advisory is {}", meta.created, aged(&meta.newest));
    let _ = writeln!(text, "\n  {:<28} {:>10} {:>10}  newest", "ecosystem", "advisories", "packages");
    let mut families: Vec<(&str, Vec<(&String, &seaworthy_facts::EcosystemFact)>)> = Vec::new();
    for (name, fact) in &meta.ecosystems {
        let base = name.split(':').next().unwrap_or(name);
        match families.last_mut().filter(|(known, _)| *known == base) {
            Some((_, list)) => list.push((name, fact)),
            None => families.push((base, vec![(name, fact)])),
        }
    }
    for (base, list) in families {
        if list.len() > RELEASES && shell.verbose == 0 {
            let newest = list.iter().map(|(_, fact)| &fact.newest).max().cloned().unwrap_or_default();
            let advisories: u64 = list.iter().map(|(_, fact)| fact.advisories).sum();
            let packages: u64 = list.iter().map(|(_, fact)| fact.packages).sum();
            let name = format!("{base} ({} releases)", list.len());
            let _ =
                writeln!(text, "  {:<28} {advisories:>10} {packages:>10}  {}", escape(&name), aged(&newest));
            continue;
        }
        for (name, fact) in list {
            let (advisories, packages) = (fact.advisories, fact.packages);
            let _ = writeln!(
                text,
                "  {:<28} {advisories:>10} {packages:>10}  {}",
                escape(name),
                aged(&fact.newest)
            );
        }
    }
    let _ = writeln!(text, "\n  sources");
    for source in &meta.sources {
        let _ = writeln!(
            text,
            "  {:>10} records  {:>9}  {}",
            source.records,
            format_bytes(source.bytes),
            escape(&source.name)
        );
    }
    text
}

/// `33,262 advisories about 101,234 packages of 30 ecosystems`.
pub(super) fn sentence(meta: &Meta) -> String {
    let packages: u64 = meta.ecosystems.values().map(|fact| fact.packages).sum();
    let mut text = format!(
        "{} advisories about {packages} packages of {} ecosystems",
        meta.advisories,
        meta.ecosystems.len()
    );
    if meta.epss + meta.kev > 0 {
        let _ = write!(text, "; EPSS of {}, KEV of {} CVEs", meta.epss, meta.kev);
    }
    text
}

/// What an import did not take.
pub(super) fn left_out(meta: &Meta) -> String {
    format!(
        "left out: {} withdrawn, {} about git commits only, {} repeated, {} unreadable",
        meta.withdrawn, meta.git_only, meta.repeated, meta.unreadable
    )
}

fn age(newest: &str) -> Option<i64> {
    let then = newest.parse::<jiff::Timestamp>().ok()?;
    Some(((jiff::Timestamp::now().as_second() - then.as_second()) / 86_400).max(0))
}

/// `2026-08-21 (91 days ago)`.
fn aged(newest: &str) -> String {
    let day = newest.get(..10).unwrap_or("not stated");
    match age(newest) {
        Some(0) => format!("{day} (today)"),
        Some(1) => format!("{day} (yesterday)"),
        Some(days) => format!("{day} ({days} days ago)"),
        None => day.to_owned(),
    }
}
