//! Where the bytes lie: layers, in them directories, in them files, as a treemap drawn when the page is made.
//!
//! It needs no script: a title tells what a rectangle is, each layer is a link to its row in the table, and the
//! largest places stand in a table below for those who see no picture.

use super::escape::text;
use super::image::{instruction, number};
use super::treemap::{Rect, squarify};
use seaworthy_finding::format_bytes;
use serde_json::Value;
use std::fmt::Write as _;

/// Rows of the table of the largest places.
const LARGEST: usize = 15;
/// Deeper directories are one rectangle.
const DEPTH: usize = 9;

/// A place as the facts have it.
#[derive(Clone, Debug)]
struct Place<'a> {
    name: &'a str,
    bytes: u64,
    wasted: u64,
    files: u64,
    children: Vec<Self>,
}

/// Reads what is there of a place; a hostile depth is cut.
fn place(value: &Value, depth: usize) -> Place<'_> {
    let list = value.get("children").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let children =
        if depth < DEPTH { list.iter().map(|child| place(child, depth + 1)).collect() } else { Vec::new() };
    Place {
        name: value.get("name").and_then(Value::as_str).unwrap_or_default(),
        bytes: number(value, "bytes"),
        wasted: number(value, "wasted"),
        files: number(value, "files"),
        children,
    }
}

/// Writes the map, twice: for wide pages and for narrow ones. Says whether there was anything to draw.
pub(super) fn section(out: &mut String, image: &Value) -> bool {
    let list = image.get("map").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let layers: Vec<Place<'_>> = list.iter().map(|layer| place(layer, 0)).collect();
    let total: u64 = layers.iter().map(|layer| layer.bytes).fold(0, u64::saturating_add);
    if total == 0 {
        return false;
    }
    let made = image.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let made_by = |at: usize| {
        let text = made.get(at).and_then(|layer| layer.get("created_by")).and_then(Value::as_str);
        instruction(text.unwrap_or_default())
    };
    out.push_str(
        "<figure class=\"map deep\"><figcaption>Area: bytes of files, by layer, directory and file. Hatched: a later \
         layer hides them, and they are shipped for nothing. The numbers are those of the table.</figcaption>\n",
    );
    for (class, width, height) in [("wide", 1000.0, 460.0), ("narrow", 360.0, 420.0)] {
        let _ = write!(
            out,
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"Files by layer and \
             directory\"><defs><pattern id=\"waste-{class}\" width=\"6\" height=\"6\" \
             patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect class=\"hatch\" width=\"2.5\" \
             height=\"6\"/></pattern></defs>"
        );
        let draw = Draw { class, out };
        draw.layers(&layers, &made_by, Rect { x: 0.0, y: 0.0, w: width, h: height });
        out.push_str("</svg>\n");
    }
    out.push_str("</figure>\n");
    largest(out, &layers);
    true
}

struct Draw<'o> {
    class: &'static str,
    out: &'o mut String,
}

/// Room of places within a rectangle, in the order of their sizes; what is left out of the list keeps its room.
fn rooms<'p, 'a>(places: &'p [Place<'a>], whole: u64, within: Rect) -> Vec<(Rect, usize, &'p Place<'a>)> {
    let sum: u64 = places.iter().map(|place| place.bytes).fold(0, u64::saturating_add);
    let mut parts: Vec<(u64, Option<usize>)> =
        places.iter().enumerate().map(|(at, place)| (place.bytes, Some(at))).collect();
    parts.push((whole.saturating_sub(sum), None));
    parts.sort_by_key(|(bytes, at)| (std::cmp::Reverse(*bytes), *at));
    #[expect(clippy::cast_precision_loss, reason = "areas on a screen")]
    let values: Vec<f64> = parts.iter().map(|(bytes, _)| *bytes as f64).collect();
    let rects = squarify(&values, within);
    let placed = rects.into_iter().zip(parts);
    placed.filter_map(|(rect, (_, at))| at.map(|at| (rect, at, &places[at]))).collect()
}

impl Draw<'_> {
    fn layers(mut self, layers: &[Place<'_>], made_by: &dyn Fn(usize) -> String, within: Rect) {
        let total = layers.iter().map(|layer| layer.bytes).fold(0, u64::saturating_add);
        for (rect, at, layer) in rooms(layers, total, within) {
            let by = made_by(at);
            let title = format!("Layer {}: {}, {by}", at + 1, about(layer));
            let title = text(&title);
            let _ = write!(
                self.out,
                "<a href=\"#layer-{}\" aria-label=\"{title}\"><g class=\"l{}\">",
                at + 1,
                at % 4
            );
            let label = format!("{} · {} · {by}", at + 1, format_bytes(layer.bytes));
            self.place(layer, &format!("layer {}: ", at + 1), &label, shrink(rect, 2.0), 0, true);
            self.out.push_str("</g></a>");
        }
    }

    /// A place and what is in it. `lead` is the path of what it is in.
    fn place(&mut self, place: &Place<'_>, lead: &str, label: &str, rect: Rect, depth: usize, strong: bool) {
        let Rect { x, y, w, h } = rect;
        if w < 1.5 || h < 1.5 {
            return;
        }
        let path = format!("{lead}{}{}", if depth > 0 { "/" } else { "" }, place.name);
        let _ = write!(
            self.out,
            "<rect class=\"d{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"><title>{}, {}</title></rect>",
            depth.min(3),
            text(path.trim_end()),
            about(place)
        );
        let head = if h >= 16.0 && w >= 30.0 { 14.0 } else { 0.0 };
        if head > 0.0 {
            self.label(label, rect, strong);
        }
        let inside = Rect { x: x + 1.5, y: y + 1.0 + head, w: w - 3.0, h: h - 2.5 - head };
        if place.children.is_empty() || inside.w < 8.0 || inside.h < 8.0 {
            self.waste(place, rect);
            return;
        }
        for (rect, _, child) in rooms(&place.children, place.bytes, inside) {
            let label =
                if child.children.is_empty() { child.name.to_owned() } else { format!("{}/", child.name) };
            self.place(child, &path, &label, shrink(rect, 1.0), depth + 1, false);
        }
    }

    /// Hatches the share that nothing uses.
    fn waste(&mut self, place: &Place<'_>, rect: Rect) {
        if place.wasted == 0 || place.bytes == 0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share on a screen")]
        let share = (place.wasted as f64 / place.bytes as f64).clamp(0.0, 1.0);
        let tall = rect.h * share;
        let _ = write!(
            self.out,
            "<rect class=\"waste\" fill=\"url(#waste-{})\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/>",
            self.class,
            rect.x,
            rect.y + rect.h - tall,
            rect.w
        );
    }

    fn label(&mut self, label: &str, rect: Rect, strong: bool) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 4 and 200")]
        let fits = ((rect.w - 6.0) / if strong { 6.9 } else { 6.3 }) as usize;
        let words = crate::text::fit(&crate::text::escape(label), fits);
        if words.chars().count() < 3 && label.chars().count() > 2 {
            return;
        }
        let _ = write!(
            self.out,
            "<text{} x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            if strong { " class=\"n\"" } else { "" },
            rect.x + 4.0,
            rect.y + 11.5,
            text(&words)
        );
    }
}

