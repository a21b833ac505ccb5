//! The list of deliberate differences in `docs/differences.md`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

/// Reads the rows `| kind | case | reason |` of a kind; a row without a reason does not count.
pub(crate) fn read(kind: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differences.md");
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(rows(&text, kind))
}

fn rows(text: &str, kind: &str) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let Some(line) = line.trim().strip_prefix('|') else { continue };
        // Cases may hold `|` themselves; they are written `\|` as Markdown needs it.
        let line = line.replace("\\|", "\u{0}");
        let cells: Vec<String> =
            line.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{0}', "|")).collect();
        if let [row_kind, case, reason, ..] = cells.as_slice()
            && row_kind == kind
            && !reason.is_empty()
        {
            rows.insert(case.clone(), reason.clone());
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn a_row_counts_only_with_a_reason() {
        let text = "| kind | case | reason |\n|---|---|---|\n| k | `a \\| b` | why |\n| k | c | |\n| other | d | e |\n";
        let found = rows(text, "k");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a | b"]);
    }
}
