//! A YAML or JSON text as a tree that knows the place of every node.
//!
//! YAML comes from the events of saphyr-parser, JSON from a reader of its own, because not every JSON text is YAML. A text
//! that does not read gives the tree up to there, and every problem with its place. Nothing is resolved: a scalar is its text,
//! and whether it was written plainly.

mod json;

pub use json::read as read_json;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan, Tag};
use seaworthy_finding::Span;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Deeper nesting is refused so that no input exhausts the stack.
const MAX_DEPTH: usize = 128;
/// Entries that aliases stand for at most, so that a short file cannot be a long one.
const MAX_COPIES: usize = 1_000_000;
/// Blanks put in at most, since each means another reading.
const MAX_PATCHES: usize = 100;

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its bytes.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// The tag's suffix, such as `reset`.
    pub tag: Option<String>,
    /// Whether other places of the file may name it: it has an anchor, or is an alias of one that has.
    pub shared: bool,
    /// Whether it is written in brackets or quotes rather than in lines.
    pub flow: bool,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text, a number, a boolean or nothing.
    Scalar {
        /// Its text, unquoted.
        value: String,
        /// Whether it was written without quotes, so that it may be something else than a text.
        plain: bool,
    },
    /// A list.
    Seq(Vec<Rc<Node>>),
    /// Keys and values in the order of the file.
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether the node is an empty or null scalar.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { value, plain: true } if matches!(value.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Rc<Self>] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Keys and values, those merged by `<<` after the own ones and only where those are silent.
    pub fn entries(&self) -> Vec<(Rc<Self>, Rc<Self>)> {
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
    pub fn get(&self, name: &str) -> Option<Rc<Self>> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The keys and values written in the mapping itself, `<<` among them.
    pub fn pairs(&self) -> &[(Rc<Self>, Rc<Self>)] {
        match &self.kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The key and the value of a key; a value tagged `!reset` counts as absent.
    pub fn entry(&self, name: &str) -> Option<(Rc<Self>, Rc<Self>)> {
        self.entries()
            .into_iter()
            .find(|(key, value)| key.text() == Some(name) && value.tag.as_deref() != Some("reset"))
    }
}

/// Where a text stops being YAML, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Where.
    pub span: Span,
    /// What is wrong, for people.
    pub message: String,
    /// The first of two keys of one name.
    pub first: Option<Span>,
}

/// The first document of a text, and every problem. Duplicate keys are problems; the first one counts.
///
/// Inside of brackets compose's reader does not care for indentation, saphyr-parser does: where it stops at a line that is
/// indented too little there, a blank is put in and the text is read again. Spans are those of the text itself.
pub fn read(text: &str) -> (Option<Rc<Node>>, Vec<YamlError>) {
    let (roots, errors) = documents(text, false);
    (roots.into_iter().next(), errors)
}

/// Every document of a text, and every problem.
pub fn read_all(text: &str) -> (Vec<Rc<Node>>, Vec<YamlError>) {
    documents(text, true)
}

fn documents(text: &str, all: bool) -> (Vec<Rc<Node>>, Vec<YamlError>) {
    let mut patched = text.to_owned();
    let mut inserted = Vec::new();
    loop {
        let mut builder = Builder::new(&patched, &inserted, all);
        let retry = builder.run();
        if let Some(at) = retry.filter(|_| inserted.len() < MAX_PATCHES) {
            inserted.insert(inserted.partition_point(|known| *known < at), at);
            // Later insertions move by the new one.
            for later in inserted.iter_mut().filter(|known| **known > at) {
                *later += 1;
            }
            patched.insert(at, ' ');
            continue;
        }
        return (builder.roots, builder.errors);
    }
}

/// Byte offsets of the characters, or nothing where every character is one byte.
fn offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect())
}

