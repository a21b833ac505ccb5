//! What a tag may look like that a rule of a workflow makes.

/// A part of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// One or more digits.
    Number,
    /// `1.2.3` with whatever follows.
    Version,
    /// A commit's digits.
    Hex,
    /// Anything.
    Any,
}

/// A tag with parts that are not fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape(Vec<Piece>);

impl Shape {
    pub(crate) fn any() -> Self {
        Self(vec![Piece::Any])
    }

    pub(crate) fn hex() -> Self {
        Self(vec![Piece::Hex])
    }

    pub(crate) fn number() -> Self {
        Self(vec![Piece::Number])
    }

    /// A text in which `{{…}}` and unknown places may be anything.
    pub(crate) fn literal(text: &str, unknown: char) -> Self {
        Self(pieces(text, unknown, &|_| Piece::Any))
    }

    /// A pattern of versions.
    pub(crate) fn version(pattern: &str) -> Self {
        Self(pieces(pattern, '\u{1}', &|name| match name {
            "version" => Piece::Version,
            "major" | "minor" | "patch" => Piece::Number,
            _ => Piece::Any,
        }))
    }

    /// A filter of branches or tags.
    pub(crate) fn filter(filter: &str) -> Self {
        let mut out = Vec::new();
        let mut text = String::new();
        for ch in filter.chars() {
            if matches!(ch, '*' | '?' | '+' | '[' | ']' | '!') {
                if !text.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut text)));
                }
                // What a filter's set or repetition takes is not worth a closer look.
                if out.last() != Some(&Piece::Any) {
                    out.push(Piece::Any);
                }
                if matches!(ch, '[' | '+' | '?') {
                    return Self(vec![Piece::Any]);
                }
            } else {
                // A branch's slashes become dashes.
                text.push(if ch == '/' { '-' } else { ch });
            }
        }
        if !text.is_empty() {
            out.push(Piece::Text(text));
        }
        Self(out)
    }

    /// The shape with a prefix and a suffix.
    pub(crate) fn between(self, prefix: &str, suffix: &str, unknown: char) -> Self {
        let mut out = pieces(prefix, unknown, &|_| Piece::Any);
        out.extend(self.0);
        out.extend(pieces(suffix, unknown, &|_| Piece::Any));
        Self(out)
    }

    /// Whether a tag may be of this shape.
    pub(crate) fn takes(&self, tag: &str) -> bool {
        // A tag has 128 characters at most, so that this cannot take long.
        tag.len() <= 128 && takes(&self.0, tag)
    }
}

fn pieces(text: &str, unknown: char, named: &dyn Fn(&str) -> Piece) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(body) = rest.strip_prefix("{{") {
            let end = body.find("}}").unwrap_or(body.len());
            out.push(named(body[..end].trim()));
            rest = body.get(end + 2..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix(unknown) {
            out.push(Piece::Any);
            rest = after;
        } else {
            let end = rest.find("{{").unwrap_or(rest.len()).min(rest.find(unknown).unwrap_or(rest.len()));
            out.push(Piece::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    out
}

fn takes(pieces: &[Piece], tag: &str) -> bool {
    // Positions reached so far: one pass per piece, so that many wildcards stay cheap.
    let mut reached = vec![false; tag.len() + 1];
    reached[0] = true;
    let bytes = tag.as_bytes();
    for piece in pieces {
        let mut next = vec![false; tag.len() + 1];
        for at in (0..=tag.len()).filter(|at| reached[*at]) {
            let Some(rest) = tag.get(at..) else { continue };
            match piece {
                Piece::Text(text) => {
                    if rest.starts_with(text.as_str()) {
                        next[at + text.len()] = true;
                    }
                }
                Piece::Any => next[at..].fill(true),
                Piece::Number => {
                    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    next[at + 1..=at + digits].fill(true);
                }
                Piece::Hex => {
                    let digits = bytes[at..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'x')
                        .count();
                    // Documents shorten what they show.
                    if digits >= 5 {
                        next[at + 5..=at + digits].fill(true);
                    }
                }
                Piece::Version => {
                    if let Some(end) = version(rest) {
                        next[at + end..].fill(true);
                    }
                }
            }
        }
        reached = next;
    }
    reached[tag.len()]
}

/// Where `1.2.3` ends.
fn version(text: &str) -> Option<usize> {
    let mut at = 0;
    for part in 0..3 {
        if part > 0 {
            at += usize::from(text[at..].starts_with('.'));
        }
        let digits = text.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || (part > 0 && !text[..at].ends_with('.')) {
            return None;
        }
        at += digits;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn tags_are_told_by_their_shapes() {
        for (shape, tag, wanted) in [
            (Shape::version("{{version}}"), "2.0.1", true),
            (Shape::version("{{version}}"), "2.0.1-rc.1", true),
            (Shape::version("{{version}}"), "v2.0.1", false),
            (Shape::version("{{version}}"), "2.0", false),
            (Shape::version("v{{major}}.{{minor}}"), "v2.10", true),
            (Shape::version("{{major}}"), "2", true),
            (Shape::version("{{major}}"), "edge", false),
            (Shape::hex().between("sha-", "", '\u{1}'), "sha-abc1234", true),
            (Shape::hex().between("{{branch}}-", "", '\u{1}'), "main-abc1234", true),
            (Shape::hex().between("{{branch}}-", "", '\u{1}'), "feature-new-scanner", false),
            (Shape::filter("release/*"), "release-1", true),
            (Shape::filter("main"), "edge", false),
            (Shape::filter("v[0-9]+"), "anything", true),
            (Shape::literal("nightly", '\u{1}'), "nightly", true),
            (Shape::literal("{{date 'YYYY'}}", '\u{1}'), "2026", true),
            (Shape::number().between("pr-", "", '\u{1}'), "pr-12", true),
        ] {
            assert_eq!(shape.takes(tag), wanted, "{shape:?} {tag}");
        }
    }
}
