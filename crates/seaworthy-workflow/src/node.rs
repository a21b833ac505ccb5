//! A YAML tree with the place of every node.

use crate::model::{Problem, ProblemKind};
use crate::text::{Style, Text};
use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};
use seaworthy_finding::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Deeper nesting is refused so that no input exhausts the stack.
const MAX_DEPTH: usize = 100;

/// A node. An alias is the node it names, with that node's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A scalar.
    Scalar(Text),
    /// A list.
    Seq(Vec<Arc<Node>>),
    /// A mapping: keys and values as written, keys that stand there twice included once.
    Map(Vec<(Arc<Node>, Arc<Node>)>),
}

impl Node {
    /// The scalar, where it is one.
    pub fn text(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The scalar's value.
    pub fn as_str(&self) -> Option<&str> {
        self.text().map(Text::as_str)
    }

    /// Whether it is an empty or null scalar.
    pub fn is_null(&self) -> bool {
        self.text().is_some_and(Text::is_null)
    }

    /// The items of a list.
    pub fn items(&self) -> &[Arc<Self>] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Whether it is a list.
    pub fn is_seq(&self) -> bool {
        matches!(self.kind, Kind::Seq(_))
    }

    /// Keys and values of a mapping.
    pub fn entries(&self) -> &[(Arc<Self>, Arc<Self>)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// A value by its key.
    pub fn get(&self, name: &str) -> Option<&Arc<Self>> {
        self.entry(name).map(|(_, value)| value)
    }

    /// A key and its value.
    pub fn entry(&self, name: &str) -> Option<&(Arc<Self>, Arc<Self>)> {
        self.entries().iter().find(|(key, _)| key.as_str() == Some(name))
    }

    /// What kind of node it is, in words.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(text) if text.is_null() => "nothing",
            Kind::Scalar(_) => "a text",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// The first document of a text, and every problem: broken YAML, keys that stand there twice.
pub fn parse(source: &str) -> (Option<Arc<Node>>, Vec<Problem>) {
    let mut builder = Builder {
        source,
        offsets: (!source.is_ascii()).then(|| source.char_indices().map(|(at, _)| at).collect()),
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        root: None,
        problems: Vec::new(),
    };
    builder.run();
    (builder.root, builder.problems)
}

struct Frame {
    start: usize,
    flow: bool,
    anchor: usize,
    map: bool,
    children: Vec<Arc<Node>>,
}

struct Builder<'a> {
    source: &'a str,
    /// Byte offsets of the characters, or nothing where every character is one byte.
    offsets: Option<Vec<usize>>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Arc<Node>>,
    root: Option<Arc<Node>>,
    problems: Vec<Problem>,
}

impl Builder<'_> {
    fn run(&mut self) {
        for event in Parser::new_from_str(self.source) {
            match event {
                Ok((Event::DocumentEnd | Event::StreamEnd, _)) if self.root.is_some() => break,
                Ok((event, span)) => {
                    if !self.event(event, span) {
                        break;
                    }
                }
                Err(error) => {
                    let at = self.byte(error.marker().index());
                    let rest = self.source.get(at..).unwrap_or_default();
                    let end = at + rest.chars().next().map_or(0, char::len_utf8);
                    self.problem(ProblemKind::Yaml, Span::new(at, end), error.info().to_owned());
                    break;
                }
            }
        }
        // What was read before an error is kept, so that the rest of the file is still judged.
        while self.root.is_none() && !self.stack.is_empty() {
            let end = self.source.len();
            self.close(Span::new(end, end));
        }
    }

    fn problem(&mut self, kind: ProblemKind, span: Span, message: String) {
        self.problems.push(Problem { kind, span, message, near: None });
    }

    fn byte(&self, index: usize) -> usize {
        match &self.offsets {
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.source.len()),
            None => index.min(self.source.len()),
        }
    }

    fn span(&self, span: YamlSpan) -> Span {
        let start = self.byte(span.start.index());
        Span::new(start, self.byte(span.end.index()).max(start))
    }

