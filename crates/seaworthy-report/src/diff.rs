//! A fix shown as the lines it takes away and the lines it adds.

use seaworthy_finding::{Edit, Fix, LineIndex, Span, apply_edits};

/// One run of changed lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// 1-based number of the first line taken away, or of the line the new ones stand before.
    pub line: usize,
    /// Lines taken away.
    pub removed: Vec<String>,
    /// Lines added.
    pub added: Vec<String>,
}

/// The changed lines of a fix, in the order of the file. Empty where the edits do not fit the text.
pub(crate) fn hunks(source: &str, fix: &Fix) -> Vec<Hunk> {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    if apply_edits(source, &fix.edits).is_err() {
        return Vec::new();
    }
    let index = LineIndex::new(source);
    let mut groups: Vec<(Span, Vec<Edit>)> = Vec::new();
    for edit in edits {
        let lines = whole_lines(source, edit.span);
        match groups.last_mut() {
            Some((span, list)) if lines.start < span.end || lines.start == span.start => {
                span.end = span.end.max(lines.end);
                list.push(edit.clone());
            }
            _ => groups.push((lines, vec![edit.clone()])),
        }
    }
    groups
        .into_iter()
        .filter_map(|(span, edits)| {
            let shift = |edit: &Edit| Edit {
                span: Span::new(edit.span.start - span.start, edit.span.end - span.start),
                text: edit.text.clone(),
            };
            let old = span.of(source);
            let shifted: Vec<Edit> = edits.iter().map(shift).collect();
            let new = apply_edits(old, &shifted).ok()?;
            let (line, _) = index.line_col(source, span.start);
            Some(trim(line, split(old), split(&new)))
        })
        .filter(|hunk| !hunk.removed.is_empty() || !hunk.added.is_empty())
        .collect()
}

/// The hunks as a unified diff with file headers.
pub(crate) fn unified(path: &str, hunks: &[Hunk]) -> String {
    use std::fmt::Write as _;
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    let mut shift: isize = 0;
    for hunk in hunks {
        let (old, new) = (hunk.removed.len(), hunk.added.len());
        // An empty side is numbered by the line before it.
        let from = if old == 0 { hunk.line - 1 } else { hunk.line };
        let to = hunk.line.saturating_add_signed(shift).saturating_sub(usize::from(new == 0));
        let _ = writeln!(out, "@@ -{from},{old} +{to},{new} @@");
        for line in &hunk.removed {
            let _ = writeln!(out, "-{line}");
        }
        for line in &hunk.added {
            let _ = writeln!(out, "+{line}");
        }
        shift += new.cast_signed() - old.cast_signed();
    }
    out
}

/// The span widened to whole lines, the last line's end included.
fn whole_lines(source: &str, span: Span) -> Span {
    let start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let ends_a_line = span.end > start && source[..span.end].ends_with('\n');
    let end = if ends_a_line {
        span.end
    } else {
        source[span.end..].find('\n').map_or(source.len(), |at| span.end + at + 1)
    };
    Span::new(start, end)
}

fn split(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Leaves out the lines both sides begin or end with.
fn trim(line: usize, mut removed: Vec<String>, mut added: Vec<String>) -> Hunk {
    let head = removed.iter().zip(&added).take_while(|(a, b)| a == b).count();
    removed.drain(..head);
    added.drain(..head);
    let tail = removed.iter().rev().zip(added.iter().rev()).take_while(|(a, b)| a == b).count();
    removed.truncate(removed.len() - tail);
    added.truncate(added.len() - tail);
    Hunk { line: line + head, removed, added }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_finding::Applicability;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits
            .iter()
            .map(|(start, end, text)| Edit { span: Span::new(*start, *end), text: (*text).to_owned() });
        Fix {
            title: "x".to_owned(),
            applicability: Applicability::Safe,
            path: "F".to_owned(),
            edits: edits.collect(),
        }
    }

    #[test]
    fn a_replacement_shows_only_its_own_line() {
        let got = hunks("FROM a\nWORKDIR app\nRUN b\n", &fix(&[(15, 15, "/")]));
        assert_eq!(
            got,
            [Hunk { line: 2, removed: vec!["WORKDIR app".into()], added: vec!["WORKDIR /app".into()] }]
        );
        assert_eq!(unified("F", &got), "--- a/F\n+++ b/F\n@@ -2,1 +2,1 @@\n-WORKDIR app\n+WORKDIR /app\n");
    }

    #[test]
    fn insertions_deletions_and_two_edits_of_one_line() {
        assert_eq!(
            hunks("a\nb\n", &fix(&[(2, 2, "new\n")])),
            [Hunk { line: 2, removed: vec![], added: vec!["new".into()] }]
        );
        assert_eq!(
            hunks("a\nb\nc\n", &fix(&[(2, 4, "")])),
            [Hunk { line: 2, removed: vec!["b".into()], added: vec![] }]
        );
        assert_eq!(
            hunks("x y z\n", &fix(&[(0, 1, "X"), (4, 5, "Z")])),
            [Hunk { line: 1, removed: vec!["x y z".into()], added: vec!["X y Z".into()] }]
        );
        assert_eq!(
            hunks("a\n", &fix(&[(2, 2, "end\n")])),
            [Hunk { line: 2, removed: vec![], added: vec!["end".into()] }]
        );
    }

    #[test]
    fn edits_that_do_not_fit_the_text_show_nothing() {
        assert!(hunks("short", &fix(&[(2, 99, "x")])).is_empty());
        assert!(hunks("dé", &fix(&[(2, 2, "x")])).is_empty());
    }
}

/// The edits of a file as a unified diff, for `check --diff`. Empty where the edits do not fit the text.
pub fn of_edits(path: &str, source: &str, edits: &[Edit]) -> String {
    let fix = Fix {
        title: String::new(),
        applicability: seaworthy_finding::Applicability::Display,
        path: path.to_owned(),
        edits: edits.to_vec(),
    };
    unified(path, &hunks(source, &fix))
}
