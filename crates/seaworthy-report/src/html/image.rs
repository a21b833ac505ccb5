//! The image: identity, sizes, layers as a treemap and a table, packages, what is shipped for nothing.
//!
//! Facts are read leniently: whatever of them is there is shown.

use super::escape::text;
use super::treemap::{Rect, squarify};
use seaworthy_finding::format_bytes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A page with more packages than this is not read.
const PACKAGES: usize = 2000;
/// Rows of the list of waste.
const WASTE: usize = 10;

/// A layer as shown.
struct Layer<'a> {
    digest: &'a str,
    created_by: &'a str,
    compressed: u64,
    unpacked: u64,
    wasted: u64,
}

/// Writes the section from facts shaped like `ImageFacts`.
pub(super) fn section(out: &mut String, image: &Value) {
    out.push_str("<section aria-labelledby=\"image\">\n<h2 id=\"image\">Image</h2>\n");
    tiles(out, image);
    identity(out, image);
    let layers = layers(image);
    if !layers.is_empty() {
        out.push_str("<h3 class=\"group\" id=\"layers\">Layers</h3>\n");
        if !super::map::section(out, image) {
            map(out, &layers);
        }
        table(out, &layers);
    }
    packages(out, image);
    waste(out, image);
    out.push_str("</section>\n");
}

fn tiles(out: &mut String, image: &Value) {
    let mut tiles: Vec<(&str, String)> = Vec::new();
    for (key, label) in [("compressed", "compressed"), ("unpacked", "unpacked")] {
        if let Some(bytes) = image.get(key).and_then(Value::as_u64) {
            tiles.push((label, format_bytes(bytes)));
        }
    }
    for key in ["layers", "files", "packages"] {
        // A list, or only how long it is.
        let count = image.get(key).and_then(|value| match value {
            Value::Array(list) => u64::try_from(list.len()).ok(),
            other => other.as_u64(),
        });
        if let Some(count) = count {
            tiles.push((key, count.to_string()));
        }
    }
    if let Some(hidden) = image.get("hidden").and_then(Value::as_u64) {
        tiles.push(("saved by flattening", format_bytes(hidden)));
    }
    if let Some(share) = image.get("efficiency").and_then(Value::as_f64) {
        tiles.push(("of bytes used", format!("{:.1} %", share.clamp(0.0, 1.0) * 100.0)));
    }
    if tiles.is_empty() {
        return;
    }
    out.push_str("<ul class=\"tiles\">\n");
    for (label, value) in tiles {
        let _ = writeln!(out, "<li><b>{}</b> {label}</li>", text(&value));
    }
    out.push_str("</ul>\n");
}

fn identity(out: &mut String, image: &Value) {
    let at = |pointer: &str| image.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    // The container's configuration stands inside the image's, or alone.
    let config = image.pointer("/config/config").or_else(|| image.get("config"));
    let own = |key: &str| config.and_then(|config| config.pointer(key));
    let config_word = |key: &str| own(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let words = |key: &str| {
        let list = own(key).and_then(Value::as_array);
        let list = list.map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        list.filter(|list| !list.is_empty()).map_or(String::new(), |list| Value::from(list).to_string())
    };
    let keys = |key: &str| {
        let map = own(key).and_then(Value::as_object);
        map.map_or(String::new(), |map| map.keys().cloned().collect::<Vec<_>>().join(", "))
    };
    let platform = match image.get("platform") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Object(map)) => {
            let part = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
            let parts = [part("os"), part("architecture"), part("variant")];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
        }
        _ => String::new(),
    };
    let user = config_word("/User");
    let user = if config.is_some() && user.is_empty() { "root (no USER)".to_owned() } else { user };
    let rows = [
        ("Source", at("/source"), true),
        ("Digest", at("/digest"), true),
        ("Platform", platform, false),
        ("Created", at("/created"), false),
        ("User", user, true),
        ("Entrypoint", words("/Entrypoint"), true),
        ("Command", words("/Cmd"), true),
        ("Directory", config_word("/WorkingDir"), true),
        ("Ports", keys("/ExposedPorts"), true),
        ("Volumes", keys("/Volumes"), true),
        ("Stop signal", config_word("/StopSignal"), true),
        ("Health check", words("/Healthcheck/Test"), true),
    ];
    definitions(out, rows.iter().map(|(name, value, is_code)| (*name, value.as_str(), *is_code)));
}

