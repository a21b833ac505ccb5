//! What was published, as read back: tags, what is attached, signatures.
//!
//! Facts are read leniently: whatever of them is there is shown.

use super::escape::text;
use super::image::definitions;
use seaworthy_finding::format_bytes;
use serde_json::Value;
use std::fmt::Write as _;

/// Writes the section from facts shaped like `ReleaseFacts`.
pub(super) fn section(out: &mut String, release: &Value) {
    out.push_str("<section aria-labelledby=\"release\">\n<h2 id=\"release\">Release</h2>\n");
    let (tested, read_back) = (word(release, "tested"), word(release, "read_back"));
    let back = match (read_back.is_empty(), tested == read_back) {
        (true, _) => "nothing was read back".to_owned(),
        (false, true) => "the digest that was tested".to_owned(),
        (false, false) => format!("another digest: {read_back}"),
    };
    let sbom = match release.get("sbom_matches").and_then(Value::as_bool) {
        Some(true) => "equals the one made from the image's bytes",
        Some(false) => "differs from the one made from the image's bytes",
        None => "",
    };
    let sent = release.get("bytes_sent").and_then(Value::as_u64).map_or(String::new(), format_bytes);
    let rows = [
        ("Destination", word(release, "destination"), true),
        ("Tested", tested, true),
        ("Read back", &back, false),
        ("SBOM read back", sbom, false),
        ("Sent", &sent, false),
    ];
    definitions(out, rows.into_iter());
    out.push_str("<ul class=\"rows\">\n");
    for tag in list(release, "tags") {
        let digest = word(tag, "digest");
        let is_good = !digest.is_empty() && (tested.is_empty() || digest == tested);
        let told = if digest.is_empty() { "does not resolve" } else { digest };
        row(out, Some(is_good), &format!("Tag {}", word(tag, "tag")), told);
    }
    for tag in list(release, "invalid_tags").iter().filter_map(Value::as_str) {
        row(out, Some(false), &format!("Tag {tag}"), "no registry accepts this name");
    }
    for one in list(release, "signatures") {
        let verified = one.get("verified").and_then(Value::as_bool).unwrap_or(false);
        let told = if verified {
            format!("verifies with key {}", word(one, "key"))
        } else {
            word(one, "error").to_owned()
        };
        row(out, Some(verified), &format!("Signature of {}", word(one, "subject")), &told);
    }
    for one in list(release, "referrers") {
        let kind = match word(one, "predicate_type") {
            "" => word(one, "artifact_type"),
            predicate => predicate,
        };
        row(out, None, "Attached", &format!("{kind}, {}", word(one, "digest")));
    }
    out.push_str("</ul>\n</section>\n");
}

fn row(out: &mut String, is_good: Option<bool>, what: &str, told: &str) {
    let (class, glyph, spoken) = match is_good {
        Some(true) => ("good", "✓", "as it should be"),
        Some(false) => ("poor", "✗", "not as it should be"),
        None => ("none", "·", "observed"),
    };
    let _ = writeln!(
        out,
        "<li class=\"{class}\"><span class=\"glyph\" role=\"img\" aria-label=\"{spoken}\">{glyph}</span>\
         <div><b>{}</b><p>{}</p></div></li>",
        text(what),
        text(told)
    );
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
