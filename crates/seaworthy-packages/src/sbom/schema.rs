//! CycloneDX's own schemas 1.5, 1.6 and 1.7, and as much of JSON Schema draft 7 as they use.
//!
//! The folder `cyclonedx` holds the published schemas (CycloneDX/specification, Apache-2.0, see `NOTICE` there) without
//! their titles, descriptions and examples; `build.rs` packs them into one object by name. Each version accepts what the ones before it
//! did, so 1.5's also serves 1.2 to 1.4.

use crate::license;
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cyclonedx-schemas.json.zz"));
/// Most reasons that are given.
const MOST: usize = 20;

/// What makes a document invalid.
pub(super) fn check(document: &Value, version: u32) -> Vec<String> {
    let mut text = Vec::new();
    // What is part of the program unpacks.
    let _ = flate2::read::ZlibDecoder::new(PACKED).read_to_end(&mut text);
    let schemas: Value = serde_json::from_slice(&text).unwrap_or_default();
    let name = format!("bom-1.{}", version.max(5));
    let Some(schema) = schemas.get(&name) else { return vec![format!("no schema of version 1.{version}")] };
    let mut validator = Validator { schemas: &schemas, patterns: BTreeMap::new() };
    let mut errors = Vec::new();
    validator.value(schema, &name, document, &mut Vec::new(), &mut errors);
    errors.truncate(MOST);
    errors
}

struct Validator<'a> {
    schemas: &'a Value,
    patterns: BTreeMap<String, Option<Regex>>,
}

/// Where a value lies, for messages.
type Path = Vec<String>;

fn shown(path: &Path) -> String {
    if path.is_empty() { "the document".to_owned() } else { path.concat().trim_start_matches('.').to_owned() }
}

/// The beginning of a value, for messages.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("`{short}…`") } else { format!("`{short}`") }
}

impl<'a> Validator<'a> {
    /// Holds a value against a schema; `root` is the name of the schema that local references are within.
    fn value(
        &mut self,
        schema: &'a Value,
        root: &str,
        value: &Value,
        path: &mut Path,
        errors: &mut Vec<String>,
    ) {
        let Some(schema) = schema.as_object() else {
            if schema.as_bool() == Some(false) {
                errors.push(format!("{}: is not allowed", shown(path)));
            }
            return;
        };
        if errors.len() >= MOST {
            return;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.reference(reference, root, value, path, errors);
        }
        self.own(schema, value, path, errors);
        match value {
            Value::Object(object) => self.object(schema, root, object, path, errors),
            Value::Array(array) => self.array(schema, root, array, path, errors),
            _ => {}
        }
        self.combined(schema, root, value, path, errors);
    }

    fn reference(
        &mut self,
        reference: &str,
        root: &str,
        value: &Value,
        path: &mut Path,
        errors: &mut Vec<String>,
    ) {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        if file == "spdx.schema.json" {
            let known = value.as_str().is_some_and(license::is_listed);
            if !known {
                errors.push(format!("{}: {} is no identifier of SPDX's lists", shown(path), brief(value)));
            }
            return;
        }
        let name = if file.is_empty() { root } else { file.trim_end_matches(".schema.json") };
        let schemas = self.schemas;
        if let Some(target) = schemas.get(name).and_then(|schema| schema.pointer(pointer)) {
            self.value(target, name, value, path, errors);
        }
    }