/// A list of names and values; empty values are left out.
pub(super) fn definitions<'a>(out: &mut String, rows: impl Iterator<Item = (&'a str, &'a str, bool)>) {
    let rows: Vec<_> = rows.filter(|(_, value, _)| !value.is_empty()).collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("<dl>\n");
    for (name, value, is_code) in rows {
        let value = text(value);
        let value = if is_code { format!("<code>{value}</code>") } else { value };
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{value}</dd></div>", text(name));
    }
    out.push_str("</dl>\n");
}

fn layers(image: &Value) -> Vec<Layer<'_>> {
    let list = image.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let word = |layer: &'_ Value, key: &str| -> u64 { layer.get(key).and_then(Value::as_u64).unwrap_or(0) };
    list.iter()
        .map(|layer| Layer {
            digest: layer.get("digest").and_then(Value::as_str).unwrap_or_default(),
            created_by: layer.get("created_by").and_then(Value::as_str).unwrap_or_default(),
            compressed: word(layer, "compressed"),
            unpacked: word(layer, "unpacked"),
            wasted: word(layer, "wasted"),
        })
        .collect()
}

/// The map twice, once for wide pages and once for narrow ones, so that its words can always be read.
fn map(out: &mut String, layers: &[Layer<'_>]) {
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(size(&layers[*at])), *at));
    #[expect(clippy::cast_precision_loss, reason = "areas on a screen")]
    let values: Vec<f64> = order.iter().map(|at| size(&layers[*at]) as f64).collect();
    if values.first().is_none_or(|largest| *largest <= 0.0) {
        return;
    }
    let of = if layers.iter().any(|layer| layer.compressed > 0) { "compressed" } else { "unpacked" };
    let _ = writeln!(
        out,
        "<figure class=\"map\"><figcaption>Area: {of} size. Hatched: the share of a layer's unpacked bytes that \
         nothing uses. The numbers are those of the table.</figcaption>"
    );
    for (class, width, height) in [("wide", 1000.0, 220.0), ("narrow", 360.0, 260.0)] {
        let _ = write!(
            out,
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Layers by {of} size\">\
             <defs><pattern id=\"hatch-{class}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect class=\"hatch\" width=\"2.5\" height=\"6\"/></pattern></defs>"
        );
        let rects = squarify(&values, Rect { x: 0.0, y: 0.0, w: width, h: height });
        for (rect, at) in rects.iter().zip(&order) {
            tile(out, *rect, *at, &layers[*at], class);
        }
        out.push_str("</svg>\n");
    }
    out.push_str("</figure>\n");
}

fn tile(out: &mut String, rect: Rect, at: usize, layer: &Layer<'_>, class: &str) {
    let Rect { x, y, w, h } = rect;
    let (w, h) = ((w - 2.0).max(0.5), (h - 2.0).max(0.5));
    let name = format!("{}: {}, {}", at + 1, format_bytes(size(layer)), layer.created_by);
    let _ = write!(
        out,
        "<g><title>{}</title><rect class=\"t{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"3\"/>",
        text(&name),
        at % 4
    );
    #[expect(clippy::cast_precision_loss, reason = "a share on a screen")]
    let wasted = (layer.wasted as f64 / layer.unpacked.max(1) as f64).clamp(0.0, 1.0);
    if wasted > 0.0 {
        let tall = h * wasted;
        let _ = write!(
            out,
            "<rect fill=\"url(#hatch-{class})\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{tall:.1}\"/>",
            y + h - tall
        );
    }
    if w >= 24.0 && h >= 22.0 {
        let _ = write!(out, "<text class=\"n\" x=\"{:.1}\" y=\"{:.1}\">{}</text>", x + 8.0, y + 20.0, at + 1);
    }
    if w >= 90.0 && h >= 42.0 {
        let (x, y) = (x + 8.0, y + 38.0);
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", format_bytes(size(layer)));
    }
    if w >= 150.0 && h >= 64.0 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 18 and 150")]
        let fits = ((w - 16.0) / 6.6) as usize;
        let what = crate::text::fit(&instruction(layer.created_by), fits);
        let _ = write!(
            out,
            "<text class=\"by\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 8.0,
            y + 55.0,
            text(&what)
        );
    }
    out.push_str("</g>");
}

