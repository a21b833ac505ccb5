//! How compose joins two layers: a base and what stands over it.

use super::value::{Data, Map, Tag, Value};
use seaworthy_finding::Span;

/// Where in the model a value stands.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    above: Option<&'a Self>,
    key: &'a str,
}

impl<'a> Path<'a> {
    pub(crate) const ROOT: Path<'static> = Path { above: None, key: "" };

    pub(crate) fn next<'b>(&'b self, key: &'b str) -> Path<'b>
    where
        'a: 'b,
    {
        Path { above: Some(self), key }
    }

    pub(crate) fn parts(&self) -> Vec<&'a str> {
        let mut parts = Vec::new();
        let mut at = Some(self);
        while let Some(path) = at {
            if path.above.is_some() {
                parts.push(path.key);
            }
            at = path.above;
        }
        parts.reverse();
        parts
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parts().join("."))
    }
}

/// Two values that cannot be joined, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot override {path}")]
pub(crate) struct MergeError {
    pub(crate) path: String,
    pub(crate) span: Span,
}

/// The upper value over the base.
pub(crate) fn merge(base: Value, over: Value, path: &Path<'_>) -> Result<Value, MergeError> {
    if over.tag == Tag::Override || over.tag == Tag::Reset {
        return Ok(over);
    }
    let parts = path.parts();
    match parts.as_slice() {
        ["services", _, "command" | "entrypoint"] | ["services", _, "healthcheck", "test"] => {
            return Ok(over);
        }
        ["networks" | "volumes", _, "labels"]
        | [
            "services",
            _,
            "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "environment"
            | "labels" | "sysctls" | "tmpfs",
        ]
        | ["services", _, "build", "args" | "additional_contexts" | "labels"]
        | ["services", _, "deploy", "labels"] => {
            let mut items = sequence(&base);
            items.extend(sequence(&over));
            return Ok(over.with(Data::Seq(items)));
        }
        ["services", _, "extra_hosts"] | ["services", _, "build", "extra_hosts"] => {
            let mut items = sequence(&base);
            for item in sequence(&over) {
                if !items.iter().any(|known| known.data == item.data) {
                    items.push(item);
                }
            }
            return Ok(over.with(Data::Seq(items)));
        }
        ["services", _, "build"] => {
            let (base, over) = (context(base), context(over));
            return mappings(base, over, path);
        }
        ["services", _, "depends_on"] => {
            let started = || {
                let mut map = Map::new();
                map.insert("condition".to_owned(), (Span::default(), "service_started".into()));
                map.insert("required".to_owned(), (Span::default(), Data::Bool(true).into()));
                Data::Map(map)
            };
            return mappings(keyed(base, started), keyed(over, started), path);
        }
        ["services", _, "networks" | "models"] => {
            return mappings(keyed(base, || Data::Null), keyed(over, || Data::Null), path);
        }
        ["services", _, "logging"] => {
            let driver = |value: &Value| value.get("driver").and_then(Value::text);
            let (one, other) = (driver(&base), driver(&over));
            if one.is_some() && other.is_some() && one != other {
                return Ok(over);
            }
        }
        ["services", _, "ulimits", _] if base.map().is_none() || over.map().is_none() => return Ok(over),
        ["networks", _, "ipam", "config"] => return ipam(&base, &over, path),
        _ => {}
    }
    match (&base.data, &over.data) {
        (_, Data::Null) => Ok(base),
        (Data::Map(_), Data::Map(_)) => mappings(base, over, path),
        (Data::Seq(one), Data::Seq(other)) => {
            let items = one.iter().chain(other).cloned().collect();
            Ok(over.with(Data::Seq(items)))
        }
        (Data::Map(_) | Data::Seq(_), _) => Err(MergeError { path: path.to_string(), span: over.span }),
        _ => Ok(over),
    }
}

fn mappings(mut base: Value, over: Value, path: &Path<'_>) -> Result<Value, MergeError> {
    let (span, shared) = (over.span, over.shared);
    let Data::Map(entries) = over.data else { return Ok(base) };
    let Some(map) = base.map_mut() else {
        return Ok(Value { data: Data::Map(entries), span, tag: Tag::None, shared, foreign: false });
    };
    for (key, (at, value)) in entries {
        let joined = match map.remove(&key) {
            Some((_, known)) if !key.starts_with("x-") => merge(known, value, &path.next(&key))?,
            _ => value,
        };
        map.insert(key, (at, joined));
    }
    base.span = span;
    base.shared = shared;
    Ok(base)
}

/// `key: value` as `key=value`.
pub(crate) fn sequence(value: &Value) -> Vec<Value> {
    match &value.data {
        Data::Map(map) => {
            let pair = |(key, (span, value)): (&String, &(Span, Value))| {
                let text = value.text().map_or_else(|| key.clone(), |text| format!("{key}={text}"));
                Value { span: *span, ..value.with(Data::Str(text)) }
            };
            map.iter().map(pair).collect()
        }
        Data::Seq(items) => items.clone(),
        Data::Null => Vec::new(),
        _ => vec![value.clone()],
    }
}

/// Names as a mapping from them to a value each.
pub(crate) fn keyed(value: Value, each: impl Fn() -> Data) -> Value {
    let Data::Seq(items) = &value.data else { return value };
    let map = items
        .iter()
        .filter_map(|item| item.text().map(|name| (name, (item.span, item.with(each())))))
        .collect();
    value.with(Data::Map(map))
}

/// A build that is only its context.
fn context(value: Value) -> Value {
    match value.data {
        Data::Str(_) => {
            let mut map = Map::new();
            map.insert("context".to_owned(), (value.span, value.clone()));
            value.with(Data::Map(map))
        }
        _ => value,
    }
}

/// Address ranges are joined by their subnet.
fn ipam(base: &Value, over: &Value, path: &Path<'_>) -> Result<Value, MergeError> {
    let subnet = |value: &Value| value.get("subnet").and_then(Value::text);
    let mut out: Vec<Value> = Vec::new();
    let mut put = |value: Value| match out.iter().position(|known| subnet(known) == subnet(&value)) {
        Some(at) => out[at] = value,
        None => out.push(value),
    };
    for one in base.items() {
        for other in over.items() {
            if subnet(one) == subnet(other) {
                put(mappings(one.clone(), other.clone(), path)?);
            } else {
                put(other.clone());
            }
        }
    }
    Ok(over.with(Data::Seq(out)))
}

/// Removes what the layer above resets or replaces, and the reset values themselves.
pub(crate) fn reset(base: &mut Value, over: &Value) {
    let (Some(map), Some(upper)) = (base.map_mut(), over.map()) else { return };
    for (key, (_, value)) in upper {
        if value.tag == Tag::None {
            if let Some((_, known)) = map.get_mut(key) {
                reset(known, value);
            }
        } else {
            map.remove(key);
        }
    }
}

/// Drops every value tagged `!reset`.
pub(crate) fn drop_reset(value: &mut Value) {
    match &mut value.data {
        Data::Map(map) => {
            map.retain(|_, (_, value)| value.tag != Tag::Reset);
            for (_, value) in map.values_mut() {
                drop_reset(value);
            }
        }
        Data::Seq(items) => {
            items.retain(|item| item.tag != Tag::Reset);
            items.iter_mut().for_each(drop_reset);
        }
        _ => {}
    }
}
