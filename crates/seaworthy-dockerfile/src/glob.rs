//! The patterns of `${name#pattern}` and its kin: only `*` and `?` are special.

use crate::expand::ExpandError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Any,
    One,
    Char(char),
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    items: Vec<Item>,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Result<Self, ExpandError> {
        let mut items = Vec::new();
        let mut chars = text.chars();
        while let Some(ch) = chars.next() {
            items.push(match ch {
                '*' => Item::Any,
                '?' => Item::One,
                '\\' => match chars.next() {
                    Some(escaped @ ('*' | '?' | '\\' | '}' | '/')) => Item::Char(escaped),
                    _ => return Err(ExpandError::InvalidPattern(text.to_owned())),
                },
                ch => Item::Char(ch),
            });
        }
        Ok(Self { items })
    }

    /// The length of the shortest or longest match at the start of `text`.
    fn match_len(items: &[Item], text: &[char], longest: bool) -> Option<usize> {
        // states[i]: the first i items match what was read.
        let mut states = vec![false; items.len() + 1];
        states[0] = true;
        Self::skip_any(items, &mut states);
        let mut found = None;
        for read in 0..=text.len() {
            if states[items.len()] {
                found = Some(read);
                if !longest {
                    return found;
                }
            }
            let Some(ch) = text.get(read) else { break };
            let mut next = vec![false; items.len() + 1];
            for (at, item) in items.iter().enumerate().filter(|(at, _)| states[*at]) {
                match item {
                    // A line end is no character for wildcards.
                    Item::Any | Item::One if *ch == '\n' => {}
                    Item::Any => next[at] = true,
                    Item::One => next[at + 1] = true,
                    Item::Char(wanted) => next[at + 1] |= wanted == ch,
                }
            }
            Self::skip_any(items, &mut next);
            if !next.contains(&true) {
                break;
            }
            states = next;
        }
        found
    }

    fn skip_any(items: &[Item], states: &mut [bool]) {
        for (at, item) in items.iter().enumerate() {
            if states[at] && *item == Item::Any {
                states[at + 1] = true;
            }
        }
    }

    pub(crate) fn strip_prefix(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let length = Self::match_len(&self.items, &chars, longest).unwrap_or(0);
        chars.into_iter().skip(length).collect()
    }

    pub(crate) fn strip_suffix(&self, value: &str, longest: bool) -> String {
        let items: Vec<Item> = self.items.iter().rev().copied().collect();
        let chars: Vec<char> = value.chars().rev().collect();
        let length = Self::match_len(&items, &chars, longest).unwrap_or(0);
        chars.into_iter().skip(length).collect::<Vec<_>>().into_iter().rev().collect()
    }

    pub(crate) fn replace(&self, value: &str, replacement: &str, all: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        // Replacing all, BuildKit takes `$name` in the replacement for a group of an expression, which has none.
        let template = all.then(|| expand_template(replacement));
        let mut out = String::new();
        let mut at = 0;
        // An empty match right behind another match does not count.
        let mut last_end = None;
        while at <= chars.len() {
            let length = Self::match_len(&self.items, &chars[at..], true);
            match length {
                Some(length) if !(length == 0 && last_end == Some(at)) => {
                    let matched = &chars[at..at + length];
                    match &template {
                        None => out.push_str(replacement),
                        Some(parts) => {
                            for part in parts {
                                match part {
                                    Part::Text(text) => out.push_str(text),
                                    Part::Match => out.extend(matched),
                                }
                            }
                        }
                    }
                    at += length;
                    last_end = Some(at);
                    if !all {
                        break;
                    }
                    if length == 0 {
                        out.extend(chars.get(at));
                        at += 1;
                    }
                }
                _ => {
                    out.extend(chars.get(at));
                    at += 1;
                }
            }
        }
        out.extend(chars.iter().skip(at));
        out
    }
}

/// A piece of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// What the pattern matched.
    Match,
}

/// Reads `$$`, `$name` and `${name}` as Go's regular expressions do in a replacement.
fn expand_template(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        parts.push(Part::Text(rest[..at].to_owned()));
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            parts.push(Part::Text("$".to_owned()));
            rest = tail;
            continue;
        }
        let braced = rest.strip_prefix('{');
        let body = braced.unwrap_or(rest);
        let length = body.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(body.len());
        let (name, tail) = body.split_at(length);
        let tail = if braced.is_some() { tail.strip_prefix('}') } else { Some(tail) };
        match tail {
            Some(tail) if !name.is_empty() => {
                if name.bytes().all(|byte| byte == b'0') && name.len() == 1 {
                    parts.push(Part::Match);
                }
                rest = tail;
            }
            _ => parts.push(Part::Text("$".to_owned())),
        }
    }
    parts.push(Part::Text(rest.to_owned()));
    parts
}
