//! Lists whose entries have a name: the last entry of a name stays, at the place of the first.

use super::merge::Path;
use super::value::{Data, Value};
use super::volumes;
use std::collections::BTreeMap;

/// Removes entries that later ones of the same name replace.
pub(crate) fn enforce(value: &mut Value, path: &Path<'_>) {
    match &mut value.data {
        Data::Map(map) => {
            for (key, (_, value)) in map {
                enforce(value, &path.next(key));
            }
        }
        Data::Seq(items) => {
            let parts = path.parts();
            if let Some(name) = indexer(&parts) {
                let mut places: BTreeMap<String, usize> = BTreeMap::new();
                let mut kept: Vec<Value> = Vec::with_capacity(items.len());
                for item in std::mem::take(items) {
                    match name(&item) {
                        Some(name) => match places.get(&name) {
                            Some(at) => kept[*at] = item,
                            None => {
                                places.insert(name, kept.len());
                                kept.push(item);
                            }
                        },
                        None => kept.push(item),
                    }
                }
                *items = kept;
            }
        }
        _ => {}
    }
}

type Indexer = fn(&Value) -> Option<String>;

fn indexer(parts: &[&str]) -> Option<Indexer> {
    match parts {
        ["networks", _, "labels"] | ["networks", _, "ipam", "options"] => Some(pair),
        [
            "services",
            _,
            "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "environment"
            | "labels" | "links" | "profiles" | "sysctls" | "tmpfs",
        ] => Some(pair),
        ["services", _, "build", "args" | "additional_contexts" | "platform" | "tags" | "labels"]
        | ["services", _, "deploy", "labels"]
        | ["services", _, "networks", _, "aliases" | "link_local_ips"] => Some(pair),
        ["services", _, "configs"] => Some(|item| mount(item, "")),
        ["services", _, "secrets"] => Some(|item| mount(item, "/run/secrets")),
        ["services", _, "env_file"] => Some(|item| item.text().or_else(|| item.get("path")?.text())),
        ["services", _, "expose"] => Some(Value::text),
        ["services", _, "ports"] => Some(port),
        ["services", _, "volumes"] => Some(volume),
        ["services", _, "devices"] => Some(device),
        _ => None,
    }
}

fn pair(item: &Value) -> Option<String> {
    let text = item.text()?;
    Some(text.split_once('=').map_or(text.as_str(), |(key, _)| key).to_owned())
}

fn mount(item: &Value, base: &str) -> Option<String> {
    if let Some(text) = item.text() {
        return Some(format!("{base}/{text}"));
    }
    let target = item.get("target").and_then(Value::text);
    target.or_else(|| Some(format!("{base}/{}", item.get("source")?.text()?)))
}

fn port(item: &Value) -> Option<String> {
    if let Some(text) = item.text() {
        return Some(text);
    }
    let text = |key: &str| item.get(key).and_then(Value::text);
    let or = |key: &str, default: &str| text(key).unwrap_or_else(|| default.to_owned());
    Some(format!(
        "{}:{}:{}/{}",
        or("host_ip", "0.0.0.0"),
        or("published", ""),
        text("target")?,
        or("protocol", "tcp")
    ))
}

fn volume(item: &Value) -> Option<String> {
    match item.str() {
        Some(text) => volumes::parse(text).ok().map(|mount| mount.target),
        None => item.get("target")?.text(),
    }
}

fn device(item: &Value) -> Option<String> {
    match item.str() {
        Some(text) => text.split(':').nth(1).or(Some(text)).map(str::to_owned),
        None => item.get("target")?.text(),
    }
}