/// The bytes of a scalar at the start of a text that may go on behind it.
fn scalar_length(text: &str, style: ScalarStyle) -> usize {
    match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            let (double, bytes) = (style == ScalarStyle::DoubleQuoted, text.as_bytes());
            let mut at = 1;
            while at < bytes.len() {
                match bytes[at] {
                    b'\\' if double => at += 1,
                    b'\'' if !double && bytes.get(at + 1) == Some(&b'\'') => at += 1,
                    b'"' if double => return at + 1,
                    b'\'' if !double => return at + 1,
                    _ => {}
                }
                at += 1;
            }
            text.len()
        }
        ScalarStyle::Plain => {
            let comment =
                text.match_indices('#').find(|(at, _)| text[..*at].ends_with([' ', '\t', '\n', '\r']));
            text[..comment.map_or(text.len(), |(at, _)| at)].trim_end().len()
        }
        _ => text.len(),
    }
}

/// A null without a text.
fn empty(span: Span) -> Node {
    let kind = Kind::Scalar { value: String::new(), plain: true };
    Node { span, kind, tag: None, shared: false, flow: false }
}

struct Frame {
    start: usize,
    /// Whether it is written in brackets.
    flow: bool,
    anchor: usize,
    tag: Option<String>,
    map: bool,
    children: Vec<Rc<Node>>,
}

