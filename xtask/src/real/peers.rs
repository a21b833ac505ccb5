//! What other tools said about the same files: found by both, only by us, only by them.

use super::{Judged, judged};
use anyhow::Context as _;
use seaworthy_finding::{LineIndex, Location};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// Rows of one alias: found by both at the same statement, by both elsewhere in the file, only by us, only by them.
#[derive(Default)]
struct Row {
    both: usize,
    elsewhere: usize,
    ours: usize,
    theirs: usize,
    /// Where one side is alone.
    places: Vec<String>,
}

/// The table of every alias that a tool and a rule share, and the tools' findings no rule serves.
pub(crate) fn table(dir: &Path) -> anyhow::Result<String> {
    let all = judged(dir)?;
    let served: BTreeSet<&str> =
        seaworthy_rules::rules().flat_map(|rule| rule.meta.aliases.iter().copied()).collect();
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    let mut unserved: BTreeMap<(String, String), usize> = BTreeMap::new();
    for answer in answers(dir)? {
        let Some(one) = answer["file"].as_str().and_then(|path| all.iter().find(|one| one.path == path))
        else {
            continue;
        };
        let starts = statements(one);
        for (tool, theirs) in said(&answer) {
            let mut theirs_by: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (alias, line) in theirs {
                if alias == "SC" || served.contains(alias.as_str()) || alias.starts_with("SC") {
                    theirs_by.entry(alias).or_default().push(start_of(&starts, line));
                } else {
                    *unserved.entry((tool.clone(), alias)).or_default() += 1;
                }
            }
            let ours_by = ours(one, &tool, &starts);
            let aliases: BTreeSet<&String> = theirs_by.keys().chain(ours_by.keys()).collect();
            for alias in aliases {
                let row = rows.entry((tool.clone(), alias.clone())).or_default();
                let none = Vec::new();
                let (mine, other) =
                    (ours_by.get(alias).unwrap_or(&none), theirs_by.get(alias).unwrap_or(&none));
                count(row, &one.path, mine, other);
            }
        }
    }
    Ok(render(&rows, &unserved))
}

fn count(row: &mut Row, path: &str, ours: &[usize], theirs: &[usize]) {
    let mut left = theirs.to_vec();
    let mut alone = Vec::new();
    for line in ours {
        match left.iter().position(|other| other == line) {
            Some(at) => {
                left.swap_remove(at);
                row.both += 1;
            }
            None => alone.push(*line),
        }
    }
    let shared = alone.len().min(left.len());
    row.elsewhere += shared;
    row.ours += alone.len() - shared;
    row.theirs += left.len() - shared;
    row.places.extend(alone.iter().skip(shared).map(|line| format!("+ {path}:{line}")));
    row.places.extend(left.iter().skip(shared).map(|line| format!("- {path}:{line}")));
}

fn render(rows: &BTreeMap<(String, String), Row>, unserved: &BTreeMap<(String, String), usize>) -> String {
    let mut out = String::from(
        "| tool | alias | both | both, other line | only us | only them |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for ((tool, alias), row) in rows {
        let _ = writeln!(
            out,
            "| {tool} | {alias} | {} | {} | {} | {} |",
            row.both, row.elsewhere, row.ours, row.theirs
        );
    }
    out.push_str("\nNot served:\n");
    for ((tool, alias), count) in unserved {
        let _ = writeln!(out, "{tool} {alias} {count}");
    }
    out.push_str("\nWhere one side is alone (+ us, - them):\n");
    for ((tool, alias), row) in rows {
        for place in &row.places {
            let _ = writeln!(out, "{tool} {alias} {place}");
        }
    }
    out
}

fn answers(dir: &Path) -> anyhow::Result<Vec<Value>> {
    let path = dir.join("oracle.jsonl.zst");
    let file = std::fs::File::open(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(std::io::BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("reading {}: {error}", path.display()))?
        .read_to_string(&mut text)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Each tool that answered, with its findings under the names our rules have as aliases.
fn said(answer: &Value) -> Vec<(String, Vec<(String, usize)>)> {
    let Some(fields) = answer.as_object() else { return Vec::new() };
    let mut out = Vec::new();
    for (tool, value) in fields {
        let list = if tool == "buildkit" { &value["lint"] } else { value };
        let Some(list) = list.as_array() else { continue };
        let named = list.iter().filter_map(|item| {
            let line = usize::try_from(item[1].as_u64()?).ok()?;
            Some((alias(tool, item[0].as_str()?), line))
        });
        out.push((tool.clone(), named.collect()));
    }
    out
}

fn alias(tool: &str, name: &str) -> String {
    match tool {
        "zizmor" | "zizmor-auditor" => format!("zizmor/{name}"),
        "actionlint" | "dclint" => format!("{tool}/{name}"),
        "tally" => name.trim_start_matches("hadolint/").trim_start_matches("buildkit/").to_owned(),
        _ => name.to_owned(),
    }
}

/// Our findings that carry an alias of the tool's, by alias.
fn ours(one: &Judged, tool: &str, starts: &[(usize, usize)]) -> BTreeMap<String, Vec<usize>> {
    let mut out: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for finding in &one.findings {
        let line = match &finding.location {
            Location::File { line, .. } => *line,
            _ => 0,
        };
        for alias in finding.aliases.iter().filter(|alias| belongs(tool, alias)) {
            out.entry(alias.clone()).or_default().push(start_of(starts, line));
        }
    }
    out
}

fn belongs(tool: &str, alias: &str) -> bool {
    match tool {
        "hadolint" => alias.starts_with("DL") || alias.starts_with("SC"),
        "tally" => belongs("hadolint", alias) || belongs("buildkit", alias),
        "buildkit" => alias.chars().all(char::is_alphabetic) && alias.starts_with(char::is_uppercase),
        "checkov" => alias.starts_with("CKV"),
        "compose-lint" => alias.starts_with("CL-"),
        // The regular persona's findings are a part of the auditor's, so only these can be compared.
        "zizmor-auditor" => alias.starts_with("zizmor/"),
        "actionlint" | "dclint" => alias.starts_with(&format!("{tool}/")),
        _ => false,
    }
}

/// First and last line of each instruction of a Dockerfile; nothing elsewhere.
fn statements(one: &Judged) -> Vec<(usize, usize)> {
    if one.kind() != "dockerfiles" {
        return Vec::new();
    }
    let (tree, _) = seaworthy_dockerfile::parse(&one.text);
    let lines = LineIndex::new(&one.text);
    let line = |at: usize| lines.line_col(&one.text, at).0;
    tree.instructions.iter().map(|item| (line(item.span.start), line(item.span.end))).collect()
}

fn start_of(starts: &[(usize, usize)], line: usize) -> usize {
    starts.iter().find(|(from, to)| (*from..=*to).contains(&line)).map_or(line, |(from, _)| *from)
}
