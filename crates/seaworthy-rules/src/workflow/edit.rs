//! Edits of a step's mapping that leave every other byte alone.

use super::steps::indent;
use seaworthy_finding::{Edit, Span};
use seaworthy_workflow::{Kind, Node, Step};

/// Adds `name: value` below a key of the step's mapping (`with`, `env`); the key is added in front of `before` where it is
/// missing. Nothing where the text is written in a form that is not understood.
pub(crate) fn add_below(
    text: &str,
    step: &Step,
    key: &str,
    entries: &[(String, String)],
    anchor: Anchor,
) -> Option<Vec<Edit>> {
    if step.span.of(text).starts_with('{') {
        return None;
    }
    if let Some((found, value)) = step.node.entry(key) {
        return below_existing(text, found, value, entries).map(|edit| vec![edit]);
    }
    let (place, after) = match anchor {
        Anchor::Before(span) => (span, false),
        Anchor::After(span) => (span, true),
    };
    let first = step.node.entries().first().map(|(key, _)| key.span.start)?;
    let column = indent(text, first)?;
    let blanks = " ".repeat(column);
    let lines: Vec<String> =
        entries.iter().map(|(name, value)| format!("{blanks}  {name}: {value}")).collect();
    let lines = lines.join("\n");
    Some(vec![if after {
        let end = line_end(text, place.end);
        Edit { span: Span::new(end, end), text: format!("\n{blanks}{key}:\n{lines}") }
    } else {
        Edit { span: Span::new(place.start, place.start), text: format!("{key}:\n{lines}\n{blanks}") }
    }])
}

/// Where a missing key goes.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    /// Before this key.
    Before(Span),
    /// Behind the line of this value.
    After(Span),
}

fn below_existing(text: &str, key: &Node, value: &Node, entries: &[(String, String)]) -> Option<Edit> {
    let Kind::Map(known) = &value.kind else { return None };
    // An alias has its place elsewhere, and what stands there is not this step's alone.
    if value.span.start < key.span.end {
        return None;
    }
    let words: Vec<String> = entries.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if value.span.of(text).starts_with('{') {
        let at = value.span.start + 1;
        let more = if known.is_empty() { "" } else { ", " };
        return Some(Edit { span: Span::new(at, at), text: format!("{}{more}", words.join(", ")) });
    }
    let first = known.first()?.0.span.start;
    let column = indent(text, first)?;
    let blanks = " ".repeat(column);
    Some(Edit {
        span: Span::new(first, first),
        text: format!("{}\n{blanks}", words.join(&format!("\n{blanks}"))),
    })
}

/// The end of the line a place stands in, its line break left out.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
    if text.get(..end).is_some_and(|before| before.ends_with('\r')) { end - 1 } else { end }
}

/// Removes an entry of a block mapping with its lines, and the mapping's own key where nothing else stands below it.
pub(crate) fn remove_entry(text: &str, key: Span, mapping: &Node, entry: &Node) -> Option<Edit> {
    let known = mapping.entries();
    let (_, value) = known.iter().find(|(key, _)| key.span == entry.span)?;
    if mapping.span.of(text).starts_with('{') || mapping.span.start < key.end {
        return None;
    }
    let from = if known.len() == 1 { key.start } else { entry.span.start };
    let column = indent(text, from)?;
    let start = from - column;
    // On the line of a list's dash something else has to stand afterwards.
    if text.get(start..from)?.contains('-') {
        return None;
    }
    let end = line_end(text, value.span.end.max(entry.span.end));
    let end = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at + 1);
    Some(Edit { span: Span::new(start, end), text: String::new() })
}
