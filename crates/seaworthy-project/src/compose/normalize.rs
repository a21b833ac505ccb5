//! What compose adds to a model: networks, names, dependencies that follow from other keys.

use super::interpolate::Variables;
use super::value::{Data, Map, Value};
use super::volumes;
use seaworthy_finding::Span;

/// A project's name as compose allows it: lower case, no other signs than `-` and `_`, and none of them first.
pub(crate) fn project_name(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept =
        lower.chars().filter(|ch| ch.is_ascii_lowercase() || ch.is_ascii_digit() || matches!(ch, '-' | '_'));
    kept.collect::<String>().trim_start_matches(['-', '_']).to_owned()
}

/// Adds everything compose adds.
pub(crate) fn normalize(root: &mut Value, name: &str, variables: Option<&Variables>) {
    let Some(top) = root.map_mut() else { return };
    put(top, "name", name.into());
    let mut default = false;
    let services = top.get_mut("services").and_then(|(_, value)| value.map_mut());
    for (_, service) in services.into_iter().flat_map(|map| map.values_mut()) {
        if let Some(map) = service.map_mut() {
            default |= networks(map);
            self::service(map, variables);
        }
    }
    if default {
        let (_, networks) =
            top.entry("networks".to_owned()).or_insert_with(|| (Span::default(), Data::Null.into()));
        if networks.is_null() {
            networks.data = Data::Map(Map::new());
        }
        if let Some(map) = networks.map_mut() {
            map.entry("default".to_owned()).or_insert_with(|| (Span::default(), Data::Null.into()));
        }
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
        let entries = top.get_mut(kind).and_then(|(_, value)| value.map_mut());
        for (key, (_, entry)) in entries.into_iter().flatten() {
            if entry.is_null() {
                entry.data = Data::Map(Map::new());
            }
            let Some(map) = entry.map_mut() else { continue };
            if map.get("name").is_some_and(|(_, name)| !name.is_null()) {
                continue;
            }
            let outside = map.get("external").and_then(|(_, value)| value.flag()) == Some(true);
            put(map, "name", if outside { key.clone() } else { format!("{name}_{key}") }.into());
        }
    }
}

fn put(map: &mut Map, key: &str, value: Value) {
    map.insert(key.to_owned(), (value.span, value));
}

/// Attaches a service to the default network where it names none; gives whether it is on it.
fn networks(service: &mut Map) -> bool {
    if service.contains_key("provider") || service.contains_key("network_mode") {
        return false;
    }
    match service.get("networks").map(|(_, value)| &value.data) {
        Some(Data::Map(map)) if !map.is_empty() => map.contains_key("default"),
        _ => {
            let map = Map::from([("default".to_owned(), (Span::default(), Data::Null.into()))]);
            put(service, "networks", Data::Map(map).into());
            true
        }
    }
}

