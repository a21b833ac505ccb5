//! Reading a JSON payload field by field: unknown and repeated fields, wrong types and values beyond a
//! ceiling are refused with a message that names the field and never repeats its value.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// Why a payload is refused; the text goes to the client.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    /// Builds the error from anything that reads as a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A JSON object whose fields are taken one by one.
#[derive(Debug)]
pub struct Payload {
    fields: BTreeMap<String, Value>,
}

/// Marks the parser's error for a repeated field, to tell it from broken JSON.
const REPEATED: &str = "repeated field: ";

/// The top level of a payload; fails on a repeated field, which parsers otherwise resolve silently.
struct Fields(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{REPEATED}{}", shorten(&name))));
                    }
                    fields.insert(name, value);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Cuts a client's field name, so that a message stays one short line.
fn shorten(name: &str) -> String {
    let mut short: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

impl Payload {
    /// Parses `body` as one JSON object with only the fields in `known`.
    ///
    /// `kind` names the payload in messages. `verbose` adds the place where broken JSON stops.
    pub fn parse(kind: &str, known: &[&str], body: &[u8], verbose: bool) -> Result<Self, Invalid> {
        let Fields(fields) = serde_json::from_slice(body).map_err(|error| describe(&error, kind, verbose))?;
        let unknown: Vec<String> = fields
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .take(8)
            .map(|n| shorten(n))
            .collect();
        if unknown.is_empty() {
            Ok(Self { fields })
        } else {
            Err(Invalid(format!("{kind} payload has unknown fields: {}", unknown.join(", "))))
        }
    }

    /// Takes an integer within `range`.
    pub fn integer(
        &mut self,
        name: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, Invalid> {
        let Some(value) = self.fields.remove(name) else { return Ok(default) };
        let Value::Number(number) = value else {
            return Err(Invalid(format!("{name} must be an integer")));
        };
        if number.as_i64().is_some_and(|n| n < 0) {
            return Err(Invalid(format!("{name} must be >= {}", range.start())));
        }
        let Some(n) = number.as_u64() else { return Err(Invalid(format!("{name} must be an integer"))) };
        match usize::try_from(n) {
            Ok(n) if n < *range.start() => Err(Invalid(format!("{name} must be >= {}", range.start()))),
            Ok(n) if n <= *range.end() => Ok(n),
            _ => Err(Invalid(format!("{name} must be <= {}", range.end()))),
        }
    }

    /// Takes a number (integer or fraction) within `range`.
    pub fn number(&mut self, name: &str, default: f64, range: RangeInclusive<f64>) -> Result<f64, Invalid> {
        let Some(value) = self.fields.remove(name) else { return Ok(default) };
        match value.as_f64() {
            Some(n) if range.contains(&n) => Ok(n),
            Some(_) => Err(Invalid(format!("{name} must be from {} to {}", range.start(), range.end()))),
            None => Err(Invalid(format!("{name} must be a number"))),
        }
    }

    /// Takes a boolean.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool, Invalid> {
        match self.fields.remove(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Invalid(format!("{name} must be true or false"))),
        }
    }

    /// Takes a boolean that the API fixes; the other value is refused with `reason`.
    pub fn fixed(&mut self, name: &str, only: bool, reason: &str) -> Result<(), Invalid> {
        if self.flag(name, only)? == only {
            Ok(())
        } else {
            Err(Invalid(format!("{name} must be {only}: {reason}")))
        }
    }

    /// Takes a string of at most `max_chars` characters without control characters.
    pub fn text(&mut self, name: &str, default: &str, max_chars: usize) -> Result<String, Invalid> {
        match self.fields.remove(name) {
            None => Ok(default.to_owned()),
            Some(Value::String(text)) => checked_text(name, text, max_chars),
            Some(_) => Err(Invalid(format!("{name} must be a string"))),
        }
    }

    /// Takes an array of non-empty strings. The empty string stands for the empty list, so that a client
    /// which fills in every field can say "none"; any other string would be a path on the server, and is
    /// refused.
    pub fn list(&mut self, name: &str, max_items: usize, max_chars: usize) -> Result<Vec<String>, Invalid> {
        let items = match self.fields.remove(name) {
            None => return Ok(Vec::new()),
            Some(Value::String(text)) if text.is_empty() => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => {
                return Err(Invalid(format!(
                    "{name} must be an array of strings; files on the server are not read"
                )));
            }
        };
        if items.len() > max_items {
            return Err(Invalid(format!("{name} must have <= {max_items} items")));
        }
        items
            .into_iter()
            .map(|item| match item {
                Value::String(text) if text.is_empty() => Err(Invalid(format!("{name} has an empty item"))),
                Value::String(text) => checked_text(name, text, max_chars),
                _ => Err(Invalid(format!(
                    "{name} must be an array of strings; files on the server are not read"
                ))),
            })
            .collect()
    }
}

