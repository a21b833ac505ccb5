//! The values of a compose file: typed as compose's YAML reader types them, merged by `<<`, each with its place.

use crate::yaml::{Kind, Node};
use seaworthy_finding::Span;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Values made from one file at most, so that aliases cannot make a short file a long one.
const MAX_VALUES: usize = 2_000_000;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) span: Span,
    /// `!reset` or `!override`.
    pub(crate) tag: Tag,
    /// Whether the text at the place belongs to other places too (anchors, aliases, `<<`).
    pub(crate) shared: bool,
    /// Whether it comes from another file, so that its place is none of this one.
    pub(crate) foreign: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Seq(Vec<Value>),
    Map(Map),
}

/// What a tag asks of merging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tag {
    #[default]
    None,
    /// The value is removed, whatever other files say.
    Reset,
    /// The value replaces what other files say.
    Override,
}

/// Keys with their places, and values.
pub(crate) type Map = BTreeMap<String, (Span, Value)>;

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self { data, span: Span::default(), tag: Tag::None, shared: true, foreign: true }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Data::Str(text.to_owned()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Data::Str(text).into()
    }
}

impl Value {
    /// The same place with other data.
    pub(crate) fn with(&self, data: Data) -> Self {
        Self { data, span: self.span, tag: Tag::None, shared: self.shared, foreign: self.foreign }
    }

