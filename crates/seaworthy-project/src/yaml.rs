//! A YAML tree with the place of every node, from the events of saphyr-parser.

use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan, Tag};
use seaworthy_finding::Span;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Deeper nesting is refused so that no input exhausts the stack.
const MAX_DEPTH: usize = 128;

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    /// The tag's suffix, such as `reset`.
    pub(crate) tag: Option<String>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar { value: String, plain: bool },
    Seq(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether the node is an empty or null scalar.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { value, plain: true } if matches!(value.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    pub(crate) fn items(&self) -> &[Rc<Self>] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Keys and values, those merged by `<<` after the own ones and only where those are silent.
    pub(crate) fn entries(&self) -> Vec<(Rc<Self>, Rc<Self>)> {
        self.entries_below(0, &mut 4096)
    }

    fn entries_below(&self, depth: usize, budget: &mut usize) -> Vec<(Rc<Self>, Rc<Self>)> {
        let Kind::Map(pairs) = &self.kind else { return Vec::new() };
        let is_merge = |key: &Self| matches!(&key.kind, Kind::Scalar { value, plain: true } if value == "<<");
        let mut out: Vec<(Rc<Self>, Rc<Self>)> =
            pairs.iter().filter(|(key, _)| !is_merge(key)).cloned().collect();
        // Merges of merges multiply, so their number is bounded as well as their depth.
        *budget = budget.saturating_sub(1);
        if depth > MAX_DEPTH || *budget == 0 {
            return out;
        }
        for (_, value) in pairs.iter().filter(|(key, _)| is_merge(key)) {
            let sources = match &value.kind {
                Kind::Seq(items) => items.clone(),
                _ => vec![Rc::clone(value)],
            };
            for source in sources {
                for (key, value) in source.entries_below(depth + 1, budget) {
                    if !out.iter().any(|(known, _)| known.text() == key.text()) {
                        out.push((key, value));
                    }
                }
            }
        }
        out
    }

    /// The value of a key; a value tagged `!reset` counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<Rc<Self>> {
        self.entry(name).map(|(_, value)| value)
    }

    pub(crate) fn entry(&self, name: &str) -> Option<(Rc<Self>, Rc<Self>)> {
        self.entries()
            .into_iter()
            .find(|(key, value)| key.text() == Some(name) && value.tag.as_deref() != Some("reset"))
    }
}

/// Where a text stops being YAML, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlError {
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// The first document of a text, and every problem. Duplicate keys are problems; the first one counts.
pub(crate) fn read(text: &str) -> (Option<Rc<Node>>, Vec<YamlError>) {
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::DocumentEnd | Event::StreamEnd, _)) if builder.root.is_some() => break,
            Ok((event, span)) => {
                if !builder.event(event, span) {
                    break;
                }
            }
            Err(error) => {
                let at = builder.byte(error.marker().index());
                let end = text[at..].chars().next().map_or(at, |ch| at + ch.len_utf8());
                builder.errors.push(YamlError { span: Span::new(at, end), message: error.info().to_owned() });
                break;
            }
        }
    }
    // What was read before an error is kept, so that the rest of the file is still judged.
    while builder.root.is_none() && !builder.stack.is_empty() {
        let end = text.len();
        builder.close(Span::new(end, end));
    }
    (builder.root, builder.errors)
}

/// Byte offsets of the characters, or nothing where every character is one byte.
fn offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect())
}

struct Frame {
    start: usize,
    anchor: usize,
    tag: Option<String>,
    map: bool,
    children: Vec<Rc<Node>>,
}

