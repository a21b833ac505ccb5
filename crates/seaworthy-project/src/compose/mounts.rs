//! Mounts and devices of a service, in short and long form.

use super::value::{Data, Value};
use super::volumes;
use seaworthy_facts::{ComposeDevice, ComposeMount, Spanned};

/// The mounts of a service, and its temporary file systems as `path[:options]`.
pub(crate) fn mounts(service: &Value) -> (Vec<ComposeMount>, Vec<Spanned<String>>) {
    let mut tmpfs: Vec<Spanned<String>> = Vec::new();
    if let Some(value) = service.get("tmpfs") {
        let one = [value.clone()];
        let items = if matches!(value.data, Data::Seq(_)) { value.items() } else { &one[..] };
        tmpfs.extend(items.iter().filter_map(super::spanned));
    }
    let mut out = Vec::new();
    for item in service.get("volumes").map(Value::items).unwrap_or_default() {
        let Some(mount) = mount(item) else { continue };
        if mount.kind == "tmpfs" {
            tmpfs.push(Spanned { value: mount.target, span: mount.span });
        } else {
            out.push(mount);
        }
    }
    (out, tmpfs)
}

fn mount(item: &Value) -> Option<ComposeMount> {
    if let Some(text) = item.text() {
        let mount = volumes::parse(&text).ok()?;
        let mode =
            mount.options.iter().rev().map(String::as_str).find(|option| matches!(*option, "ro" | "rw"));
        let shared = |option: &&String| option.ends_with("shared") || option.ends_with("slave");
        return Some(ComposeMount {
            span: item.span,
            kind: if mount.is_bind() { "bind" } else { "volume" }.to_owned(),
            read_only: mode == Some("ro"),
            propagation: mount.options.iter().find(shared).cloned(),
            source: mount.source,
            target: mount.target,
            short: true,
        });
    }
    item.map()?;
    let text = |key: &str| item.get(key).and_then(Value::text).unwrap_or_default();
    let kind = text("type");
    let source = text("source");
    let inferred = if volumes::is_path(&source) { "bind" } else { "volume" };
    Some(ComposeMount {
        span: item.span,
        kind: if kind.is_empty() { inferred.to_owned() } else { kind },
        source,
        target: text("target"),
        read_only: item.get("read_only").and_then(Value::flag) == Some(true),
        propagation: item.get("bind").and_then(|bind| bind.get("propagation")).and_then(Value::text),
        short: false,
    })
}

/// The mounts as `source:target[:ro]`.
pub(crate) fn short(mounts: &[ComposeMount]) -> Vec<Spanned<String>> {
    let one = |mount: &ComposeMount| {
        let mode = if mount.read_only { ":ro" } else { "" };
        let source = if mount.source.is_empty() { String::new() } else { format!("{}:", mount.source) };
        Spanned { value: format!("{source}{}{mode}", mount.target), span: mount.span }
    };
    mounts.iter().map(one).collect()
}

/// The devices of a service.
pub(crate) fn devices(value: &Value) -> Vec<ComposeDevice> {
    let one = |item: &Value| {
        if let Some(text) = item.text() {
            let mut parts = text.split(':');
            let source = parts.next().unwrap_or_default().to_owned();
            return Some(ComposeDevice {
                span: item.span,
                source,
                permissions: parts.nth(1).map(str::to_owned),
            });
        }
        let source = item.get("source")?.text()?;
        Some(ComposeDevice {
            span: item.span,
            source,
            permissions: item.get("permissions").and_then(Value::text),
        })
    };
    value.items().iter().filter_map(one).collect()
}
