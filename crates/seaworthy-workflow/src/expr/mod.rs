//! The expression language of `${{ … }}`: a tree with places, read by hand.

mod lex;
mod parse;

use seaworthy_finding::Span;

pub use lex::extent;
pub use parse::parse;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text in single quotes.
    Text(String),
    /// A context such as `github`: the word as written.
    Context(String),
    /// `a.b`.
    Property(Box<Expr>, String, Span),
    /// `a[b]`.
    Index(Box<Expr>, Box<Expr>),
    /// `a.*` or `a[*]`.
    Star(Box<Expr>),
    /// A call: the word as written, its place, and the arguments.
    Call(String, Span, Vec<Expr>),
    /// `!a`.
    Not(Box<Expr>),
    /// `a == b` and the other comparisons.
    Compare(Compare, Box<Expr>, Box<Expr>),
    /// `a && b && …`.
    And(Vec<Expr>),
    /// `a || b || …`.
    Or(Vec<Expr>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// Why an expression does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
}

impl ExprError {
    pub(crate) fn unterminated(length: usize) -> Self {
        Self { span: Span::new(0, length), message: "`${{` is not closed by `}}`".to_owned() }
    }
}

/// One step of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// `.name` or `['name']`, in lower case.
    Name(String),
    /// `.*`.
    Star,
    /// `[…]` with anything else inside.
    Index,
}

/// A context and the way into it, such as `github.event.pull_request.title`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The context's name, in lower case.
    pub root: String,
    /// The way into it.
    pub segments: Vec<Segment>,
    /// Where it stands.
    pub span: Span,
}

impl Reference {
    /// The reference as `github.event.*.x`, in lower case; what is computed is `[]`.
    pub fn path(&self) -> String {
        let mut out = self.root.clone();
        for segment in &self.segments {
            match segment {
                Segment::Name(name) => {
                    out.push('.');
                    out.push_str(name);
                }
                Segment::Star => out.push_str(".*"),
                Segment::Index => out.push_str("[]"),
            }
        }
        out
    }

    /// The name at a step, in lower case.
    pub fn name(&self, at: usize) -> Option<&str> {
        match self.segments.get(at)? {
            Segment::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl Expr {
    /// The reference, where the expression is one from a context on.
    pub fn reference(&self) -> Option<Reference> {
        let mut segments = Vec::new();
        let mut at = self;
        loop {
            match &at.kind {
                ExprKind::Context(name) => {
                    segments.reverse();
                    return Some(Reference { root: name.to_ascii_lowercase(), segments, span: self.span });
                }
                ExprKind::Property(base, name, _) => {
                    segments.push(Segment::Name(name.to_ascii_lowercase()));
                    at = base;
                }
                ExprKind::Star(base) => {
                    segments.push(Segment::Star);
                    at = base;
                }
                ExprKind::Index(base, index) => {
                    segments.push(match &index.kind {
                        ExprKind::Text(name) => Segment::Name(name.to_ascii_lowercase()),
                        _ => Segment::Index,
                    });
                    at = base;
                }
                _ => return None,
            }
        }
    }

    /// Every reference in the expression, whole ones only: of `a.b.c` that one, and those inside of its indices.
    pub fn references(&self) -> Vec<Reference> {
        let mut out = Vec::new();
        self.collect(&mut out);
        out
    }

    fn collect(&self, out: &mut Vec<Reference>) {
        if let Some(reference) = self.reference() {
            out.push(reference);
            // Inside of indices other references stand.
            let mut at = self;
            loop {
                match &at.kind {
                    ExprKind::Property(base, ..) | ExprKind::Star(base) => at = base,
                    ExprKind::Index(base, index) => {
                        index.collect(out);
                        at = base;
                    }
                    _ => return,
                }
            }
        }
        self.each_child(&mut |child| child.collect(out));
    }

    /// Calls `visit` with this expression and every one below it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match &self.kind {
            ExprKind::Property(base, ..) | ExprKind::Star(base) | ExprKind::Not(base) => base.walk(visit),
            ExprKind::Index(base, index) => {
                base.walk(visit);
                index.walk(visit);
            }
            ExprKind::Compare(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            ExprKind::Call(_, _, items) | ExprKind::And(items) | ExprKind::Or(items) => {
                for item in items {
                    item.walk(visit);
                }
            }
            _ => {}
        }
    }

    fn each_child(&self, visit: &mut dyn FnMut(&Self)) {
        match &self.kind {
            ExprKind::Property(base, ..) | ExprKind::Star(base) | ExprKind::Not(base) => visit(base),
            ExprKind::Index(base, index) => {
                visit(base);
                visit(index);
            }
            ExprKind::Compare(_, left, right) => {
                visit(left);
                visit(right);
            }
            ExprKind::Call(_, _, items) | ExprKind::And(items) | ExprKind::Or(items) => {
                items.iter().for_each(visit);
            }
            _ => {}
        }
    }

    pub(crate) fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(&mut self.span);
        match &mut self.kind {
            ExprKind::Property(base, _, span) => {
                visit(span);
                base.each_span(visit);
            }
            ExprKind::Star(base) | ExprKind::Not(base) => base.each_span(visit),
            ExprKind::Index(base, index) => {
                base.each_span(visit);
                index.each_span(visit);
            }
            ExprKind::Compare(_, left, right) => {
                left.each_span(visit);
                right.each_span(visit);
            }
            ExprKind::Call(_, span, items) => {
                visit(span);
                for item in items {
                    item.each_span(visit);
                }
            }
            ExprKind::And(items) | ExprKind::Or(items) => {
                for item in items {
                    item.each_span(visit);
                }
            }
            _ => {}
        }
    }
}