struct Builder<'a> {
    text: &'a str,
    offsets: Option<Vec<usize>>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    errors: Vec<YamlError>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            offsets: offsets(text),
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            errors: Vec::new(),
        }
    }

    fn byte(&self, index: usize) -> usize {
        match &self.offsets {
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.text.len()),
            None => index.min(self.text.len()),
        }
    }

    fn span(&self, span: YamlSpan) -> Span {
        let start = self.byte(span.start.index());
        Span::new(start, self.byte(span.end.index()).max(start))
    }

    /// Takes an event; false ends the reading.
    fn event(&mut self, event: Event<'_>, span: YamlSpan) -> bool {
        let span = self.span(span);
        let suffix = |tag: Option<Cow<'_, Tag>>| tag.map(|tag| tag.suffix.trim_start_matches('!').to_owned());
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let kind = Kind::Scalar { value: value.into_owned(), plain: style == ScalarStyle::Plain };
                self.add(Rc::new(Node { span, kind, tag: suffix(tag) }), anchor);
            }
            Event::Alias(anchor) => {
                // An alias to a collection that is still open cannot be resolved: it would contain itself.
                let known = self.anchors.get(&anchor).map(|node| Node { span, ..node.as_ref().clone() });
                let node = known.unwrap_or(Node {
                    span,
                    kind: Kind::Scalar { value: String::new(), plain: true },
                    tag: None,
                });
                self.add(Rc::new(node), 0);
            }
            Event::SequenceStart(anchor, tag) => return self.open(span, anchor, suffix(tag), false),
            Event::MappingStart(anchor, tag) => return self.open(span, anchor, suffix(tag), true),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
        true
    }

    fn open(&mut self, span: Span, anchor: usize, tag: Option<String>, map: bool) -> bool {
        if self.stack.len() >= MAX_DEPTH {
            self.errors
                .push(YamlError { span, message: format!("nested more than {MAX_DEPTH} levels deep") });
            return false;
        }
        self.stack.push(Frame { start: span.start, anchor, tag, map, children: Vec::new() });
        true
    }

    fn close(&mut self, end: Span) {
        let Some(mut frame) = self.stack.pop() else { return };
        // The end of a block collection is noticed at the next token, so its last child says where it ends.
        let flow = self.text.get(frame.start..).is_some_and(|rest| rest.starts_with(['{', '[']));
        let last = frame.children.last().map_or(frame.start, |child| child.span.end);
        let span = Span::new(frame.start, if flow { end.end.max(last) } else { last });
        let kind = if frame.map {
            if frame.children.len() % 2 == 1 {
                let null = Kind::Scalar { value: String::new(), plain: true };
                frame.children.push(Rc::new(Node { span: end, kind: null, tag: None }));
            }
            Kind::Map(self.pairs(frame.children))
        } else {
            Kind::Seq(frame.children)
        };
        self.add(Rc::new(Node { span, kind, tag: frame.tag }), frame.anchor);
    }

    fn pairs(&mut self, children: Vec<Rc<Node>>) -> Vec<(Rc<Node>, Rc<Node>)> {
        let mut pairs: Vec<(Rc<Node>, Rc<Node>)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut children = children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            if let Some(name) = key.text()
                && name != "<<"
                && !seen.insert(name.to_owned())
            {
                let message = format!("the key `{name}` stands here twice; remove one");
                self.errors.push(YamlError { span: key.span, message });
                continue;
            }
            pairs.push((key, value));
        }
        pairs
    }

    fn add(&mut self, node: Rc<Node>, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        match self.stack.last_mut() {
            Some(frame) => frame.children.push(node),
            None => {
                self.root.get_or_insert(node);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_bytes_and_merge_keys_are_followed() {
        let text = "x: &b { k: \u{e9}, l: 1 }\na:\n  <<: *b\n  k: own\n";
        let (root, errors) = read(text);
        assert!(errors.is_empty(), "{errors:?}");
        let root = root.unwrap();
        let a = root.get("a").unwrap();
        assert_eq!(a.get("k").unwrap().text(), Some("own"));
        assert_eq!(a.get("l").unwrap().text(), Some("1"));
        assert_eq!(a.get("k").unwrap().span.of(text), "own");
        assert_eq!(root.get("x").unwrap().get("k").unwrap().span.of(text), "\u{e9}");
    }

    #[test]
    fn broken_texts_give_what_was_read_and_where_it_stops() {
        let (root, errors) = read("a: 1\nb: [1, 2\nc: }\n");
        assert_eq!(root.unwrap().get("a").unwrap().text(), Some("1"));
        assert_eq!(errors.len(), 1);
        let deep = "[".repeat(5000);
        assert_eq!(read(&deep).1.len(), 1);
        assert_eq!(read("a: 1\na: 2\n").1[0].message, "the key `a` stands here twice; remove one");
    }
}
