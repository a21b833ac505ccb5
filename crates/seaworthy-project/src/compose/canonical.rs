//! Short forms written out, and the defaults compose fills in.

use super::merge::{keyed, sequence};
use super::value::{Data, Map, Tag, Value};
use super::{portspec, volumes};
use seaworthy_finding::Span;

/// Why a short form cannot be written out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct FormError {
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// Writes out every short form of a file. Where variables may hide the form, it stays as it is.
pub(crate) fn canonical(root: &mut Value, lenient: bool) -> Result<(), FormError> {
    let Some(top) = root.map_mut() else { return Ok(()) };
    if let Some((_, services)) = top.get_mut("services") {
        for (_, service) in services.map_mut().into_iter().flat_map(|map| map.values_mut()) {
            if let Some(map) = service.map_mut() {
                self::service(map, lenient)?;
            }
        }
    }
    for key in ["volumes", "networks", "secrets", "configs"] {
        let entries = top.get_mut(key).and_then(|(_, value)| value.map_mut());
        entries.into_iter().flatten().for_each(|(_, (_, entry))| external(entry));
    }
    Ok(())
}

fn service(map: &mut Map, lenient: bool) -> Result<(), FormError> {
    change(map, "build", build);
    change(map, "depends_on", depends_on);
    change(map, "env_file", env_file);
    change(map, "label_file", listed);
    change(map, "dns", listed);
    change(map, "extends", |value| wrapped(value, "service"));
    change(map, "networks", |value| keyed(value, || Data::Null));
    change(map, "models", |value| keyed(value, || Data::Null));
    change(map, "gpus", |value| match value.str() {
        Some("all") => {
            let all = value.with(Data::Map(one("count", value.span, "all".into())));
            value.with(Data::Seq(vec![all]))
        }
        _ => value,
    });
    for key in ["secrets", "configs"] {
        change(map, key, |value| each(value, |item| wrapped(item, "source")));
    }
    if let Some((_, value)) = map.get_mut("develop").and_then(|(_, value)| value.map_mut()?.get_mut("watch"))
    {
        let taken = std::mem::replace(value, Data::Null.into());
        *value = watch(&taken);
    }
    if let Some((_, value)) = map.get_mut("ports") {
        ports(value, lenient)?;
    }
    if let Some((_, Value { data: Data::Seq(items), .. })) = map.get_mut("volumes") {
        for item in items {
            volume(item, lenient)?;
        }
    }
    if let Some((_, Value { data: Data::Seq(items), .. })) = map.get_mut("devices") {
        for item in items {
            device(item)?;
        }
    }
    Ok(())
}

fn change(map: &mut Map, key: &str, with: impl FnOnce(Value) -> Value) {
    if let Some((_, value)) = map.get_mut(key) {
        let taken = std::mem::replace(value, Data::Null.into());
        *value = with(taken);
    }
}

fn one(key: &str, span: Span, value: Value) -> Map {
    Map::from([(key.to_owned(), (span, value))])
}

fn each(value: Value, with: impl Fn(Value) -> Value) -> Value {
    match value.data {
        Data::Seq(items) => {
            let data = Data::Seq(items.into_iter().map(with).collect());
            Value { data, span: value.span, tag: Tag::None, shared: value.shared, foreign: value.foreign }
        }
        _ => value,
    }
}

/// A text as a mapping with one key.
fn wrapped(value: Value, key: &str) -> Value {
    match value.data {
        Data::Str(_) => value.with(Data::Map(one(key, value.span, value.clone()))),
        _ => value,
    }
}

/// A text as a list of one.
fn listed(value: Value) -> Value {
    match value.data {
        Data::Str(_) => value.with(Data::Seq(vec![value.clone()])),
        _ => value,
    }
}

fn build(value: Value) -> Value {
    let mut value = wrapped(value, "context");
    if let Some(map) = value.map_mut() {
        change(map, "secrets", |value| each(value, |item| wrapped(item, "source")));
        change(map, "additional_contexts", pairs);
        change(map, "ssh", pairs);
    }
    value
}