    /// What a schema says of the value itself.
    fn own(&mut self, schema: &'a Map<String, Value>, value: &Value, path: &Path, errors: &mut Vec<String>) {
        let mut say = |problem: String| errors.push(format!("{}: {problem}", shown(path)));
        if let Some(kind) = schema.get("type") {
            let one = |kind: &Value| kind.as_str().is_some_and(|kind| is_type(value, kind));
            if !one(kind) && !kind.as_array().is_some_and(|kinds| kinds.iter().any(one)) {
                say(format!("{} is not of type {kind}", brief(value)));
                return;
            }
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array)
            && !values.contains(value)
        {
            let all: Vec<String> = values.iter().take(12).map(ToString::to_string).collect();
            let more = if values.len() > 12 { ", …" } else { "" };
            say(format!("{} is none of {}{more}", brief(value), all.join(", ")));
        }
        if schema.get("const").is_some_and(|wanted| wanted != value) {
            say(format!("{} is not {}", brief(value), schema["const"]));
        }
        let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
        let outside = |number: f64| {
            limit("minimum").is_some_and(|least| number < least)
                || limit("maximum").is_some_and(|most| number > most)
        };
        if let Some(number) = value.as_f64().filter(|number| outside(*number)) {
            say(format!("{number} is out of range"));
        }
        if let Some(text) = value.as_str() {
            let length = text.chars().count() as u64;
            let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
            if bound("minLength").is_some_and(|least| length < least)
                || bound("maxLength").is_some_and(|most| length > most)
            {
                say(format!("{} has {length} characters", brief(value)));
            }
            if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
                let compiled =
                    self.patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
                if compiled.as_ref().is_some_and(|regex| !regex.is_match(text)) {
                    say(format!("{} does not match `{pattern}`", brief(value)));
                }
            }
            let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
            if !is_format(text, format) {
                say(format!("{} is no {format}", brief(value)));
            }
        }
    }

    fn object(
        &mut self,
        schema: &'a Map<String, Value>,
        root: &str,
        object: &Map<String, Value>,
        path: &mut Path,
        errors: &mut Vec<String>,
    ) {
        for key in names(schema.get("required")) {
            if !object.contains_key(key) {
                errors.push(format!("{}: `{key}` is missing", shown(path)));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in object {
            let known = properties.and_then(|properties| properties.get(key));
            path.push(format!(".{key}"));
            match (known, schema.get("additionalProperties")) {
                (Some(known), _) => self.value(known, root, value, path, errors),
                (None, Some(Value::Bool(false))) => {
                    path.pop();
                    errors.push(format!("{}: `{key}` is not allowed", shown(path)));
                    continue;
                }
                (None, Some(other)) => self.value(other, root, value, path, errors),
                (None, None) => {}
            }
            path.pop();
        }
        for (key, wanted) in schema.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
            if object.contains_key(key) {
                for other in names(Some(wanted)).filter(|other| !object.contains_key(*other)) {
                    errors.push(format!("{}: `{key}` needs `{other}`", shown(path)));
                }
                if wanted.is_object() {
                    self.value(wanted, root, &Value::Object(object.clone()), path, errors);
                }
            }
        }
    }

    fn array(
        &mut self,
        schema: &'a Map<String, Value>,
        root: &str,
        array: &[Value],
        path: &mut Path,
        errors: &mut Vec<String>,
    ) {
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
        let length = array.len() as u64;
        if bound("minItems").is_some_and(|least| length < least)
            || bound("maxItems").is_some_and(|most| length > most)
        {
            errors.push(format!("{}: has {length} entries", shown(path)));
        }
        if schema.get("uniqueItems").and_then(Value::as_bool) == Some(true) {
            let mut seen = BTreeSet::new();
            for (at, item) in array.iter().enumerate() {
                if !seen.insert(item.to_string()) {
                    errors.push(format!("{}[{at}]: is there already", shown(path)));
                }
            }
        }
        let items = schema.get("items");
        for (at, item) in array.iter().enumerate() {
            let each = match items {
                // A tuple: one schema for each place.
                Some(Value::Array(tuple)) => tuple.get(at).or_else(|| schema.get("additionalItems")),
                other => other,
            };
            if let Some(each) = each {
                path.push(format!("[{at}]"));
                self.value(each, root, item, path, errors);
                path.pop();
            }
        }
    }

    fn combined(
        &mut self,
        schema: &'a Map<String, Value>,
        root: &str,
        value: &Value,
        path: &mut Path,
        errors: &mut Vec<String>,
    ) {
        let branches = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
        for branch in branches("allOf") {
            self.value(branch, root, value, path, errors);
        }
        for (key, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            if !schema.contains_key(key) {
                continue;
            }
            let mut fitting = 0;
            let mut nearest: Option<Vec<String>> = None;
            for branch in branches(key) {
                let mut found = Vec::new();
                self.value(branch, root, value, path, &mut found);
                if found.is_empty() {
                    fitting += 1;
                } else if nearest.as_ref().is_none_or(|before| found.len() < before.len()) {
                    nearest = Some(found);
                }
            }
            if fitting == 0 {
                let why = nearest.unwrap_or_default().into_iter().next().unwrap_or_default();
                errors.push(format!("{}: fits none of the forms allowed there ({why})", shown(path)));
            } else if fitting > most {
                errors.push(format!("{}: fits {fitting} forms where one is allowed", shown(path)));
            }
        }
        let fits = |validator: &mut Self, schema: &'a Value, path: &mut Path| {
            let mut found = Vec::new();
            validator.value(schema, root, value, path, &mut found);
            found.is_empty()
        };
        if let Some(not) = schema.get("not")
            && fits(self, not, path)
        {
            errors.push(format!("{}: has a form that is not allowed", shown(path)));
        }
        if let Some(condition) = schema.get("if") {
            let branch = if fits(self, condition, path) { "then" } else { "else" };
            if let Some(branch) = schema.get(branch) {
                self.value(branch, root, value, path, errors);
            }
        }
    }
}

/// The texts of an array.
fn names(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn is_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        _ => true,
    }
}

/// Whether a text has a format; those that are not known are.
fn is_format(text: &str, format: &str) -> bool {
    match format {
        "date-time" => {
            let bytes = text.as_bytes();
            bytes.len() >= 20
                && bytes[10].eq_ignore_ascii_case(&b'T')
                && (text.ends_with(['Z', 'z']) || bytes[bytes.len() - 3] == b':')
                && text.parse::<jiff::Timestamp>().is_ok()
        }
        "email" | "idn-email" => {
            text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
                && !text.contains(' ')
        }
        "iri-reference" | "uri-reference" => is_reference(text),
        "iri" | "uri" => {
            let scheme = text.split(':').next().unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
            scheme.len() < text.len()
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(plain)
                && is_reference(text)
        }
        _ => true,
    }
}

/// Whether a text may be a reference to a resource: nothing that a URI never holds.
fn is_reference(text: &str) -> bool {
    !text.contains([' ', '<', '>', '"', '{', '}', '|', '\\', '^', '`']) && !text.contains(char::is_control)
}
