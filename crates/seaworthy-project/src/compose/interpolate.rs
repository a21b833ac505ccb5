//! Variables in a compose file: `$NAME`, `${NAME}`, `:-` `-` `:?` `?` `:+` `+`, and `$$` for a dollar sign.

use super::value::{Data, Value};
use std::collections::BTreeMap;

/// Defaults inside of defaults deeper than this are refused.
const MAX_DEPTH: usize = 32;
/// A value longer than this after substitution is refused.
const MAX_LENGTH: usize = 1 << 20;

/// Names and values.
pub type Variables = BTreeMap<String, String>;

/// Why a text cannot be interpolated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interpolation {
    /// `${` without a name or an end.
    #[error("invalid interpolation format in `{text}`; write `$$` for a dollar sign")]
    Invalid {
        /// The text.
        text: String,
    },
    /// `${NAME:?message}` without a value.
    #[error("required variable `{name}` is missing a value: {message}")]
    Required {
        /// The variable.
        name: String,
        /// The file's own words.
        message: String,
    },
}

/// What to do with variables nobody set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unset {
    /// Nothing stands there, as compose does it.
    Empty,
    /// The reference stays, because its value is not known here.
    Keep,
}

/// Substitutes variables; names that are not set and have no default go to `missing`.
pub(crate) fn substitute(
    text: &str,
    known: &Variables,
    unset: Unset,
    missing: &mut Vec<String>,
) -> Result<String, Interpolation> {
    expand(text, known, unset, missing, 0)
}