    pub(crate) fn map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> &[Self] {
        match &self.data {
            Data::Seq(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The place of a key, and its value; a value tagged `!reset` counts as absent.
    pub(crate) fn entry(&self, key: &str) -> Option<(Span, &Self)> {
        let (span, value) = self.map()?.get(key)?;
        (value.tag != Tag::Reset).then_some((*span, value))
    }

    pub(crate) fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    /// A scalar as Go prints it; nothing for null and collections.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.data {
            Data::Bool(flag) => Some(flag.to_string()),
            Data::Int(number) => Some(number.to_string()),
            Data::Float(number) => Some(float(*number)),
            Data::Str(text) => Some(text.clone()),
            Data::Null | Data::Seq(_) | Data::Map(_) => None,
        }
    }

    /// A boolean, also one written as text.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(flag) => Some(*flag),
            Data::Str(text) => match text.to_ascii_lowercase().as_str() {
                "y" | "yes" | "true" | "on" => Some(true),
                "n" | "no" | "false" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Marks the value and everything below as coming from elsewhere: `at` stands for its place.
    pub(crate) fn move_to(&mut self, at: Span) {
        self.span = at;
        self.foreign = true;
        self.shared = true;
        match &mut self.data {
            Data::Seq(items) => items.iter_mut().for_each(|item| item.move_to(at)),
            Data::Map(map) => map.values_mut().for_each(|(key, value)| {
                *key = at;
                value.move_to(at);
            }),
            _ => {}
        }
    }

    /// As JSON, as `docker compose config --format json` writes it.
    pub(crate) fn json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.data {
            Data::Null => Json::Null,
            Data::Bool(flag) => Json::Bool(*flag),
            Data::Int(number) => Json::from(*number),
            Data::Float(number) => serde_json::Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Data::Str(text) => Json::String(text.clone()),
            Data::Seq(items) => Json::Array(items.iter().map(Self::json).collect()),
            Data::Map(map) => {
                Json::Object(map.iter().map(|(key, (_, value))| (key.clone(), value.json())).collect())
            }
        }
    }
}

/// A number as Go's `%v` prints it.
fn float(number: f64) -> String {
    let exponent = if number == 0.0 { 0.0 } else { number.abs().log10().floor() };
    if !(-4.0..6.0).contains(&exponent) {
        let text = format!("{number:e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
        return format!("{digits}e{sign}{power:0>2}");
    }
    number.to_string()
}

/// The values of a tree; nothing where its aliases stand for too much.
pub(crate) fn from_node(node: &Node) -> Option<Value> {
    let mut left = MAX_VALUES;
    convert(node, false, &mut left)
}

fn convert(node: &Node, shared: bool, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    let shared = shared || node.shared;
    let tag = match node.tag.as_deref() {
        Some("reset") => Tag::Reset,
        Some("override") => Tag::Override,
        _ => Tag::None,
    };
    let data = match &node.kind {
        Kind::Scalar { value, .. } if node.tag.as_deref() == Some("str") => Data::Str(value.clone()),
        Kind::Scalar { value, plain: true } => plain(value),
        Kind::Scalar { value, .. } => Data::Str(value.clone()),
        Kind::Seq(items) => {
            Data::Seq(items.iter().map(|item| convert(item, shared, left)).collect::<Option<_>>()?)
        }
        Kind::Map(_) => Data::Map(mapping(node, shared, left, 0)?),
    };
    Some(Value { data, span: node.span, tag, shared, foreign: false })
}

/// Own keys first, then those of `<<`, the first source before the later ones.
fn mapping(node: &Node, shared: bool, left: &mut usize, depth: usize) -> Option<Map> {
    let is_merge = |key: &Node| matches!(&key.kind, Kind::Scalar { value, plain: true } if value == "<<");
    let mut out = Map::new();
    for (key, value) in node.pairs().iter().filter(|(key, _)| !is_merge(key)) {
        let value = convert(value, shared, left)?;
        if let Some(name) = key.text() {
            out.entry(name.to_owned()).or_insert((key.span, value));
        }
    }
    // A merge that contains itself cannot be written, but chains of merges can be long.
    if depth > 64 {
        return Some(out);
    }
    for (_, source) in node.pairs().iter().filter(|(key, _)| is_merge(key)) {
        let one = [std::rc::Rc::clone(source)];
        let sources = if source.is_map() { &one[..] } else { source.items() };
        for source in sources {
            for (name, entry) in mapping(source, true, left, depth + 1)? {
                if let Entry::Vacant(vacant) = out.entry(name) {
                    vacant.insert(entry);
                }
            }
        }
    }
    Some(out)
}

/// The type of a scalar without quotes.
fn plain(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" => return Data::Bool(true),
        "false" | "False" | "FALSE" => return Data::Bool(false),
        _ => {}
    }
    if !text.starts_with(|ch: char| ch.is_ascii_digit() || matches!(ch, '+' | '-' | '.')) {
        return Data::Str(text.to_owned());
    }
    let bare = text.replace('_', "");
    if let Some(number) = integer(&bare) {
        return Data::Int(number);
    }
    let looks_like = bare.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && bare.bytes().any(|byte| byte.is_ascii_digit());
    match bare.parse::<f64>() {
        Ok(number) if looks_like && number.is_finite() => Data::Float(number),
        _ => Data::Str(text.to_owned()),
    }
}

/// A whole number in any of Go's notations; a leading zero means octal.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', b'o', ..] => (8, &digits[2..]),
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_have_the_types_composes_reader_gives_them() {
        for (text, data) in [
            ("0123", Data::Int(83)),
            ("0x1F", Data::Int(31)),
            ("0o17", Data::Int(15)),
            ("-1_000", Data::Int(-1000)),
            ("1.50", Data::Float(1.5)),
            ("089", Data::Float(89.0)),
            ("1e3", Data::Float(1000.0)),
            ("yes", Data::Str("yes".to_owned())),
            ("8080:80", Data::Str("8080:80".to_owned())),
            ("1.2.3", Data::Str("1.2.3".to_owned())),
            ("+", Data::Str("+".to_owned())),
            ("~", Data::Null),
            ("True", Data::Bool(true)),
        ] {
            assert_eq!(plain(text), data, "{text}");
        }
    }

    #[test]
    fn numbers_print_as_go_prints_them() {
        for (number, text) in [
            (0.5, "0.5"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-07"),
            (1_000_000.0, "1e+06"),
            (123_456.5, "123456.5"),
        ] {
            assert_eq!(float(number), text);
        }
    }
}
