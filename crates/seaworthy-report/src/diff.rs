//! A fix shown as the lines it takes away and the lines it adds.

use seaworthy_finding::{Edit, Fix, LineIndex, Span, apply_edits};
use std::fmt::Write as _;
use std::ops::Range;

/// One run of changed lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// 1-based number of the first line taken away, or of the line the new ones stand before.
    pub line: usize,
    /// Lines taken away, with their ends.
    pub removed: Vec<String>,
    /// Lines added, with their ends.
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

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The edits of a file as a unified diff, for `check --diff`. Empty where the edits do not fit the text.
pub fn of_edits(path: &str, source: &str, edits: &[Edit]) -> String {
    let fix = Fix {
        title: String::new(),
        applicability: seaworthy_finding::Applicability::Display,
        path: path.to_owned(),
        edits: edits.to_vec(),
    };
    unified(path, source, &hunks(source, &fix))
}

/// The hunks of a text as a unified diff that `patch` and `git apply` take. Empty where nothing changes.
pub(crate) fn unified(path: &str, source: &str, hunks: &[Hunk]) -> String {
    if hunks.is_empty() {
        return String::new();
    }
    let old: Vec<&str> = source.split_inclusive('\n').collect();
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    let mut shift: isize = 0;
    let mut rest = hunks;
    while let Some(first) = rest.first() {
        // Changes whose context would touch share one hunk.
        let mut count = 1;
        let mut end = first.line - 1 + first.removed.len();
        while let Some(next) = rest.get(count).filter(|next| next.line <= end + 1 + 2 * CONTEXT) {
            end = next.line - 1 + next.removed.len();
            count += 1;
        }
        let (group, later) = rest.split_at(count);
        rest = later;
        let from = (first.line - 1).saturating_sub(CONTEXT).min(old.len());
        let to = (end + CONTEXT).min(old.len());
        shift = one_hunk(&mut out, &old, group, from..to, shift);
    }
    out
}

/// Writes the hunks of one group, and gives by how many lines the new text is now ahead.
fn one_hunk(out: &mut String, old: &[&str], group: &[Hunk], range: Range<usize>, shift: isize) -> isize {
    let removed: usize = group.iter().map(|hunk| hunk.removed.len()).sum();
    let added: usize = group.iter().map(|hunk| hunk.added.len()).sum();
    let (before, after) = (range.len(), range.len() + added - removed);
    // An empty side is numbered by the line before it.
    let number = |start: usize, length: usize| start + usize::from(length > 0);
    let new_start = range.start.saturating_add_signed(shift);
    let _ = writeln!(
        out,
        "@@ -{},{before} +{},{after} @@",
        number(range.start, before),
        number(new_start, after)
    );
    let mut at = range.start;
    for hunk in group {
        let line = (hunk.line - 1).min(range.end);
        for same in old.get(at..line).unwrap_or_default() {
            push(out, ' ', same);
        }
        hunk.removed.iter().for_each(|text| push(out, '-', text));
        hunk.added.iter().for_each(|text| push(out, '+', text));
        at = line + hunk.removed.len();
    }
    for same in old.get(at..range.end).unwrap_or_default() {
        push(out, ' ', same);
    }
    shift + added.cast_signed() - removed.cast_signed()
}

/// Writes one line; one without an end is marked as `diff` marks it.
fn push(out: &mut String, sign: char, line: &str) {
    out.push(sign);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
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
    text.split_inclusive('\n').map(str::to_owned).collect()
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

    fn changed(source: &str, edits: &[(usize, usize, &str)]) -> Vec<(usize, String, String)> {
        let hunks = hunks(source, &fix(edits));
        hunks.into_iter().map(|hunk| (hunk.line, hunk.removed.concat(), hunk.added.concat())).collect()
    }

    fn diff(source: &str, edits: &[(usize, usize, &str)]) -> String {
        of_edits("F", source, &fix(edits).edits)
    }

    #[test]
    fn a_replacement_shows_its_line_and_the_lines_around() {
        let source = "FROM a\nWORKDIR app\nRUN b\n";
        assert_eq!(changed(source, &[(15, 15, "/")]), [(2, "WORKDIR app\n".into(), "WORKDIR /app\n".into())]);
        assert_eq!(
            diff(source, &[(15, 15, "/")]),
            "--- a/F\n+++ b/F\n@@ -1,3 +1,3 @@\n FROM a\n-WORKDIR app\n+WORKDIR /app\n RUN b\n"
        );
    }

    #[test]
    fn insertions_deletions_and_two_edits_of_one_line() {
        assert_eq!(changed("a\nb\n", &[(2, 2, "new\n")]), [(2, String::new(), "new\n".into())]);
        assert_eq!(changed("a\nb\nc\n", &[(2, 4, "")]), [(2, "b\n".into(), String::new())]);
        assert_eq!(
            changed("x y z\n", &[(0, 1, "X"), (4, 5, "Z")]),
            [(1, "x y z\n".into(), "X y Z\n".into())]
        );
        assert_eq!(changed("a\n", &[(2, 2, "end\n")]), [(2, String::new(), "end\n".into())]);
        assert_eq!(diff("a\nb\n", &[(0, 4, "")]), "--- a/F\n+++ b/F\n@@ -1,2 +0,0 @@\n-a\n-b\n");
        assert_eq!(diff("", &[(0, 0, "a\n")]), "--- a/F\n+++ b/F\n@@ -0,0 +1,1 @@\n+a\n");
        assert_eq!(
            diff("a", &[(1, 1, "!")]),
            "--- a/F\n+++ b/F\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a!\n\\ No newline at end of file\n"
        );
        assert_eq!(diff("a\n", &[]), "");
    }

    #[test]
    fn near_changes_share_a_hunk_and_far_ones_are_counted_from_the_new_text() {
        let source: String = (1..=30).map(|n| n.to_string() + "\n").collect();
        let place = |line: &str| source.find(&format!("\n{line}\n")).unwrap() + 1;
        let near = diff(&source, &[(place("5"), place("5"), "new\n"), (place("10"), place("11"), "")]);
        assert_eq!(near.matches("@@ ").count(), 1, "{near}");
        assert!(near.contains("@@ -2,12 +2,12 @@"), "{near}");
        let far = diff(&source, &[(place("5"), place("5"), "new\n"), (place("20"), place("21"), "")]);
        assert!(far.contains("@@ -2,6 +2,7 @@") && far.contains("@@ -17,7 +18,6 @@"), "{far}");
    }

    #[test]
    fn edits_that_do_not_fit_the_text_show_nothing() {
        assert!(hunks("short", &fix(&[(2, 99, "x")])).is_empty());
        assert!(hunks("dé", &fix(&[(2, 2, "x")])).is_empty());
    }
}