fn checked_text(name: &str, text: String, max_chars: usize) -> Result<String, Invalid> {
    if text.chars().any(char::is_control) {
        return Err(Invalid(format!("{name} has a control character")));
    }
    if text.chars().count() > max_chars {
        return Err(Invalid(format!("{name} must have <= {max_chars} characters")));
    }
    Ok(text)
}

/// Turns a parser error into a message. The parser's own text is not passed on: it may quote the body.
fn describe(error: &serde_json::Error, kind: &str, verbose: bool) -> Invalid {
    let text = error.to_string();
    if let Some(repeated) = text.strip_prefix(REPEATED) {
        let name = repeated.rsplit_once(" at line ").map_or(repeated, |(name, _)| name);
        return Invalid(format!("{kind} payload has a repeated field: {name}"));
    }
    let message = if error.is_data() {
        format!("{kind} payload must be a JSON object")
    } else {
        "the body is not valid JSON".to_owned()
    };
    if verbose {
        Invalid(format!("{message} (line {}, column {})", error.line(), error.column()))
    } else {
        Invalid(message)
    }
}

#[cfg(test)]
mod tests {
    use super::{Invalid, Payload};

    fn parse(body: &str) -> Result<Payload, Invalid> {
        Payload::parse("test", &["count", "flag", "list", "share", "text"], body.as_bytes(), false)
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Invalid>) -> String {
        result.unwrap_err().0
    }

    #[test]
    fn only_one_object_with_known_fields_passes() {
        assert!(parse("{}").is_ok());
        assert_eq!(refused(parse("{\"bad\":1,\"worse\":2}")), "test payload has unknown fields: bad, worse");
        assert_eq!(refused(parse("{\"count\":1,\"count\":2}")), "test payload has a repeated field: count");
        for body in ["[]", "\"x\"", "1", "null", "true"] {
            assert_eq!(refused(parse(body)), "test payload must be a JSON object", "{body}");
        }
        for body in ["", "{", "{}x", "{\"count\":01}", "{\"count\":NaN}", "{'count':1}"] {
            assert_eq!(refused(parse(body)), "the body is not valid JSON", "{body}");
        }
    }

    #[test]
    fn deep_and_binary_bodies_are_refused() {
        let deep = format!("{{\"list\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(refused(parse(&deep)), "the body is not valid JSON");
        let result = Payload::parse("test", &["text"], b"{\"text\":\"\xff\xfe\"}", false);
        assert_eq!(refused(result), "the body is not valid JSON");
    }

    #[test]
    fn verbose_errors_add_the_place_only() {
        let error = Payload::parse("test", &[], b"{\n  secret", true).unwrap_err().0;
        assert_eq!(error, "the body is not valid JSON (line 2, column 3)");
    }

    #[test]
    fn integers_are_integers_within_bounds() {
        let take = |body: &str| parse(body).and_then(|mut p| p.integer("count", 7, 1..=512));
        assert_eq!(take("{}"), Ok(7));
        assert_eq!(take("{\"count\":512}"), Ok(512));
        assert_eq!(refused(take("{\"count\":513}")), "count must be <= 512");
        assert_eq!(refused(take("{\"count\":0}")), "count must be >= 1");
        assert_eq!(refused(take("{\"count\":-1}")), "count must be >= 1");
        assert_eq!(refused(take("{\"count\":18446744073709551615}")), "count must be <= 512");
        for body in [
            "{\"count\":1.0}",
            "{\"count\":1e2}",
            "{\"count\":true}",
            "{\"count\":\"1\"}",
            "{\"count\":null}",
            "{\"count\":99999999999999999999}",
        ] {
            assert_eq!(refused(take(body)), "count must be an integer", "{body}");
        }
    }

    #[test]
    fn other_types_are_checked() {
        assert_eq!(refused(parse("{\"flag\":1}").unwrap().flag("flag", true)), "flag must be true or false");
        assert_eq!(
            refused(parse("{\"flag\":false}").unwrap().fixed("flag", true, "why")),
            "flag must be true: why"
        );
        assert_eq!(
            refused(parse("{\"text\":\"abc\"}").unwrap().text("text", "", 2)),
            "text must have <= 2 characters"
        );
        assert_eq!(
            refused(parse("{\"text\":\"a\\nb\"}").unwrap().text("text", "", 9)),
            "text has a control character"
        );
        assert_eq!(parse("{\"share\":1}").unwrap().number("share", 0.5, 0.0..=1.0), Ok(1.0));
        assert_eq!(
            refused(parse("{\"share\":2}").unwrap().number("share", 0.5, 0.0..=1.0)),
            "share must be from 0 to 1"
        );
        assert_eq!(parse("{\"list\":\"\"}").unwrap().list("list", 2, 4), Ok(Vec::new()));
        assert!(
            refused(parse("{\"list\":\"/etc/x\"}").unwrap().list("list", 2, 4))
                .contains("files on the server")
        );
        assert_eq!(
            refused(parse("{\"list\":[\"a\",\"b\",\"c\"]}").unwrap().list("list", 2, 4)),
            "list must have <= 2 items"
        );
        assert!(parse("{\"list\":[[]]}").unwrap().list("list", 2, 4).is_err());
    }
}