fn table(out: &mut String, layers: &[Layer<'_>]) {
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of layers\">\n<table>\n<thead><tr>\
         <th scope=\"col\" class=\"num\">#</th><th scope=\"col\">Made by</th>\
         <th scope=\"col\" class=\"num\">Compressed</th><th scope=\"col\" class=\"num\">Unpacked</th>\
         <th scope=\"col\" class=\"num\">Unused</th><th scope=\"col\">Digest</th></tr></thead>\n<tbody>\n",
    );
    for (at, layer) in layers.iter().enumerate() {
        let wasted = if layer.wasted > 0 { format_bytes(layer.wasted) } else { String::new() };
        let _ = writeln!(
            out,
            "<tr id=\"layer-{0}\"><td class=\"num\">{0}</td><td class=\"by\"><code>{1}</code></td><td class=\"num\">{2}</td>\
             <td class=\"num\">{3}</td><td class=\"num\">{wasted}</td><td><code title=\"{4}\">{5}</code></td></tr>",
            at + 1,
            text(&instruction(layer.created_by)),
            format_bytes(layer.compressed),
            format_bytes(layer.unpacked),
            text(layer.digest),
            text(&crate::text::short_digest(layer.digest))
        );
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn packages(out: &mut String, image: &Value) {
    let list = image.get("inventory").or_else(|| image.get("packages"));
    let list = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for package in list {
        *by_kind.entry(package.get("kind").and_then(Value::as_str).unwrap_or("unknown")).or_insert(0) += 1;
    }
    if by_kind.is_empty() {
        return;
    }
    out.push_str("<h3 class=\"group\" id=\"packages\">Packages</h3>\n<ul class=\"kinds\">\n");
    for (kind, count) in by_kind {
        let _ = writeln!(out, "<li><b>{count}</b> {}</li>", text(kind));
    }
    out.push_str(
        "</ul>\n<details>\n<summary>What is installed</summary>\n<div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"Installed packages\">\n<table>\n<thead><tr><th scope=\"col\">Package</th>\
         <th scope=\"col\">Version</th><th scope=\"col\">Kind</th><th scope=\"col\">Licence</th>\
         <th scope=\"col\" class=\"num\">Layer</th></tr></thead>\n<tbody>\n",
    );
    for one in list.iter().take(PACKAGES) {
        let word = |key: &str| text(one.get(key).and_then(Value::as_str).unwrap_or_default());
        let layer = one.get("layer").and_then(Value::as_u64);
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td></tr>",
            word("name"),
            word("version"),
            word("kind"),
            word("license"),
            layer.map_or(String::new(), |at| at.saturating_add(1).to_string())
        );
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    if list.len() > PACKAGES {
        let _ = writeln!(out, "<p class=\"tail\">{} more, see the SBOM</p>", list.len() - PACKAGES);
    }
    out.push_str("</details>\n");
}

fn waste(out: &mut String, image: &Value) {
    let list = image.get("waste").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if list.is_empty() {
        return;
    }
    out.push_str(
        "<h3 class=\"group\" id=\"waste\">Shipped for nothing</h3>\n<div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"Unused bytes\">\n<table>\n<thead><tr><th scope=\"col\">Path</th>\
         <th scope=\"col\">Why</th><th scope=\"col\" class=\"num\">Layer</th>\
         <th scope=\"col\" class=\"num\">Size</th></tr></thead>\n<tbody>\n",
    );
    for one in list.iter().take(WASTE) {
        let word = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| one.get(key).and_then(Value::as_u64);
        let _ = writeln!(
            out,
            "<tr><td class=\"by\"><code>{}</code></td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
            text(word("path")),
            text(&word("cause").replace('-', " ")),
            number("layer").map_or(String::new(), |at| (at.saturating_add(1)).to_string()),
            format_bytes(number("bytes").unwrap_or(0))
        );
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    if list.len() > WASTE {
        let _ = writeln!(out, "<p class=\"tail\">{} more, smaller</p>", list.len() - WASTE);
    }
}

/// A number of the facts, or none.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

const fn size(layer: &Layer<'_>) -> u64 {
    if layer.compressed > 0 { layer.compressed } else { layer.unpacked }
}

/// The instruction without what builders put around it.
pub(super) fn instruction(created_by: &str) -> String {
    let text = created_by.trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").or(text.strip_prefix("/bin/sh -c")).unwrap_or(text);
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    // A builder's own words about the shell say nothing.
    match text.strip_prefix("RUN /bin/sh -c ") {
        Some(script) => format!("RUN {}", script.trim()),
        None if text.is_empty() => "not recorded".to_owned(),
        None => text.to_owned(),
    }
}