struct Builder<'a> {
    text: &'a str,
    /// Offsets in `text` of blanks that are not in the file.
    inserted: &'a [usize],
    offsets: Option<Vec<usize>>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    roots: Vec<Rc<Node>>,
    /// Whether further documents are read too.
    all: bool,
    errors: Vec<YamlError>,
    /// Entries copied for aliases.
    copied: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, inserted: &'a [usize], all: bool) -> Self {
        Self {
            text,
            inserted,
            offsets: offsets(text),
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            roots: Vec::new(),
            all,
            errors: Vec::new(),
            copied: 0,
        }
    }

    /// Reads everything; gives where a blank has to be put in for another reading.
    fn run(&mut self) -> Option<usize> {
        for event in Parser::new_from_str(self.text) {
            match event {
                Ok((Event::DocumentEnd | Event::StreamEnd, _)) if self.root.is_some() => {
                    self.roots.extend(self.root.take());
                    if !self.all {
                        break;
                    }
                }
                Ok((event, span)) => {
                    if !self.event(event, span) {
                        break;
                    }
                }
                Err(error) => {
                    let at = self.patched_byte(error.marker().index());
                    let flow = self.stack.last().is_some_and(|frame| frame.flow);
                    if flow && error.info().contains("invalid indentation") && self.text.is_char_boundary(at)
                    {
                        return Some(at);
                    }
                    let end = self.text[at..].chars().next().map_or(at, |ch| at + ch.len_utf8());
                    let span = Span::new(self.in_file(at), self.in_file(end));
                    self.errors.push(YamlError { span, message: error.info().to_owned(), first: None });
                    break;
                }
            }
        }
        // What was read before an error is kept, so that the rest of the file is still judged.
        while self.root.is_none() && !self.stack.is_empty() {
            let end = self.in_file(self.text.len());
            self.close(Span::new(end, end));
        }
        self.roots.extend(self.root.take());
        None
    }

    fn patched_byte(&self, index: usize) -> usize {
        match &self.offsets {
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.text.len()),
            None => index.min(self.text.len()),
        }
    }

    fn in_file(&self, at: usize) -> usize {
        at - self.inserted.partition_point(|known| *known < at)
    }

    fn byte(&self, index: usize) -> usize {
        self.in_file(self.patched_byte(index))
    }

    fn span(&self, span: YamlSpan) -> Span {
        let start = self.byte(span.start.index());
        Span::new(start, self.byte(span.end.index()).max(start))
    }

    /// Takes an event; false ends the reading.
    fn event(&mut self, event: Event<'_>, span: YamlSpan) -> bool {
        let first = self.patched_byte(span.start.index());
        let flow = self.text.get(first..).is_some_and(|rest| rest.starts_with(['{', '[']));
        let span = self.span(span);
        let suffix = |tag: Option<Cow<'_, Tag>>| tag.map(|tag| tag.suffix.trim_start_matches('!').to_owned());
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let kind = Kind::Scalar { value: value.into_owned(), plain: style == ScalarStyle::Plain };
                let flow = style != ScalarStyle::Plain;
                // The reader notices the end of a scalar only behind the blanks and the comment that follow it.
                let source = self.text.get(first..).unwrap_or_default();
                let source = source.get(..span.end.saturating_sub(span.start)).unwrap_or(source);
                let length = scalar_length(source, style);
                let span =
                    if self.inserted.is_empty() { Span::new(span.start, span.start + length) } else { span };
                self.add(Rc::new(Node { span, kind, tag: suffix(tag), shared: anchor > 0, flow }), anchor);
            }
            Event::Alias(anchor) => {
                // An alias to a collection that is still open cannot be resolved: it would contain itself.
                let known = self.anchors.get(&anchor);
                self.copied += known.map_or(0, |node| node.pairs().len() + node.items().len());
                if self.copied > MAX_COPIES {
                    let message = format!("aliases stand for more than {MAX_COPIES} entries");
                    self.errors.push(YamlError { span, message, first: None });
                    return false;
                }
                let known = known.map(|node| Node { span, shared: true, ..node.as_ref().clone() });
                self.add(Rc::new(known.unwrap_or_else(|| empty(span))), 0);
            }
            Event::SequenceStart(anchor, tag) => return self.open(span, flow, anchor, suffix(tag), false),
            Event::MappingStart(anchor, tag) => return self.open(span, flow, anchor, suffix(tag), true),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
        true
    }

    fn open(&mut self, span: Span, flow: bool, anchor: usize, tag: Option<String>, map: bool) -> bool {
        if self.stack.len() >= MAX_DEPTH {
            self.errors.push(YamlError {
                span,
                message: format!("nested more than {MAX_DEPTH} levels deep"),
                first: None,
            });
            return false;
        }
        self.stack.push(Frame { start: span.start, flow, anchor, tag, map, children: Vec::new() });
        true
    }

    fn close(&mut self, end: Span) {
        let Some(mut frame) = self.stack.pop() else { return };
        // The end of a block collection is noticed at the next token, so its last child says where it ends.
        let last = frame.children.last().map_or(frame.start, |child| child.span.end);
        let span = Span::new(frame.start, if frame.flow { end.end.max(last) } else { last });
        let kind = if frame.map {
            if frame.children.len() % 2 == 1 {
                frame.children.push(Rc::new(empty(end)));
            }
            Kind::Map(self.pairs(frame.children))
        } else {
            Kind::Seq(frame.children)
        };
        let node = Node { span, kind, tag: frame.tag, shared: frame.anchor > 0, flow: frame.flow };
        self.add(Rc::new(node), frame.anchor);
    }

    fn pairs(&mut self, children: Vec<Rc<Node>>) -> Vec<(Rc<Node>, Rc<Node>)> {
        let mut pairs: Vec<(Rc<Node>, Rc<Node>)> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut children = children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            if let Some(name) = key.text()
                && name != "<<"
            {
                if let Some(first) = seen.get(name) {
                    let message = format!("the key `{name}` stands here twice; remove one");
                    self.errors.push(YamlError { span: key.span, message, first: Some(*first) });
                    continue;
                }
                seen.insert(name.to_owned(), key.span);
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
    fn brackets_may_close_at_any_indentation() {
        let text = "a:\n  b: [\n  \"\u{e9}\",\n  x\n  ]\n  c: 1\n";
        let (root, errors) = read(text);
        assert_eq!(errors, []);
        let a = root.unwrap().get("a").unwrap();
        assert_eq!(a.get("b").unwrap().items()[1].span.of(text), "x");
        assert_eq!(a.entry("c").unwrap().0.span.of(text), "c");
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
