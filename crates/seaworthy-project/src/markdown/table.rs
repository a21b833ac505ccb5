//! Tables of environment variables.

use seaworthy_facts::EnvRow;
use seaworthy_finding::Span;

/// A table as it is read: rows of cells, the first row being the heading.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

#[derive(Default)]
struct Cell {
    text: String,
    span: Span,
}

impl Table {
    pub(crate) fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(crate) fn cell(&mut self, span: Span) {
        if let Some(row) = self.rows.last_mut() {
            row.push(Cell { text: String::new(), span });
        }
    }

    pub(crate) fn text(&mut self, words: &str, span: Span) {
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            if cell.text.is_empty() {
                cell.span = span;
            }
            cell.text.push_str(words);
        }
    }

    /// The rows whose first cell is the name of a variable, where the heading says that it is one.
    pub(crate) fn rows(&self) -> Vec<EnvRow> {
        let Some((head, rows)) = self.rows.split_first() else { return Vec::new() };
        let column = |words: &[&str]| {
            head.iter()
                .position(|cell| words.iter().any(|word| cell.text.to_ascii_lowercase().contains(word)))
        };
        let Some(name) = column(&["variable", "env", "name", "setting", "parameter"]) else {
            return Vec::new();
        };
        let required = column(&["required", "mandatory"]);
        let default = column(&["default"]);
        let cell = |row: &[Cell], at: Option<usize>| {
            at.and_then(|at| row.get(at)).map(|cell| cell.text.trim().to_owned()).unwrap_or_default()
        };
        rows.iter()
            .filter_map(|row| {
                let first = row.get(name)?;
                let variable = first.text.trim();
                let upper =
                    variable.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
                if variable.len() < 2 || !upper || !variable.starts_with(|c: char| c.is_ascii_uppercase()) {
                    return None;
                }
                let said = cell(row, default);
                let empty = matches!(
                    said.to_lowercase().as_str(),
                    "" | "-" | "\u{2013}" | "\u{2014}" | "none" | "n/a" | "required" | "(required)" | "unset"
                );
                let mut needed = yes_or_no(&cell(row, required));
                if required.is_none() && said.to_lowercase().contains("required") {
                    needed = Some(true);
                }
                Some(EnvRow {
                    name: variable.to_owned(),
                    span: first.span,
                    required: needed,
                    default: (!empty).then_some(said),
                })
            })
            .collect()
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    let lower = text.to_lowercase();
    let word = lower
        .split(|c: char| !c.is_alphanumeric() && !"\u{2713}\u{2714}\u{2705}\u{2717}\u{274c}".contains(c))
        .find(|word| !word.is_empty());
    match word {
        Some(
            "yes" | "true" | "required" | "mandatory" | "always" | "x" | "\u{2713}" | "\u{2714}" | "\u{2705}",
        ) => Some(true),
        Some("no" | "false" | "optional" | "\u{2717}" | "\u{274c}") => Some(false),
        _ => None,
    }
}
