//! A parsed Dockerfile in the two forms the answers have: the text of the tree, and typed instructions.

use std::fmt::Write as _;

use seaworthy_dockerfile::{
    Command, Dockerfile, Healthcheck, Heredoc, Instruction, Keyword, Kind, Pair, Word, duration, mounts,
};
use serde_json::{Map, Value, json};

/// `(instruction "word" …)`, one a line.
pub(crate) fn tree_text(file: &Dockerfile) -> String {
    let lines: Vec<String> =
        file.instructions.iter().map(|instruction| format!("({})", node(file, instruction))).collect();
    lines.join("\n")
}

fn node(file: &Dockerfile, instruction: &Instruction) -> String {
    let mut out = instruction.keyword_span.of(&file.source).to_lowercase();
    if !instruction.flags.is_empty() {
        let flags: Vec<String> = instruction
            .flags
            .iter()
            .map(|flag| match &flag.value {
                Some(value) => quote(&format!("--{}={}", flag.name, value.raw)),
                None => quote(&format!("--{}", flag.name)),
            })
            .collect();
        let _ = write!(out, " [{}]", flags.join(" "));
    }
    if let Kind::Onbuild(inner) = &instruction.kind {
        let _ = write!(out, " ({})", node(file, inner));
        return out;
    }
    for word in node_words(instruction) {
        out.push(' ');
        out.push_str(&quote(&word));
    }
    out
}

/// Words split at blanks only.
fn list(text: &str) -> Vec<String> {
    text.split(['\t', '\u{b}', '\u{c}', '\r', ' '])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words of an instruction as BuildKit's parser gives them.
pub(crate) fn node_words(instruction: &Instruction) -> Vec<String> {
    let rest =
        || if instruction.arguments.is_empty() { Vec::new() } else { vec![instruction.arguments.clone()] };
    match &instruction.kind {
        Kind::From { .. } => list(&instruction.arguments),
        Kind::Run(command) | Kind::Cmd(command) | Kind::Entrypoint(command) => command_words(command),
        Kind::Copy { json: false, .. } | Kind::Add { json: false, .. } => list(&instruction.arguments),
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            sources.iter().chain(dest).map(|word| word.raw.clone()).collect()
        }
        Kind::Env { pairs, legacy } | Kind::Label { pairs, legacy } => pairs
            .iter()
            .flat_map(|pair| {
                let sign = if *legacy { "" } else { "=" };
                [pair.key.raw.clone(), pair.value.raw.clone(), sign.to_owned()]
            })
            .collect(),
        Kind::Arg { args } => args
            .iter()
            .map(|arg| match &arg.default {
                Some(default) => format!("{}={}", arg.name.raw, default.raw),
                None => arg.name.raw.clone(),
            })
            .collect(),
        Kind::Expose { ports } => raws(ports),
        Kind::Volume { paths, .. } => raws(paths),
        Kind::User(_) | Kind::Workdir(_) | Kind::Stopsignal(_) | Kind::Maintainer(_) => rest(),
        Kind::Shell(words) if words.is_empty() => rest(),
        Kind::Shell(words) => raws(words),
        Kind::Healthcheck(check) => {
            let mut words: Vec<String> =
                instruction.arguments.split_whitespace().take(1).map(str::to_owned).collect();
            if let Healthcheck::Cmd(command) = check {
                words.extend(command_words(command));
            }
            words
        }
        Kind::Unknown { .. } if instruction.keyword == Keyword::Unknown => vec![String::new()],
        Kind::Unknown { .. } | Kind::Onbuild(_) => Vec::new(),
    }
}

fn raws(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.raw.clone()).collect()
}

fn command_words(command: &Command) -> Vec<String> {
    match command {
        Command::Exec(words) => raws(words),
        Command::Shell { script, .. } if script.is_empty() => Vec::new(),
        Command::Shell { script, .. } => vec![script.clone()],
    }
}

/// A text as Go quotes it.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for ch in text.chars() {
        match ch {
            '"' | '\\' => {
                out.push('\\');
                out.push(ch);
            }
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ch if ch < ' ' || ch == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(ch));
            }
            // Go prints letters and signs as they are and escapes blanks and controls beyond ASCII.
            ch if ch.is_control() || ch.is_whitespace() && ch != ' ' || ch == '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(ch));
            }
            ch => out.push(ch),
        }
    }
    out.push('"');
    out
}

