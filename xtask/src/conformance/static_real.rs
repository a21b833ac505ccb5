//! Kind `static-real`: real files of public repositories, judged by BuildKit's syntax trees and by moby's decisions
//! about ignore files. One case for each Dockerfile and for each path of each ignore file.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use anyhow::Context as _;
use seaworthy_dockerfile::{Dockerfile, Instruction, Kind, Phase, SyntaxError, ignore, parse};
use serde_json::{Map, Value, json};

use super::dockerfile_dump::node_words;
use crate::real;

/// Compares every Dockerfile and every decision of the folder `static/real`.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let files: BTreeMap<String, String> = real::files(dir)?.into_iter().collect();
    let (mut agree, mut total) = (0, 0);
    for row in rows(&dir.join("ast.jsonl.zst"))? {
        total += 1;
        let name = row["file"].as_str().context("a tree without file")?;
        let text = files.get(name).with_context(|| format!("{name} is not in the archive"))?;
        match tree(&row, text) {
            None => agree += 1,
            Some((expected, got)) => out(json!({"case": name, "expected": expected, "got": got})),
        }
    }
    for row in rows(&dir.join("ignore.jsonl.zst"))? {
        let name = row["file"].as_str().context("decisions without file")?;
        let text = files.get(name).with_context(|| format!("{name} is not in the archive"))?;
        let patterns = ignore::read(text);
        let paths = row["paths"].as_array().context("decisions without paths")?;
        for (at, path) in paths.iter().enumerate() {
            total += 1;
            let path = path.as_str().context("a path that is no text")?;
            let got = patterns.matches(path).ok();
            if got.is_some() && got == row["ignored"][at].as_bool() {
                agree += 1;
            } else {
                let case = format!("{name}: {path}");
                out(json!({"case": case, "expected": row["ignored"][at], "got": got}));
            }
        }
    }
    Ok((agree, total))
}

fn rows(path: &Path) -> anyhow::Result<Vec<Value>> {
    let file = std::fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
    let stream = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("reading {}: {error}", path.display()))?;
    let mut out = Vec::new();
    for line in BufReader::new(stream.take(1 << 30)).lines() {
        out.push(serde_json::from_str(&line?).with_context(|| format!("reading {}", path.display()))?);
    }
    Ok(out)
}

/// The first difference of a file's tree: BuildKit's part and ours.
fn tree(row: &Value, text: &str) -> Option<(Value, Value)> {
    let (file, errors) = parse(text);
    let none = Vec::new();
    let wanted = row["insts"].as_array().unwrap_or(&none);
    let got: Vec<Value> = file.instructions.iter().map(|item| node(&file, item, true)).collect();
    for at in 0..wanted.len().max(got.len()) {
        let (left, right) = (wanted.get(at).map(plain), got.get(at).cloned());
        if left != right {
            return Some((json!(left), json!(right)));
        }
    }
    let escape = json!(file.escape.to_string());
    if row["escape"] != escape {
        return Some((row["escape"].clone(), escape));
    }
    let stops = |phase: Phase| errors.iter().find(|error| error.fatal && error.phase == phase);
    for (phase, key) in [(Phase::Parse, "parse_err_line"), (Phase::Instructions, "instructions_err_line")] {
        let line = stops(phase).map(|error| first_line(&file, error));
        if row[key].as_u64().map(|line| usize::try_from(line).unwrap_or(usize::MAX)) != line {
            return Some((json!({key: row[key]}), json!({key: line})));
        }
    }
    None
}

/// The line of the instruction an error lies on.
fn first_line(file: &Dockerfile, error: &SyntaxError) -> usize {
    let owner = file
        .instructions
        .iter()
        .find(|item| item.span.start <= error.span.start && error.span.start < item.span.end);
    file.line_col(owner.map_or(error.span.start, |item| item.span.start)).0
}

/// BuildKit's node without what has no meaning: absent and empty are the same.
fn plain(node: &Value) -> Value {
    let mut out = Map::new();
    for key in ["cmd", "args", "flags", "json", "start", "end", "heredocs", "sub"] {
        let value = &node[key];
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty) || *value == json!(false);
        if !empty {
            out.insert(key.to_owned(), if key == "sub" { plain(value) } else { value.clone() });
        }
    }
    Value::Object(out)
}

fn node(file: &Dockerfile, item: &Instruction, top: bool) -> Value {
    let flags: Vec<String> = item
        .flags
        .iter()
        .map(|flag| match &flag.value {
            Some(value) => format!("--{}={}", flag.name, value.raw),
            None => format!("--{}", flag.name),
        })
        .collect();
    let heredocs: Vec<Value> = item
        .heredocs
        .iter()
        .map(|doc| {
            json!({
                "Name": doc.name, "Content": doc.content, "Expand": doc.expand, "Chomp": doc.strip_tabs,
                "FileDescriptor": doc.fd,
            })
        })
        .collect();
    // BuildKit does not count the lines of a trigger's own instruction.
    let line = |offset: usize| if top { file.line_col(offset).0 } else { 0 };
    let mut out = json!({
        "cmd": item.keyword_span.of(&file.source), "flags": flags, "json": is_json(item),
        "start": line(item.span.start), "end": line(item.span.end), "heredocs": heredocs,
    });
    if let Kind::Onbuild(inner) = &item.kind {
        out["sub"] = node(file, inner, false);
    } else {
        out["args"] = json!(node_words(item));
    }
    plain(&out)
}

/// Whether the arguments are a JSON array.
fn is_json(item: &Instruction) -> bool {
    use seaworthy_dockerfile::{Command, Healthcheck};
    match &item.kind {
        Kind::Run(command)
        | Kind::Cmd(command)
        | Kind::Entrypoint(command)
        | Kind::Healthcheck(Healthcheck::Cmd(command)) => matches!(command, Command::Exec(_)),
        Kind::Copy { json, .. } | Kind::Add { json, .. } | Kind::Volume { json, .. } => *json,
        Kind::Shell(words) => !words.is_empty(),
        _ => false,
    }
}
