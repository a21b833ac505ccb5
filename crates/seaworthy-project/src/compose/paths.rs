//! Relative paths of a model.

use super::value::{Data, Map, Value};
use super::volumes;

/// The directory of a path, empty where there is none.
pub(crate) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// A path that a file names relative to itself.
pub(crate) fn beside(file: &str, path: &str) -> String {
    clean(&join(directory(file), path))
}

/// A path without `.`, `..` and doubled slashes; empty for the directory itself.
pub(crate) fn clean(path: &str) -> String {
    let clean = volumes::clean(path);
    if clean == "." { String::new() } else { clean }
}

fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') || directory.is_empty() {
        return path.to_owned();
    }
    volumes::clean(&format!("{directory}/{path}"))
}

/// Makes the paths of a model relative to another directory, or absolute.
pub(crate) fn resolve(root: &mut Value, directory: &str) {
    let Some(top) = root.map_mut() else { return };
    for service in entries(top, "services") {
        let Some(map) = service.map_mut() else { continue };
        if let Some((_, build)) = map.get_mut("build") {
            match build.map_mut() {
                Some(build) => {
                    let context = |text: &str| if remote(text) { None } else { Some(join(directory, text)) };
                    text(build, "context", context);
                    for value in entries(build, "additional_contexts") {
                        change(value, &|text| {
                            let other = text.contains("://") || text.starts_with("service:") || remote(text);
                            (!other).then(|| join(directory, text))
                        });
                    }
                }
                None => change(build, &|text| (!remote(text)).then(|| join(directory, text))),
            }
        }
        for key in ["env_file", "label_file"] {
            let Some((_, value)) = map.get_mut(key) else { continue };
            each(value, "path", &|text| Some(join(directory, text)));
        }
        if let Some(extends) = map.get_mut("extends").and_then(|(_, value)| value.map_mut()) {
            text(extends, "file", |text| Some(join(directory, text)));
        }
        if let Some(watch) = map.get_mut("develop").and_then(|(_, value)| value.map_mut()?.get_mut("watch")) {
            each(&mut watch.1, "path", &|text| Some(join(directory, text)));
        }
        if let Some((_, Value { data: Data::Seq(items), .. })) = map.get_mut("volumes") {
            for item in items {
                let Some(mount) = item.map_mut() else { continue };
                if mount.get("type").and_then(|(_, kind)| kind.text()).as_deref() == Some("bind") {
                    text(mount, "source", |text| (!text.starts_with('~')).then(|| join(directory, text)));
                }
            }
        }
    }
    for kind in ["configs", "secrets"] {
        for entry in entries(top, kind) {
            if let Some(map) = entry.map_mut() {
                text(map, "file", |text| Some(join(directory, text)));
            }
        }
    }
}

/// Whether a build context is fetched from elsewhere.
fn remote(text: &str) -> bool {
    ["https://", "http://", "git://", "ssh://", "github.com/", "git@"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn entries<'a>(map: &'a mut Map, key: &str) -> Vec<&'a mut Value> {
    let inner = map.get_mut(key).and_then(|(_, value)| value.map_mut());
    inner.into_iter().flat_map(|map| map.values_mut()).map(|(_, value)| value).collect()
}

fn change(value: &mut Value, with: &dyn Fn(&str) -> Option<String>) {
    if let Data::Str(text) = &value.data
        && let Some(new) = with(text)
    {
        value.data = Data::Str(new);
    }
}

fn text(map: &mut Map, key: &str, with: impl Fn(&str) -> Option<String>) {
    if let Some((_, value)) = map.get_mut(key) {
        change(value, &with);
    }
}

/// A text, texts, or mappings with a text under a key.
fn each(value: &mut Value, key: &str, with: &dyn Fn(&str) -> Option<String>) {
    match &mut value.data {
        Data::Seq(items) => items.iter_mut().for_each(|item| each(item, key, with)),
        Data::Map(map) => text(map, key, with),
        _ => change(value, with),
    }
}