/// Global arguments and stages with their instructions.
pub(crate) fn stages_json(file: &Dockerfile) -> (Value, Value) {
    let meta: Vec<Value> = file.meta_args().map(|instruction| command_json(file, instruction)).collect();
    let stages: Vec<Value> = file
        .stages()
        .iter()
        .map(|stage| {
            let image = match &stage.from.kind {
                Kind::From { image, .. } => image.raw.as_str(),
                _ => "",
            };
            let commands: Vec<Value> =
                stage.instructions.iter().map(|instruction| command_json(file, instruction)).collect();
            json!({
                "base": image,
                "name": stage.name.clone().unwrap_or_default(),
                "platform": stage.from.flag_value("platform").map_or("", |value| value.raw.as_str()),
                "commands": commands,
            })
        })
        .collect();
    (Value::Array(meta), Value::Array(stages))
}

/// The short texts of the parser's warnings.
pub(crate) fn warnings_json(file: &Dockerfile) -> Value {
    file.instructions
        .iter()
        .filter(|instruction| !instruction.empty_lines.is_empty())
        .map(|instruction| json!(format!("Empty continuation line found in: {}", instruction.text)))
        .collect()
}

fn command_json(file: &Dockerfile, instruction: &Instruction) -> Value {
    let first = file.line_col(instruction.span.start).0;
    let last = file.line_col(instruction.span.end).0;
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("instruction", json!(instruction.keyword.as_str()));
    put("lines", json!([first, last]));
    match &instruction.kind {
        Kind::Run(command) => {
            put_command(&mut put, instruction.keyword, command);
            put_run(&mut put, instruction);
        }
        Kind::Cmd(command) | Kind::Entrypoint(command) => put_command(&mut put, instruction.keyword, command),
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            put("sources", if sources.is_empty() { Value::Null } else { json!(raws(sources)) });
            put("dest", json!(dest.as_ref().map_or("", |dest| dest.raw.as_str())));
            put("flags", transfer_flags(instruction));
            let docs = transfer_heredocs(file, &instruction.heredocs);
            if !docs.is_empty() {
                put("heredocs", Value::Array(docs));
            }
        }
        Kind::Env { pairs, .. } => put("env", pairs_json(pairs)),
        Kind::Label { pairs, .. } => put("labels", pairs_json(pairs)),
        Kind::Arg { args } => put(
            "args",
            args.iter()
                .map(|arg| json!([arg.name.raw, arg.default.as_ref().map(|default| default.raw.as_str())]))
                .collect(),
        ),
        Kind::Expose { ports } => {
            let mut ports = raws(ports);
            ports.sort();
            put("ports", json!(ports));
        }
        Kind::User(word) => put("user", json!(word.raw)),
        Kind::Workdir(word) => put("path", json!(word.raw)),
        Kind::Stopsignal(word) => put("signal", json!(word.raw)),
        Kind::Maintainer(word) => put("maintainer", json!(word.raw)),
        Kind::Shell(words) => put("shell", json!(raws(words))),
        Kind::Volume { paths, .. } => {
            put("volumes", paths.iter().map(|path| json!(path.raw.trim())).collect());
        }
        Kind::Healthcheck(check) => put("health", health_json(instruction, check)),
        Kind::Onbuild(inner) => {
            let mut expression = instruction.arguments.clone();
            for doc in &inner.heredocs {
                let _ = write!(expression, "\n{}{}", doc.content, doc.name);
            }
            put("expression", json!(expression));
        }
        Kind::From { .. } | Kind::Unknown { .. } => {}
    }
    Value::Object(out)
}

fn put_command(put: &mut dyn FnMut(&str, Value), keyword: Keyword, command: &Command) {
    let words = command_words(command);
    // Of ENTRYPOINT alone BuildKit tells an empty list from none.
    let none = words.is_empty() && keyword == Keyword::Entrypoint;
    put("cmdline", if none { Value::Null } else { json!(words) });
    put("shell_form", json!(matches!(command, Command::Shell { .. })));
}

