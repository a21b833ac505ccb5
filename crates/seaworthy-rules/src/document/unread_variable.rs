//! Reports variables that documents and compose files name and that no source code reads.

use super::own::Own;
use super::variables::{about_source, foreign, meant, place};
use crate::{Cx, Sink};
use seaworthy_facts::{SourceFacts, TextFile};
use seaworthy_finding::{Applicability, Edit, Span};
use std::collections::BTreeSet;

declare_rule! {
    name: "unread-variable",
    summary: "a variable is documented or set that the source code never reads",
    passes: "every documented variable is read by the source code",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    fix: Unsafe,
    aliases: ["x/readme-variable", "claims.env-table"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(source) = cx.source().filter(|source| !source.reads.is_empty()) else {
        out.not_applicable("no source code is known that reads variables by name");
        return;
    };
    let own = Own::of(cx);
    for document in cx.documents() {
        let mut seen = BTreeSet::new();
        let known = about_source(document, source);
        let named: BTreeSet<&str> = document.env_rows.iter().map(|row| row.name.as_str()).collect();
        for row in &document.env_rows {
            if seen.insert(row.name.as_str()) {
                let said = Said { file: &document.file, span: row.span, known, beside: &named };
                said.judge("is documented", &row.name, source, out);
            }
        }
        for command in document.commands.iter().filter(|command| !command.inline) {
            let runs = matches!(command.verb.as_str(), "run" | "create");
            let ours = command.image().filter(|_| runs).map(|image| own.makes(&image.value));
            if ours != Some(Some(true)) {
                continue;
            }
            for value in command.values("env") {
                let name = value.value.split('=').next().unwrap_or_default();
                if seen.insert(name) {
                    let span = Span::new(value.span.start, value.span.start + name.len());
                    let exact = span.of(&document.file.text) == name;
                    let span = if exact { span } else { value.span };
                    let said = Said { file: &document.file, span, known: true, beside: &named };
                    said.judge("is set", name, source, out);
                }
            }
        }
    }
    for compose in cx.composes() {
        for service in &compose.services {
            if cx.service_dockerfile(compose, service).is_none() {
                continue;
            }
            let beside: BTreeSet<&str> =
                service.environment.iter().map(|(name, _)| name.value.as_str()).collect();
            for (name, _) in &service.environment {
                // What the file itself says is no proof that nothing else does: only what is nearly known is told.
                let said = Said { file: &compose.file, span: name.span, known: false, beside: &beside };
                said.judge("is set", &name.value, source, out);
            }
        }
    }
}

/// One place that names a variable.
struct Said<'a> {
    file: &'a TextFile,
    span: Span,
    /// Whether the place speaks of the project's own program for sure.
    known: bool,
    /// What else is named there.
    beside: &'a BTreeSet<&'a str>,
}

impl Said<'_> {
    fn judge(&self, how: &str, name: &str, source: &SourceFacts, out: &mut Sink) {
        if source.reads.contains_key(name) || source.in_code.contains(name) || foreign(name) {
            return;
        }
        let near = meant(name, source).filter(|near| !self.beside.contains(near));
        let gone = self.known && source.nowhere(name) && !source.computed_names;
        if near.is_none() && !gone {
            return;
        }
        let what = near.map_or_else(
            || "no file of the project but documents names it".to_owned(),
            |near| format!("the source code reads `{near}` ({})", place(&source.reads[near])),
        );
        let help = near.map_or_else(
            || "remove it, or read it".to_owned(),
            |near| format!("write `{near}`, or correct the source code"),
        );
        let finding = out
            .finding(format!("`{name}` {how}, but {what}"))
            .why("who sets it changes nothing, and is not told so")
            .help(help)
            .at_file(self.file, self.span)
            .command(format!("grep -rnw {} .", near.unwrap_or(name)));
        let written = self.span.of(&self.file.text);
        if let (Some(near), Some(at)) = (near, written.find(name)) {
            let start = self.span.start + at;
            let edit = Edit { span: Span::new(start, start + name.len()), text: near.to_owned() };
            finding.fix(Applicability::Unsafe, format!("Write `{near}`"), self.file, vec![edit]);
        }
    }
}