/// `key=value` lines as a mapping; a line without `=` has no value.
fn pairs(value: Value) -> Value {
    if value.map().is_some() {
        return value;
    }
    let pair = |item: &Value| {
        let text = item.text()?;
        let (key, data) = match text.split_once('=') {
            Some((key, value)) => (key.to_owned(), Data::Str(value.to_owned())),
            None => (text, Data::Null),
        };
        Some((key, (item.span, item.with(data))))
    };
    value.with(Data::Map(sequence(&value).iter().filter_map(pair).collect()))
}

fn depends_on(value: Value) -> Value {
    let mut value = keyed(value, || Data::Map(one("condition", Span::default(), "service_started".into())));
    for (_, dependency) in value.map_mut().into_iter().flat_map(|map| map.values_mut()) {
        if let Some(map) = dependency.map_mut() {
            map.entry("required".to_owned()).or_insert_with(|| (Span::default(), Data::Bool(true).into()));
        }
    }
    value
}

fn env_file(value: Value) -> Value {
    each(listed(value), |item| {
        let mut item = wrapped(item, "path");
        if let Some(map) = item.map_mut() {
            map.entry("required".to_owned()).or_insert_with(|| (Span::default(), Data::Bool(true).into()));
        }
        item
    })
}

/// A watch of several paths is several watches.
fn watch(value: &Value) -> Value {
    let mut out = Vec::new();
    for item in value.items() {
        match item.get("path").map(Value::items) {
            Some(paths @ [_, ..]) => out.extend(paths.iter().map(|path| {
                let mut map = item.map().cloned().unwrap_or_default();
                map.insert("path".to_owned(), (path.span, path.clone()));
                item.with(Data::Map(map))
            })),
            _ => out.push(item.clone()),
        }
    }
    value.with(Data::Seq(out))
}

fn ports(value: &mut Value, lenient: bool) -> Result<(), FormError> {
    let mut out = Vec::new();
    for item in value.items() {
        match &item.data {
            Data::Int(_) => out.push(item.with(Data::Map(one("target", item.span, item.clone())))),
            Data::Str(text) => match portspec::parse(text) {
                Ok(list) => out.extend(list.into_iter().map(|port| {
                    let mut map = one("target", item.span, item.with(Data::Int(i64::from(port.target))));
                    let mut put = |key: &str, text: String| {
                        map.insert(key.to_owned(), (item.span, item.with(Data::Str(text))));
                    };
                    put("protocol", port.protocol);
                    put("mode", "ingress".to_owned());
                    if !port.published.is_empty() {
                        put("published", port.published);
                    }
                    if !port.host_ip.is_empty() {
                        put("host_ip", port.host_ip);
                    }
                    item.with(Data::Map(map))
                })),
                // One form that does not read leaves the whole list as it is written.
                Err(_) if lenient => return Ok(()),
                Err(message) => return Err(FormError { message, span: item.span }),
            },
            _ => out.push(item.clone()),
        }
    }
    value.data = Data::Seq(out);
    Ok(())
}

fn volume(item: &mut Value, lenient: bool) -> Result<(), FormError> {
    let Some(text) = item.str() else { return Ok(()) };
    let mount = match volumes::parse(text) {
        Ok(mount) => mount,
        Err(_) if lenient => return Ok(()),
        Err(message) => return Err(FormError { message, span: item.span }),
    };
    let span = item.span;
    let mut map = Map::new();
    let mut put = |key: &str, data: Data| {
        map.insert(key.to_owned(), (span, item.with(data)));
    };
    let text = |text: &str| Data::Str(text.to_owned());
    let has = |option: &str| mount.options.iter().any(|known| known == option);
    let bind = mount.is_bind();
    put("type", text(if bind { "bind" } else { "volume" }));
    put("target", text(&volumes::clean(&mount.target)));
    if !mount.source.is_empty() {
        put("source", text(&mount.source));
    }
    let mode = mount.options.iter().rev().find(|option| matches!(option.as_str(), "ro" | "rw"));
    if mode.is_some_and(|mode| mode == "ro") {
        put("read_only", Data::Bool(true));
    }
    let mut inner = Map::new();
    let mut set = |key: &str, data: Data| {
        inner.insert(key.to_owned(), (span, item.with(data)));
    };
    for option in &mount.options {
        match option.as_str() {
            "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" => {
                set("propagation", text(option));
            }
            "z" | "Z" => set("selinux", text(option)),
            _ => {}
        }
    }
    if bind {
        set("create_host_path", Data::Bool(true));
        put("bind", Data::Map(inner));
        if has("nocopy") {
            put("volume", Data::Map(one("nocopy", span, item.with(Data::Bool(true)))));
        }
    } else if !mount.bare {
        if !inner.is_empty() {
            put("bind", Data::Map(inner));
        }
        let nocopy = has("nocopy").then(|| one("nocopy", span, item.with(Data::Bool(true))));
        put("volume", Data::Map(nocopy.unwrap_or_default()));
    }
    *item = item.with(Data::Map(map));
    Ok(())
}