fn shrink(rect: Rect, by: f64) -> Rect {
    Rect { w: (rect.w - by).max(0.0), h: (rect.h - by).max(0.0), ..rect }
}

fn about(place: &Place<'_>) -> String {
    let wasted = if place.wasted > 0 {
        format!(", {} of it hidden", format_bytes(place.wasted))
    } else {
        String::new()
    };
    let files = if place.files == 1 { "1 file".to_owned() } else { format!("{} files", place.files) };
    format!("{} in {files}{wasted}", format_bytes(place.bytes))
}

/// The largest places without those that are all of another.
fn largest(out: &mut String, layers: &[Place<'_>]) {
    let mut all: Vec<(usize, String, &Place<'_>)> = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let mut stack: Vec<(String, &Place<'_>)> =
            layer.children.iter().map(|child| (format!("/{}", child.name), child)).collect();
        while let Some((path, place)) = stack.pop() {
            stack.extend(place.children.iter().map(|child| (format!("{path}/{}", child.name), child)));
            // What is nearly all in one place below is better told by that.
            if !place.children.iter().any(|child| child.bytes >= place.bytes / 10 * 8) {
                all.push((at, path, place));
            }
        }
    }
    all.sort_by(|left, right| right.2.bytes.cmp(&left.2.bytes).then_with(|| left.1.cmp(&right.1)));
    if all.is_empty() {
        return;
    }
    out.push_str(
        "<details class=\"places\"><summary>The largest places</summary>\n<div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"The largest places\">\n<table>\n<thead><tr><th scope=\"col\">Path</th>\
         <th scope=\"col\" class=\"num\">Layer</th><th scope=\"col\" class=\"num\">Files</th>\
         <th scope=\"col\" class=\"num\">Size</th><th scope=\"col\" class=\"num\">Unused</th></tr></thead>\n<tbody>\n",
    );
    for (at, path, place) in all.iter().take(LARGEST) {
        let wasted = if place.wasted > 0 { format_bytes(place.wasted) } else { String::new() };
        let _ = writeln!(
            out,
            "<tr><td class=\"by\"><code>{}</code></td><td class=\"num\">{}</td><td class=\"num\">{}</td>\
             <td class=\"num\">{}</td><td class=\"num\">{wasted}</td></tr>",
            text(path),
            at + 1,
            place.files,
            format_bytes(place.bytes)
        );
    }
    out.push_str("</tbody>\n</table>\n</div>\n</details>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_are_drawn_with_their_names_and_waste() {
        let image = json!({
            "layers": [{ "created_by": "COPY <x> /" }, { "created_by": "RUN a" }],
            "map": [
                { "name": "", "bytes": 1000, "wasted": 400, "files": 3, "children": [
                    { "name": "usr", "bytes": 800, "wasted": 400, "files": 2, "children": [
                        { "name": "<b>", "bytes": 400, "wasted": 400, "files": 1 } ] } ] },
                { "name": "", "bytes": 0, "wasted": 0, "files": 0 }
            ]
        });
        let mut out = String::new();
        assert!(section(&mut out, &image));
        assert!(out.contains("href=\"#layer-1\"") && !out.contains("href=\"#layer-2\""), "{out}");
        assert!(out.contains("layer 1: /usr/&lt;b&gt;, 400 B in 1 file, 400 B of it hidden"), "{out}");
        assert_eq!(out.matches("class=\"waste\"").count(), 2, "once for each of the two maps");
        assert!(out.contains("The largest places"));
    }

    #[test]
    fn nothing_and_nonsense_are_not_drawn() {
        for image in
            [json!({}), json!({ "map": [] }), json!({ "map": [{ "bytes": 0 }] }), json!({ "map": "x" })]
        {
            let mut out = String::new();
            assert!(!section(&mut out, &image));
            assert_eq!(out, "");
        }
        let mut deep = json!({ "name": "x", "bytes": 1 });
        for _ in 0..60 {
            deep = json!({ "name": "x", "bytes": u64::MAX, "children": [deep] });
        }
        let mut out = String::new();
        assert!(section(&mut out, &json!({ "map": [deep] })));
        assert!(!out.contains("NaN"));
    }
}
