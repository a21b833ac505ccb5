//! Reports matrices with a value twice, and exclusions that exclude nothing.

use crate::{Cx, Sink, text};
use seaworthy_facts::TextFile;
use seaworthy_finding::did_you_mean;
use seaworthy_workflow::{Kind, Matrix, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

declare_rule! {
    name: "invalid-matrix",
    summary: "a matrix has a value twice, or excludes what it does not have",
    passes: "every matrix has each value once and excludes what it has",
    family: Workflow, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: ["actionlint/matrix"],
    refs: ["GitHub documentation, jobs.<job_id>.strategy.matrix"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let matrix = job.strategy.as_ref().and_then(|strategy| strategy.matrix.as_ref());
            if let Some(matrix) = matrix.filter(|matrix| matrix.expression.is_none()) {
                twice(&fact.file, matrix, out);
                excluded(&fact.file, matrix, out);
            }
        }
    }
}

/// Values that are compared at most.
const BUDGET: usize = 1_000_000;

fn command(file: &TextFile) -> String {
    format!("grep -n -A 12 'matrix:' {}", file.path)
}

fn twice(file: &TextFile, matrix: &Matrix, out: &mut Sink) {
    let mut budget = 8 * BUDGET;
    for row in &matrix.rows {
        let mut seen = BTreeSet::new();
        for value in row.values.iter().flatten() {
            let form = form(value);
            budget = budget.saturating_sub(form.len() + 1);
            if budget == 0 {
                return;
            }
            if seen.insert(form) {
                continue;
            }
            out.finding(format!("`{}` has the value `{}` twice", row.name.value, short(file, value)))
                .why("the same job runs twice, and the later one overwrites what the first one made")
                .help("remove one of them")
                .at_file(file, value.span)
                .command(command(file));
        }
    }
}

fn excluded(file: &TextFile, matrix: &Matrix, out: &mut Sink) {
    if matrix.exclude.is_empty() {
        return;
    }
    if matrix.rows.is_empty() && matrix.include.is_empty() && !matrix.include_unknown {
        out.finding("the matrix excludes combinations, but has none")
            .why("nothing is excluded, and no job runs from an empty matrix")
            .help("add the rows, or remove `exclude`")
            .at_file(file, matrix.key)
            .command(command(file));
        return;
    }
    // What a key may be: `None` where an expression gives it.
    let mut values: BTreeMap<&str, Option<Vec<&Arc<Node>>>> = BTreeMap::new();
    for row in &matrix.rows {
        let known = row.values.as_ref().map(|values| values.iter().collect());
        values.insert(row.name.as_str(), known);
    }
    for entry in matrix.include.iter().flatten() {
        let known = values.entry(entry.key.as_str()).or_insert_with(|| Some(Vec::new()));
        if let Some(known) = known {
            known.push(&entry.value);
        }
    }
    let mut budget = BUDGET;
    for entry in matrix.exclude.iter().flatten() {
        let name = entry.key.as_str();
        match values.get(name) {
            None if matrix.include_unknown => {}
            None => {
                let near = did_you_mean(name, values.keys().copied());
                let keys: Vec<&&str> = values.keys().collect();
                out.finding(format!("`exclude` names `{name}`, which the matrix does not have"))
                    .why("nothing is excluded, so the combination runs")
                    .help(near.map_or_else(
                        || format!("the matrix has {}", text::names(&keys, 6)),
                        |near| format!("did you mean `{near}`?"),
                    ))
                    .at_file(file, entry.key.span)
                    .command(command(file));
            }
            Some(Some(known))
                if !matrix.include_unknown
                    && !known.iter().any(|value| fits(value, &entry.value, &mut budget)) =>
            {
                out.finding(format!(
                    "`exclude` names `{name}: {}`, but no value of `{name}` fits",
                    short(file, &entry.value)
                ))
                .why("nothing is excluded, so the combination runs")
                .help("write one of the values of the row, with all of its parts spelled as there")
                .at_file(file, entry.value.span)
                .command(command(file));
            }
            _ => {}
        }
    }
}

/// Whether a value of a row is what a filter asks for: of mappings the filter may name a part.
fn fits(value: &Node, filter: &Node, budget: &mut usize) -> bool {
    // Aliases of aliases multiply; what is too long to compare is not reported.
    if *budget == 0 {
        return true;
    }
    *budget -= 1;
    let open = |node: &Node| node.text().is_some_and(seaworthy_workflow::Text::has_expression);
    if open(value) || open(filter) {
        return true;
    }
    match (&value.kind, &filter.kind) {
        (Kind::Scalar(value), Kind::Scalar(filter)) => value.value == filter.value,
        (Kind::Seq(value), Kind::Seq(filter)) => {
            value.len() == filter.len()
                && value.iter().zip(filter).all(|(value, filter)| fits(value, filter, budget))
        }
        (Kind::Map(_), Kind::Map(wanted)) => wanted.iter().all(|(key, filter)| {
            key.as_str().and_then(|key| value.get(key)).is_some_and(|value| fits(value, filter, budget))
        }),
        _ => false,
    }
}

/// A value in a form that is equal where values are equal, whatever the order of keys.
fn form(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

fn write(node: &Node, out: &mut String) {
    // Aliases of aliases multiply; two values that long are not worth comparing to the end.
    if out.len() > 1 << 16 {
        return;
    }
    match &node.kind {
        Kind::Scalar(text) => {
            out.push('"');
            out.push_str(&text.value);
            out.push('"');
        }
        Kind::Seq(items) => {
            out.push('[');
            for item in items {
                write(item, out);
            }
            out.push(']');
        }
        Kind::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str().unwrap_or_default().to_owned());
            out.push('{');
            for (key, value) in sorted {
                write(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn short(file: &TextFile, node: &Node) -> String {
    let shown: String = node.span.of(&file.text).split_whitespace().collect::<Vec<_>>().join(" ");
    match shown.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &shown[..at]),
        None => shown,
    }
}