fn service(map: &mut Map, variables: Option<&Variables>) {
    if map.get("pull_policy").and_then(|(_, value)| value.str()) == Some("if_not_present") {
        put(map, "pull_policy", "missing".into());
    }
    if let Some(build) = map.get_mut("build").and_then(|(_, value)| value.map_mut()) {
        if build.get("context").is_none_or(|(_, value)| value.is_null()) {
            put(build, "context", ".".into());
        }
        let named = |key: &str| build.get(key).is_some_and(|(_, value)| !value.is_null());
        if !named("dockerfile") && !named("dockerfile_inline") {
            put(build, "dockerfile", "Dockerfile".into());
        }
        if let Some((_, args)) = build.get_mut("args") {
            resolve(args, variables, false);
        }
    }
    if let Some((_, environment)) = map.get_mut("environment") {
        resolve(environment, variables, true);
    }
    if let Some((_, Value { data: Data::Seq(items), .. })) = map.get_mut("volumes") {
        for mount in items.iter_mut().filter_map(Value::map_mut) {
            if let Some((_, target)) = mount.get_mut("target")
                && let Some(text) = target.str().filter(|text| !text.is_empty())
            {
                target.data = Data::Str(volumes::clean(text));
            }
        }
    }
    let mut found: Vec<(String, bool)> = Vec::new();
    for link in texts(map, "links") {
        let parts: Vec<&str> = link.split(':').collect();
        found.push((if parts.len() == 2 { parts[0].to_owned() } else { link.clone() }, true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let text = map.get(key).and_then(|(_, value)| value.text());
        found.extend(text.and_then(|text| text.strip_prefix("service:").map(|name| (name.to_owned(), true))));
    }
    for source in texts(map, "volumes_from").iter().filter(|text| !text.starts_with("container:")) {
        found.push((source.split(':').next().unwrap_or_default().to_owned(), false));
    }
    if found.is_empty() {
        return;
    }
    let (_, needs) =
        map.entry("depends_on".to_owned()).or_insert_with(|| (Span::default(), Data::Map(Map::new()).into()));
    let Some(needs) = needs.map_mut() else { return };
    for (name, restart) in found {
        needs.entry(name).or_insert_with(|| {
            let mut map = Map::new();
            put(&mut map, "condition", "service_started".into());
            put(&mut map, "restart", Data::Bool(restart).into());
            put(&mut map, "required", Data::Bool(true).into());
            (Span::default(), Data::Map(map).into())
        });
    }
}

fn texts(map: &Map, key: &str) -> Vec<String> {
    map.get(key).map(|(_, value)| value.items().iter().filter_map(Value::text).collect()).unwrap_or_default()
}

/// Names without a value get that of the environment; without one they stay or go.
fn resolve(value: &mut Value, variables: Option<&Variables>, keep: bool) {
    let known = |name: &str| variables.and_then(|known| known.get(name));
    match &mut value.data {
        Data::Map(map) => {
            map.retain(|key, (_, value)| {
                if value.is_null()
                    && let Some(text) = known(key)
                {
                    value.data = Data::Str(text.clone());
                }
                keep || !value.is_null()
            });
        }
        Data::Seq(items) => items.retain_mut(|item| {
            let Some(text) = item.text() else { return keep };
            if text.contains('=') {
                return true;
            }
            match known(&text) {
                Some(found) => {
                    item.data = Data::Str(format!("{text}={found}"));
                    true
                }
                None => keep,
            }
        }),
        _ => {}
    }
}

/// Leaves the services of the wanted profiles, and only what they use.
pub(crate) fn select(root: &mut Value, profiles: &[String]) {
    let Some(top) = root.map_mut() else { return };
    let mut used: [std::collections::BTreeSet<String>; 5] = Default::default();
    if let Some(services) = top.get_mut("services").and_then(|(_, value)| value.map_mut()) {
        let all = profiles.iter().any(|profile| profile == "*");
        services.retain(|_, (_, service)| {
            let own = service.get("profiles").map(Value::items).unwrap_or_default();
            let own: Vec<String> = own.iter().filter_map(Value::text).collect();
            all || own.is_empty() || own.iter().any(|profile| profiles.contains(profile))
        });
        for (_, service) in services.values() {
            let keys = |key: &str| -> Vec<String> {
                service
                    .get(key)
                    .and_then(Value::map)
                    .map(|map| map.keys().cloned().collect())
                    .unwrap_or_default()
            };
            let sources = |key: &str| -> Vec<String> {
                let items = service.get(key).map(Value::items).unwrap_or_default();
                items.iter().filter_map(|item| item.get("source")?.text()).collect()
            };
            used[0].extend(keys("networks"));
            used[1].extend(sources("volumes"));
            used[2].extend(sources("configs"));
            used[3].extend(sources("secrets"));
            used[4].extend(keys("models"));
            if let Some(build) = service.get("build") {
                let items = build.get("secrets").map(Value::items).unwrap_or_default();
                used[3].extend(items.iter().filter_map(|item| item.get("source")?.text()));
            }
        }
    }
    for (kind, used) in ["networks", "volumes", "configs", "secrets", "models"].into_iter().zip(used) {
        let Some((_, value)) = top.get_mut(kind) else { continue };
        if let Some(map) = value.map_mut() {
            map.retain(|key, _| used.contains(key));
            if map.is_empty() {
                top.remove(kind);
            }
        }
    }
}