    /// Takes an event; false ends the reading.
    fn event(&mut self, event: Event<'_>, span: YamlSpan) -> bool {
        let mut span = self.span(span);
        let flow = self.source.get(span.start..).is_some_and(|rest| rest.starts_with(['{', '[']));
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                span = self.exact(span, style, anchor > 0 || tag.is_some());
                let text = Text::new(self.source, value.into_owned(), span, style);
                self.add(Arc::new(Node { span, kind: Kind::Scalar(text) }), anchor);
            }
            Event::Alias(anchor) => {
                // An alias to a collection that is still open cannot be resolved: it would contain itself.
                let node = self.anchors.get(&anchor).map(Arc::clone);
                self.add(node.unwrap_or_else(|| null(span)), 0);
            }
            Event::SequenceStart(anchor, _) => return self.open(span, flow, anchor, false),
            Event::MappingStart(anchor, _) => return self.open(span, flow, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
        true
    }

    /// A scalar without its anchor and tag, a block with its header, and without the blanks after it.
    fn exact(&self, mut span: Span, style: Style, properties: bool) -> Span {
        let mut rest = span.of(self.source);
        while properties && rest.starts_with(['&', '!']) {
            let word = rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len());
            rest = rest[word..].trim_start();
        }
        span.start = span.end - rest.len();
        span.end = span.start + rest.trim_end().len();
        if matches!(style, Style::Literal | Style::Folded) && !properties {
            // The parser's place begins at the first word; only blank lines stand between it and the header.
            let above = self.source[..span.start].trim_end_matches([' ', '\t', '\r', '\n']);
            let line = above.rfind('\n').map_or(0, |end| end + 1);
            let header = above[line..].char_indices().find(|(at, ch)| {
                let tail = above[line + at + ch.len_utf8()..].trim_start_matches(['+', '-']);
                let tail =
                    tail.trim_start_matches(|ch: char| ch.is_ascii_digit()).trim_start_matches(['+', '-']);
                matches!(ch, '|' | '>') && (tail.trim().is_empty() || tail.trim_start().starts_with('#'))
            });
            span.start = header.map_or(span.start, |(at, _)| line + at);
        }
        span
    }

    fn open(&mut self, span: Span, flow: bool, anchor: usize, map: bool) -> bool {
        if self.stack.len() >= MAX_DEPTH {
            self.problem(ProblemKind::Yaml, span, format!("nested more than {MAX_DEPTH} levels deep"));
            return false;
        }
        self.stack.push(Frame { start: span.start, flow, anchor, map, children: Vec::new() });
        true
    }

    fn close(&mut self, end: Span) {
        let Some(mut frame) = self.stack.pop() else { return };
        // The end of a block collection is noticed at the next token, so its last own child says where it ends; an
        // alias stands elsewhere.
        let last = frame.children.iter().map(|child| child.span);
        let last = last.filter(|span| span.start >= frame.start).map(|span| span.end).max();
        let last = last.unwrap_or(frame.start).max(frame.start);
        let span = Span::new(frame.start, if frame.flow { end.end.max(last) } else { last });
        let kind = if frame.map {
            if frame.children.len() % 2 == 1 {
                frame.children.push(null(end));
            }
            Kind::Map(self.pairs(frame.children))
        } else {
            Kind::Seq(frame.children)
        };
        self.add(Arc::new(Node { span, kind }), frame.anchor);
    }

    fn pairs(&mut self, children: Vec<Arc<Node>>) -> Vec<(Arc<Node>, Arc<Node>)> {
        let mut pairs: Vec<(Arc<Node>, Arc<Node>)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut children = children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            if let Some(name) = key.as_str()
                && !seen.insert(name.to_owned())
            {
                let message = format!("the key `{name}` stands here twice; remove one");
                self.problem(ProblemKind::DuplicateKey, key.span, message);
                continue;
            }
            pairs.push((key, value));
        }
        pairs
    }

    fn add(&mut self, node: Arc<Node>, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        match self.stack.last_mut() {
            Some(frame) => frame.children.push(node),
            None => {
                self.root.get_or_insert(node);
            }
        }
    }
}

pub(crate) fn null(span: Span) -> Arc<Node> {
    let text = Text { value: String::new(), span, style: Style::Plain, interpolations: Vec::new() };
    Arc::new(Node { span, kind: Kind::Scalar(text) })
}
