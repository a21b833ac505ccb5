//! From words to a tree. Depth is bounded as on the platform, so that no expression exhausts the stack.

use super::lex::{Token, lex};
use super::{Compare, Expr, ExprError, ExprKind};
use seaworthy_finding::Span;

/// The platform refuses deeper expressions.
const MAX_DEPTH: usize = 50;

/// Reads what stands between the braces. Places are bytes of `text`.
///
/// # Errors
/// The first place that does not read, and why.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
    let expr = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some((_, span)) => {
            let message = format!("`{}` does not belong here: the expression ends before it", span.of(text));
            Err(ExprError { span: *span, message })
        }
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn sign(&mut self, sign: &str) -> Option<Span> {
        match self.tokens.get(self.at) {
            Some((Token::Sign(known), span)) if *known == sign => {
                self.at += 1;
                Some(*span)
            }
            _ => None,
        }
    }

    fn expect(&mut self, sign: &'static str) -> Result<Span, ExprError> {
        let place = self.place();
        self.sign(sign).ok_or_else(|| ExprError { span: place, message: format!("`{sign}` is missing here") })
    }

    fn place(&self) -> Span {
        self.tokens.get(self.at).map_or(Span::new(self.end, self.end), |(_, span)| *span)
    }

    fn deeper(&mut self) -> Result<(), ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("the expression is nested more than {MAX_DEPTH} levels deep");
            return Err(ExprError { span: self.place(), message });
        }
        Ok(())
    }

    fn or(&mut self) -> Result<Expr, ExprError> {
        self.deeper()?;
        let mut items = vec![self.and()?];
        while self.sign("||").is_some() {
            items.push(self.and()?);
        }
        self.depth -= 1;
        Ok(join(items, ExprKind::Or))
    }

    fn and(&mut self) -> Result<Expr, ExprError> {
        let mut items = vec![self.compare()?];
        while self.sign("&&").is_some() {
            items.push(self.compare()?);
        }
        Ok(join(items, ExprKind::And))
    }

    fn compare(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.not()?;
        let mut levels = 0;
        let signs = [
            ("==", Compare::Equal),
            ("!=", Compare::NotEqual),
            ("<=", Compare::LessEqual),
            (">=", Compare::GreaterEqual),
            ("<", Compare::Less),
            (">", Compare::Greater),
        ];
        while let Some((_, compare)) = signs.iter().find(|(sign, _)| self.sign(sign).is_some()) {
            self.deeper()?;
            levels += 1;
            let right = self.not()?;
            let span = Span::new(left.span.start, right.span.end);
            left = Expr { span, kind: ExprKind::Compare(*compare, Box::new(left), Box::new(right)) };
        }
        self.depth -= levels;
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, ExprError> {
        let Some(sign) = self.sign("!") else { return self.postfix() };
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        Ok(Expr { span: Span::new(sign.start, inner.span.end), kind: ExprKind::Not(Box::new(inner)) })
    }

    fn postfix(&mut self) -> Result<Expr, ExprError> {
        let mut base = self.primary()?;
        let mut levels = 0;
        loop {
            let start = base.span.start;
            if self.sign(".").is_some() {
                self.deeper()?;
                levels += 1;
                if let Some(star) = self.sign("*") {
                    base = Expr { span: Span::new(start, star.end), kind: ExprKind::Star(Box::new(base)) };
                    continue;
                }
                let Some((Token::Word(name), span)) = self.tokens.get(self.at).cloned() else {
                    let message = "a name or `*` is missing after `.`".to_owned();
                    return Err(ExprError { span: self.place(), message });
                };
                self.at += 1;
                let kind = ExprKind::Property(Box::new(base), name, span);
                base = Expr { span: Span::new(start, span.end), kind };
            } else if self.sign("[").is_some() {
                self.deeper()?;
                levels += 1;
                if self.sign("*").is_some() {
                    let end = self.expect("]")?.end;
                    base = Expr { span: Span::new(start, end), kind: ExprKind::Star(Box::new(base)) };
                    continue;
                }
                let index = self.or()?;
                let end = self.expect("]")?.end;
                let kind = ExprKind::Index(Box::new(base), Box::new(index));
                base = Expr { span: Span::new(start, end), kind };
            } else {
                self.depth -= levels;
                return Ok(base);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, ExprError> {
        let Some((token, span)) = self.tokens.get(self.at).cloned() else {
            let message =
                if self.at == 0 { "the expression is empty" } else { "a value is missing at the end" };
            return Err(ExprError { span: Span::new(self.end, self.end), message: message.to_owned() });
        };
        self.at += 1;
        let kind = match token {
            Token::Number(value) => ExprKind::Number(value),
            Token::Text(value) => ExprKind::Text(value),
            Token::Sign("(") => {
                let mut inner = self.or()?;
                let end = self.expect(")")?.end;
                inner.span = Span::new(span.start, end);
                return Ok(inner);
            }
            Token::Sign(sign) => {
                return Err(ExprError { span, message: format!("a value is missing before `{sign}`") });
            }
            Token::Word(word) => {
                if self.sign("(").is_some() {
                    return self.call(word, span);
                }
                match word.as_str() {
                    "null" => ExprKind::Null,
                    "true" => ExprKind::Bool(true),
                    "false" => ExprKind::Bool(false),
                    "NaN" => ExprKind::Number(f64::NAN),
                    "Infinity" => ExprKind::Number(f64::INFINITY),
                    _ => ExprKind::Context(word),
                }
            }
        };
        Ok(Expr { span, kind })
    }

    fn call(&mut self, name: String, span: Span) -> Result<Expr, ExprError> {
        let mut items = Vec::new();
        let end = loop {
            if let Some(end) = self.sign(")") {
                break end;
            }
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.or()?);
        };
        Ok(Expr { span: Span::new(span.start, end.end), kind: ExprKind::Call(name, span, items) })
    }
}

fn join(mut items: Vec<Expr>, make: fn(Vec<Expr>) -> ExprKind) -> Expr {
    if items.len() == 1 {
        return items.swap_remove(0);
    }
    let span = Span::new(
        items.first().map_or(0, |first| first.span.start),
        items.last().map_or(0, |last| last.span.end),
    );
    Expr { span, kind: make(items) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_bind_as_on_the_platform() {
        let expr = parse("!a.b || x == 'it''s' && contains(github.event.*.name, 'n')").unwrap();
        let ExprKind::Or(items) = &expr.kind else { panic!("{expr:?}") };
        assert!(matches!(items[0].kind, ExprKind::Not(_)), "{items:?}");
        let ExprKind::And(items) = &items[1].kind else { panic!("{items:?}") };
        let ExprKind::Compare(Compare::Equal, _, right) = &items[0].kind else { panic!("{items:?}") };
        assert_eq!(right.kind, ExprKind::Text("it's".to_owned()));
        let paths: Vec<String> = expr.references().iter().map(super::super::Reference::path).collect();
        assert_eq!(paths, ["a.b", "x", "github.event.*.name"]);
    }

    #[test]
    fn what_does_not_read_is_placed() {
        for (text, start) in
            [("", 0), ("a b", 2), ("a ==", 4), ("\"x\"", 0), ("a.", 2), ("f(1", 3), ("'x", 0), ("a + b", 2)]
        {
            let error = parse(text).unwrap_err();
            assert_eq!(error.span.start, start, "{text}: {error:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "(".repeat(100_000),
            "!".repeat(100_000),
            format!("a{}", ".b".repeat(100_000)),
            format!("a{}", "==b".repeat(100_000)),
            "a[".repeat(100_000),
        ] {
            assert!(parse(&text).unwrap_err().message.contains("nested"), "{}", &text[..10]);
        }
        assert!(parse(&format!("a{}", " || b && c".repeat(100_000))).is_ok());
    }
}
