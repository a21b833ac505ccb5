//! How the image was built: its steps, and what came from a cache.

use super::escape::text;
use super::image::definitions;
use seaworthy_finding::format_ms;
use serde_json::Value;
use std::fmt::Write as _;

/// Writes the section from facts shaped like `BuildFacts`.
pub(super) fn section(out: &mut String, build: &Value) {
    let word = |key: &str| build.get(key).and_then(Value::as_str).unwrap_or_default();
    let epoch = build.get("source_date_epoch").and_then(Value::as_i64);
    let epoch = epoch.map_or(String::new(), |epoch| format!("{epoch} ({})", word("epoch_source")));
    out.push_str("<section aria-labelledby=\"build\">\n<h2 id=\"build\">Build</h2>\n");
    let rows = [
        ("Builder", word("builder"), false),
        ("Result", word("image"), true),
        ("Digest", word("digest"), true),
        ("Build epoch", epoch.as_str(), false),
        ("Binary", word("binary"), true),
    ];
    definitions(out, rows.into_iter());
    let notes = build.get("notes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for note in notes.iter().filter_map(Value::as_str) {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", super::escape::rich(note));
    }
    let steps = build.get("steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !steps.is_empty() {
        out.push_str("<details>\n<summary><h3>Steps</h3></summary>\n<ol class=\"steps\">\n");
        for step in steps {
            let name = step.get("name").and_then(Value::as_str).unwrap_or_default();
            let cached = step.get("cached").and_then(Value::as_bool).unwrap_or(false);
            let ms = step.get("ms").and_then(Value::as_u64).unwrap_or(0);
            let time = if cached { "cached".to_owned() } else { format_ms(ms) };
            let _ = writeln!(out, "<li><code>{}</code><span class=\"time\">{time}</span></li>", text(name));
        }
        out.push_str("</ol>\n</details>\n");
    }
    out.push_str("</section>\n");
}