fn device(item: &mut Value) -> Result<(), FormError> {
    let Some(text) = item.str() else { return Ok(()) };
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, permissions) = match parts.as_slice() {
        [source] => (*source, *source, "rwm"),
        [source, target] => (*source, *target, "rwm"),
        [source, target, permissions] => (*source, *target, *permissions),
        _ => {
            let message = format!("`{text}` is no device mapping `host:container:permissions`");
            return Err(FormError { message, span: item.span });
        }
    };
    let target = if target.is_empty() { source } else { target };
    let entries = [("source", source), ("target", target), ("permissions", permissions)];
    let map = entries.map(|(key, text)| (key.to_owned(), (item.span, item.with(Data::Str(text.to_owned())))));
    *item = item.with(Data::Map(Map::from(map)));
    Ok(())
}

/// `external: {name: …}` as compose means it today.
fn external(entry: &mut Value) {
    let Some(map) = entry.map_mut() else { return };
    let name = match map.get("external") {
        Some((_, outside)) if outside.map().is_some() => outside.get("name").cloned(),
        _ => return,
    };
    if let Some((span, outside)) = map.remove("external") {
        map.insert("external".to_owned(), (span, outside.with(Data::Bool(true))));
        if let Some(name) = name {
            map.entry("name".to_owned()).or_insert((name.span, name));
        }
    }
}

/// Fills in what compose assumes where nothing is written.
pub(crate) fn defaults(root: &mut Value) {
    let services = root.map_mut().and_then(|top| top.get_mut("services")).and_then(|(_, all)| all.map_mut());
    for (_, service) in services.into_iter().flat_map(|map| map.values_mut()) {
        let Some(map) = service.map_mut() else { continue };
        if let Some(build) = map.get_mut("build").and_then(|(_, build)| build.map_mut()) {
            fill(build, "context", ".");
        }
        let mut every = |key: &str, with: fn(&mut Map)| {
            if let Some((_, Value { data: Data::Seq(items), .. })) = map.get_mut(key) {
                items.iter_mut().filter_map(Value::map_mut).for_each(with);
            }
        };
        every("secrets", |secret| {
            let source = secret.get("source").and_then(|(_, source)| source.text());
            if let Some(source) = source {
                fill(secret, "target", &format!("/run/secrets/{source}"));
            }
        });
        every("ports", |port| {
            fill(port, "protocol", "tcp");
            fill(port, "mode", "ingress");
        });
        every("gpus", all_devices);
        let devices = ["deploy", "resources", "reservations", "devices"];
        let mut at = Some(&mut *map);
        for (depth, key) in devices.into_iter().enumerate() {
            let value = at.take().and_then(|map| map.get_mut(key)).map(|(_, value)| value);
            match value {
                Some(Value { data: Data::Seq(items), .. }) if depth == 3 => {
                    items.iter_mut().filter_map(Value::map_mut).for_each(all_devices);
                }
                Some(value) => at = value.map_mut(),
                None => {}
            }
        }
    }
}

fn all_devices(request: &mut Map) {
    if !request.contains_key("count") && !request.contains_key("device_ids") {
        fill(request, "count", "all");
    }
}

fn fill(map: &mut Map, key: &str, text: &str) {
    map.entry(key.to_owned()).or_insert_with(|| (Span::default(), text.into()));
}