fn put_run(put: &mut dyn FnMut(&str, Value), instruction: &Instruction) {
    if !instruction.heredocs.is_empty() {
        put(
            "heredocs",
            instruction
                .heredocs
                .iter()
                .map(|doc| json!({"chomp": doc.strip_tabs, "data": doc.content, "name": doc.name}))
                .collect(),
        );
    }
    let found: Vec<Value> = instruction
        .flags
        .iter()
        .filter(|flag| flag.name == "mount")
        .filter_map(|flag| flag.value.as_ref())
        .map(|value| mount_json(&mounts::parse(value)))
        .collect();
    if !found.is_empty() {
        put("mounts", json!(found));
    }
    let value = |name: &str, default: &str| {
        json!(instruction.flag_value(name).map_or(default, |value| value.raw.as_str()))
    };
    put("network", value("network", "default"));
    put("security", value("security", "sandbox"));
}

/// BuildKit reads everything but `from` only when the build runs, so its answer holds defaults.
fn mount_json(mount: &mounts::Mount) -> Value {
    json!({
        "Type": "bind", "From": mount.from().unwrap_or_default(), "Source": "", "Target": "", "ReadOnly": true,
        "SizeLimit": 0, "CacheID": "", "CacheSharing": "", "Required": false, "Env": null, "Mode": null, "UID": null,
        "GID": null,
    })
}

fn transfer_flags(instruction: &Instruction) -> Value {
    let mut out = Map::new();
    for flag in &instruction.flags {
        let value = flag.value.as_ref().map(|value| value.raw.clone());
        match flag.name.as_str() {
            "link" | "parents" | "keep-git-dir" | "unpack" => {
                let on = value.is_none_or(|value| value.eq_ignore_ascii_case("true"));
                if on || flag.name == "unpack" {
                    out.insert(flag.name.clone(), json!(on));
                }
            }
            "exclude" => {
                if let Some(list) = out.entry("exclude").or_insert_with(|| json!([])).as_array_mut() {
                    list.push(json!(value));
                }
            }
            name => {
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    out.insert(name.to_owned(), json!(value));
                }
            }
        }
    }
    Value::Object(out)
}

fn transfer_heredocs(file: &Dockerfile, docs: &[Heredoc]) -> Vec<Value> {
    docs.iter()
        // COPY and ADD look for heredocs in their own words, which end at any blank.
        .filter(|doc| !doc.span.of(&file.source).contains([' ', '\t']))
        .map(|doc| {
            // Of heredocs of one name BuildKit keeps the last body.
            let body = docs.iter().rev().find(|other| other.name == doc.name).unwrap_or(doc);
            let data: String = if doc.strip_tabs {
                body.content.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
            } else {
                body.content.clone()
            };
            json!({"data": data, "expand": doc.expand, "path": doc.name})
        })
        .collect()
}

fn pairs_json(pairs: &[Pair]) -> Value {
    pairs.iter().map(|pair| json!([pair.key.raw, pair.value.raw])).collect()
}

fn health_json(instruction: &Instruction, check: &Healthcheck) -> Value {
    let Healthcheck::Cmd(command) = check else { return json!({"Test": ["NONE"]}) };
    let typ = if matches!(command, Command::Exec(_)) { "CMD" } else { "CMD-SHELL" };
    let mut test = vec![typ.to_owned()];
    test.extend(command_words(command));
    let mut out = Map::new();
    out.insert("Test".to_owned(), json!(test));
    let times = [
        ("interval", "Interval"),
        ("timeout", "Timeout"),
        ("start-period", "StartPeriod"),
        ("start-interval", "StartInterval"),
    ];
    for (flag, key) in times {
        let time = instruction.flag_value(flag).and_then(|value| duration::parse_go(&value.raw));
        if let Some(time) = time.filter(|time| *time != 0) {
            out.insert(key.to_owned(), json!(time));
        }
    }
    let retries = instruction.flag_value("retries").and_then(|value| value.raw.parse::<i64>().ok());
    if let Some(retries) = retries.filter(|retries| *retries != 0) {
        out.insert("Retries".to_owned(), json!(retries));
    }
    Value::Object(out)
}