fn expand(
    text: &str,
    known: &Variables,
    unset: Unset,
    missing: &mut Vec<String>,
    depth: usize,
) -> Result<String, Interpolation> {
    let invalid = || Interpolation::Invalid { text: text.chars().take(120).collect() };
    if depth > MAX_DEPTH {
        return Err(invalid());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let reference = &rest[at..];
        let after = &reference[1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push_str(if unset == Unset::Keep { "$$" } else { "$" });
            rest = tail;
        } else if let Some(body) = after.strip_prefix('{') {
            let end = closing(reference).ok_or_else(invalid)?;
            let (inside, whole) = (&body[..end - 2], &reference[..=end]);
            let name = word(inside);
            if name.is_empty() {
                return Err(invalid());
            }
            let value = known.get(name);
            let full = value.filter(|value| !value.is_empty());
            let (operator, argument) = split(&inside[name.len()..]).ok_or_else(invalid)?;
            let argument = |missing: &mut Vec<String>| expand(argument, known, unset, missing, depth + 1);
            match (operator, value, full) {
                (":-" | ":?", _, Some(value)) | ("-" | "" | "?", Some(value), _) => {
                    out.push_str(value);
                }
                (":-" | "-", ..) => out.push_str(&argument(missing)?),
                (":+", _, Some(_)) | ("+", Some(_), _) => out.push_str(&argument(missing)?),
                (":+" | "+", ..) => {}
                (":?" | "?", ..) if unset == Unset::Empty => {
                    let message = argument(missing)?;
                    return Err(Interpolation::Required { name: name.to_owned(), message });
                }
                _ => {
                    missing.push(name.to_owned());
                    if unset == Unset::Keep {
                        out.push_str(whole);
                    }
                }
            }
            rest = &reference[end + 1..];
        } else {
            let name = word(after);
            match known.get(name) {
                // A dollar sign that begins nothing is one.
                _ if name.is_empty() => out.push('$'),
                Some(value) => out.push_str(value),
                None => {
                    missing.push(name.to_owned());
                    if unset == Unset::Keep {
                        out.push('$');
                        out.push_str(name);
                    }
                }
            }
            rest = &after[name.len()..];
        }
        if out.len() > MAX_LENGTH {
            return Err(invalid());
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The name at the start of a text.
fn word(text: &str) -> &str {
    let fits =
        |(at, ch): &(usize, char)| ch.is_ascii_alphabetic() || *ch == '_' || (*at > 0 && ch.is_ascii_digit());
    let length = text.char_indices().take_while(fits).count();
    &text[..length]
}

/// The operator and what follows it; `None` where something else stands.
fn split(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return Some(("", ""));
    }
    let operator =
        [":-", ":?", ":+", "-", "?", "+"].into_iter().find(|operator| text.starts_with(operator))?;
    Some((&text[..operator.len()], &text[operator.len()..]))
}

/// The place of the brace that closes the `${` a text starts with.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Interpolates every string of a tree in place; `problem` hears of what cannot be, and of missing names.
pub(crate) fn tree(
    value: &mut Value,
    known: &Variables,
    unset: Unset,
    missing: &mut dyn FnMut(&Value, Vec<String>),
    problem: &mut dyn FnMut(&Value, Interpolation),
) {
    match &mut value.data {
        Data::Str(text) if text.contains('$') => {
            let mut names = Vec::new();
            match substitute(text, known, unset, &mut names) {
                Ok(new) => value.data = Data::Str(new),
                Err(error) => problem(value, error),
            }
            if !names.is_empty() {
                missing(value, names);
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(|item| tree(item, known, unset, missing, problem)),
        Data::Map(map) => {
            for (_, value) in map.values_mut() {
                tree(value, known, unset, missing, problem);
            }
        }
        _ => {}
    }
}

/// The variables of an `.env` file: `NAME=value`, quotes, comments, `export`, references to earlier ones.
pub(crate) fn dotenv(text: &str) -> Variables {
    let mut out = Variables::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let line = rest.lines().next().unwrap_or_default();
        let next = rest.get(line.len()..).unwrap_or_default().trim_start_matches('\r');
        let next = next.strip_prefix('\n').unwrap_or(next);
        let entry = line.trim_start();
        let entry = entry.strip_prefix("export ").map_or(entry, str::trim_start);
        let cut = entry.find(['=', ':']).filter(|_| !entry.starts_with('#'));
        let Some(cut) = cut else {
            rest = next;
            continue;
        };
        let name = entry[..cut].trim();
        let offset = line.len() - entry.len() + cut + 1;
        let value = rest[offset..].trim_start_matches([' ', '\t']);
        let (value, after) = match value.chars().next() {
            Some(quote @ ('\'' | '"')) => match quoted(&value[1..], quote) {
                Some((inside, after)) if quote == '"' => (reference(&inside, &out), after),
                Some((inside, after)) => (inside, after),
                None => (value.lines().next().unwrap_or_default().to_owned(), next),
            },
            _ => {
                let value = value.lines().next().unwrap_or_default();
                let value = value.find(" #").map_or(value, |at| &value[..at]);
                (reference(if value.starts_with('#') { "" } else { value.trim_end() }, &out), next)
            }
        };
        if !name.is_empty() && !name.contains(char::is_whitespace) {
            out.insert(name.to_owned(), value);
        }
        rest = after;
    }
    out
}

fn reference(text: &str, known: &Variables) -> String {
    substitute(text, known, Unset::Empty, &mut Vec::new()).unwrap_or_else(|_| text.to_owned())
}

/// The inside of a quoted value, and what follows its line.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, ch)) = chars.next() {
        match ch {
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                other @ ('"' | '\\' | '$') => out.push(other),
                other => out.extend(['\\', other]),
            },
            ch if ch == quote => {
                let after = &text[at + 1..];
                return Some((out, after.find('\n').map_or("", |end| &after[end + 1..])));
            }
            ch => out.push(ch),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Variables {
        [("A", "a"), ("E", "")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn operators_do_what_compose_does() {
        for (text, result) in [
            ("$A-${A}", "a-a"),
            ("$$A $$$A", "$A $a"),
            ("${X:-d} ${E:-d} ${E-d} ${X-d}", "d d  d"),
            ("${A:+x} ${E:+x} ${E+x} ${X+x}", "x  x "),
            ("${X:-${Y:-${A}}}", "a"),
            ("${X:-{\"a\":1}}", "{\"a\":1}"),
            ("${A:?no}${A?no}", "aa"),
            ("${X:-http://h:80/?q-1}", "http://h:80/?q-1"),
            ("[$X]", "[]"),
            ("$ $(x) $2a ${X:-$2}$", "$ $(x) $2a $2$"),
        ] {
            assert_eq!(
                substitute(text, &known(), Unset::Empty, &mut Vec::new()).as_deref(),
                Ok(result),
                "{text}"
            );
        }
        for text in ["${", "${}", "${1}", "${A!}", "${A b}"] {
            let got = substitute(text, &known(), Unset::Empty, &mut Vec::new());
            assert!(matches!(got, Err(Interpolation::Invalid { .. })), "{text}: {got:?}");
        }
        let required = substitute("${X:?set $A}", &known(), Unset::Empty, &mut Vec::new());
        let message = required.unwrap_err().to_string();
        assert_eq!(message, "required variable `X` is missing a value: set a");
    }

    #[test]
    fn what_is_not_known_stays() {
        let mut missing = Vec::new();
        let got = substitute("${X}/$Y/${Z:?m}/${A}/$$", &known(), Unset::Keep, &mut missing);
        assert_eq!(got.as_deref(), Ok("${X}/$Y/${Z:?m}/a/$$"));
        assert_eq!(missing, ["X", "Y", "Z"]);
    }

    #[test]
    fn env_files_read() {
        let text = "# c\nA=1 # x\nexport B='a $A #'\nC=\"x\\n${A}\nsecond\"\r\nD: yaml\n\nE=\nF=#\nnoise\nG=$A\"q\"\n";
        let got = dotenv(text);
        let want = [
            ("A", "1"),
            ("B", "a $A #"),
            ("C", "x\n1\nsecond"),
            ("D", "yaml"),
            ("E", ""),
            ("F", ""),
            ("G", "1\"q\""),
        ];
        assert_eq!(got, want.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }
}
