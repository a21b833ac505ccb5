//! Reports variables that the source code reads and that no environment table names.

use super::variables::{docker, foreign, place, set};
use crate::{Cx, Sink, text};
use seaworthy_facts::{Absence, SourceFacts};
use seaworthy_finding::Persona;

declare_rule! {
    name: "undocumented-variable",
    summary: "the source code reads a variable that the environment table leaves out",
    passes: "the environment table names every variable the source code reads",
    family: Document, category: Truth, severity: Low, confidence: Medium, persona: Regular,
    aliases: ["claims.env-table-complete"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(source) = cx.source().filter(|source| !source.reads.is_empty()) else {
        out.not_applicable("no source code is known that reads variables by name");
        return;
    };
    // The document whose table knows most of them is the one that should know all.
    let table = cx.documents().iter().map(|document| {
        let rows = document.env_rows.iter().filter(|row| source.reads.contains_key(&row.name));
        (rows.count(), document)
    });
    let Some((known, document)) = table.max_by_key(|(known, document)| (*known, document.env_rows.len()))
    else {
        return;
    };
    let Some(first) = document.env_rows.iter().find(|row| source.reads.contains_key(&row.name)) else {
        return;
    };
    if known < 2 {
        return;
    }
    let missing = |name: &&String| {
        let told = cx.documents().iter().any(|document| document.file.text.contains(name.as_str()));
        !told && !foreign(name) && docker(cx).is_none_or(|docker| set(docker, name).is_none())
    };
    let names: Vec<&String> = source.reads.keys().filter(missing).collect();
    let (needed, rest): (Vec<&String>, Vec<&String>) =
        names.into_iter().partition(|name| stops(source, name));
    for (names, needed) in [(needed, true), (rest, false)] {
        let Some(one) = names.first() else { continue };
        let (verb, persona) =
            if needed { ("stops without", Persona::Regular) } else { ("reads", Persona::Pedantic) };
        out.finding(format!(
            "the source code {verb} {}, which no table names ({})",
            text::names(&names, 6),
            place(&source.reads[*one])
        ))
        .persona(persona)
        .why("who runs the image learns of it from a failure, or never")
        .help("add a row for it")
        .at_file(&document.file, first.span)
        .command(format!("grep -rnw {one} ."));
    }
}

/// Whether every place that reads a variable stops without it.
fn stops(source: &SourceFacts, name: &str) -> bool {
    source.reads[name].iter().all(|read| read.absence == Absence::Stops)
}
