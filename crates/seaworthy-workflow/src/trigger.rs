//! `on`.

use crate::model::{Entry, Input, Trigger};
use crate::node::{Kind, Node};
use crate::reader::Reader;
use crate::text::Text;
use seaworthy_finding::Span;
use std::sync::Arc;

impl Trigger {
    fn new(name: Text, span: Span) -> Self {
        Self {
            name,
            span,
            branches: None,
            branches_ignore: None,
            tags: None,
            tags_ignore: None,
            types: None,
            workflows: Vec::new(),
            crons: Vec::new(),
            inputs: Vec::new(),
            secrets: Vec::new(),
            outputs: Vec::new(),
            keys: Vec::new(),
        }
    }
}

pub(crate) fn read(reader: &mut Reader<'_>, node: &Arc<Node>) -> Vec<Trigger> {
    match &node.kind {
        Kind::Scalar(text) if !text.is_null() => vec![Trigger::new(text.clone(), text.span)],
        Kind::Seq(_) => {
            let names = reader.texts_of(node, "`on`");
            names.into_iter().map(|name| Trigger::new(name.clone(), name.span)).collect()
        }
        Kind::Map(_) => {
            let entries = reader.mapping(node, "`on`", None);
            entries.iter().map(|entry| event(reader, entry)).collect()
        }
        Kind::Scalar(_) => {
            reader.wrong(node, "`on`", "an event, a list of events or a mapping");
            Vec::new()
        }
    }
}

fn event(reader: &mut Reader<'_>, entry: &Entry) -> Trigger {
    let span = Span::new(entry.key.span.start, entry.value.span.end.max(entry.key.span.end));
    let mut out = Trigger::new(entry.key.clone(), span);
    let name = entry.key.as_str();
    if name == "schedule" {
        for item in entry.value.items() {
            let what = "an item of `schedule`";
            for entry in reader.mapping(item, what, Some(&["cron", "timezone"])) {
                if entry.key.value == "cron" {
                    out.crons.extend(reader.text(&entry));
                }
            }
        }
        if !entry.value.is_seq() {
            reader.wrong(&entry.value, "`schedule`", "a list of `cron`");
        }
        return out;
    }
    if entry.value.is_null() {
        return out;
    }
    let what = format!("the event `{name}`");
    out.keys = reader.mapping(&entry.value, &what, Some(keys(name)));
    for entry in out.keys.clone() {
        match entry.key.as_str() {
            "branches" => out.branches = Some(reader.texts(&entry)),
            "branches-ignore" => out.branches_ignore = Some(reader.texts(&entry)),
            "tags" => out.tags = Some(reader.texts(&entry)),
            "tags-ignore" => out.tags_ignore = Some(reader.texts(&entry)),
            "types" => out.types = Some(reader.texts(&entry)),
            "workflows" => out.workflows = reader.texts(&entry),
            "inputs" => {
                out.inputs = reader
                    .named(&entry)
                    .iter()
                    .map(|entry| input(reader, entry, "an input", INPUT))
                    .collect();
            }
            "secrets" => {
                let entries = reader.named(&entry);
                out.secrets = entries.iter().map(|entry| input(reader, entry, "a secret", SECRET)).collect();
            }
            "outputs" => out.outputs = outputs(reader, &entry, &["description", "value"]),
            _ => {}
        }
    }
    out
}

const INPUT: &[&str] = &["description", "required", "default", "type", "options", "deprecationMessage"];
const SECRET: &[&str] = &["description", "required"];

/// The keys of an event.
fn keys(event: &str) -> &'static [&'static str] {
    match event {
        "workflow_call" => &["inputs", "secrets", "outputs"],
        "workflow_dispatch" => &["inputs"],
        "repository_dispatch" => &["types"],
        "image_version" => &["names", "versions"],
        _ => &[
            "types",
            "branches",
            "branches-ignore",
            "tags",
            "tags-ignore",
            "paths",
            "paths-ignore",
            "workflows",
        ],
    }
}

pub(crate) fn input(reader: &mut Reader<'_>, entry: &Entry, what: &str, known: &[&str]) -> Input {
    let mut out = Input {
        name: entry.key.clone(),
        kind: None,
        required: false,
        default: None,
        options: Vec::new(),
        deprecated: false,
    };
    if entry.value.is_null() {
        return out;
    }
    let what = format!("{what} (`{}`)", entry.key.value);
    for entry in reader.mapping(&entry.value, &what, Some(known)) {
        match entry.key.as_str() {
            "type" => out.kind = reader.text(&entry),
            "required" => out.required = entry.as_str().eq_ignore_ascii_case("true"),
            "default" if !entry.value.is_null() => out.default = Some(entry.value),
            "options" => out.options = reader.texts(&entry),
            "deprecationMessage" => out.deprecated = true,
            _ => {}
        }
    }
    out
}

pub(crate) fn outputs(reader: &mut Reader<'_>, entry: &Entry, known: &[&str]) -> Vec<(Text, Option<Text>)> {
    let mut out = Vec::new();
    for entry in reader.named(entry) {
        let what = format!("the output `{}`", entry.key.value);
        let entries =
            if entry.value.is_null() { Vec::new() } else { reader.mapping(&entry.value, &what, Some(known)) };
        let value = entries.iter().find(|entry| entry.key.value == "value");
        out.push((entry.key, value.and_then(|entry| entry.value.text().cloned())));
    }
    out
}
