//! Where an image's documents contradict one another or its bytes, without stopping the reading.

use crate::pass::LayerScan;
use crate::same_platform;
use seaworthy_oci::media_type;
use seaworthy_store::tape::shown;
use seaworthy_store::{Compression, Image};

/// What the documents alone show.
pub(crate) fn of_image(image: &Image) -> Vec<String> {
    let mut problems = image.notes.clone();
    let (config, manifest) = (&image.config, &image.manifest);
    let layers = manifest.layers.len();
    if layers == 0 {
        problems.push("the manifest names no layer".to_owned());
    }
    for entry in config.config.env.iter().filter(|entry| !entry.contains('=')).take(5) {
        let entry = shown(entry.as_bytes());
        problems.push(format!("config: Env entry `{entry}` is not of the form NAME=value"));
    }
    for (field, value) in [("architecture", &config.architecture), ("os", &config.os)] {
        if value.is_empty() {
            problems.push(format!("config: required field `{field}` is missing or empty"));
        }
    }
    if config.rootfs.kind != "layers" {
        problems.push(format!("config: rootfs.type is `{}`, expected `layers`", config.rootfs.kind));
    }
    let diff_ids = config.rootfs.diff_ids.len();
    if diff_ids != layers {
        problems.push(format!("config: {diff_ids} diff ids for {layers} layers"));
    }
    let history = config.history.iter().filter(|entry| !entry.empty_layer).count();
    // The history as a whole is optional.
    if !config.history.is_empty() && history != layers {
        problems.push(format!(
            "config: history has {history} entries that made a layer, there are {layers} layers"
        ));
    }
    let entries = config.history.iter().enumerate();
    let dates = std::iter::once(("created".to_owned(), &config.created))
        .chain(entries.map(|(at, entry)| (format!("history entry {at}"), &entry.created)));
    for (place, date) in dates {
        if let Some(date) = date
            && !is_rfc3339(date)
        {
            let date: String = date.chars().take(40).collect();
            problems.push(format!("config: {place}: date `{}` is not RFC 3339", date.escape_default()));
        }
    }
    if let Some(stated) = &image.descriptor.platform {
        let own = image.platform();
        if !same_platform(stated, &own) {
            problems.push(format!("the index says platform {stated}, the config {own}"));
        }
    }
    if let Some(own) = &manifest.media_type
        && *own != image.descriptor.media_type
        && !image.descriptor.media_type.is_empty()
    {
        let stated = &image.descriptor.media_type;
        problems.push(format!("the index says media type `{stated}`, the manifest `{own}`"));
    }
    if manifest.media_type.as_deref().is_some_and(media_type::is_index) {
        problems.push("the manifest calls itself an index".to_owned());
    }
    problems
}

/// What the bytes show.
pub(crate) fn of_layers(image: &Image, scans: &[LayerScan]) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, (scan, descriptor)) in scans.iter().zip(&image.manifest.layers).enumerate() {
        let stated = &descriptor.media_type;
        let real = scan.end.compression;
        match Compression::of_media_type(stated) {
            Some(compression) if compression == real => {}
            // Docker's own type for plain layers does not end in `.tar` everywhere, but an unknown one is worth a word.
            Some(_) => problems.push(format!(
                "layer {index}: media type `{stated}` but the bytes are {}",
                if real == Compression::None { "plain" } else { real.name() }
            )),
            None => problems.push(format!("layer {index}: media type `{stated}` is no layer's")),
        }
        if let Some(diff_id) = image.config.rootfs.diff_ids.get(index)
            && diff_id.algorithm() == "sha256"
            && *diff_id != scan.end.diff_id
        {
            let got = &scan.end.diff_id;
            problems.push(format!("layer {index}: diff id: the config says {diff_id}, the bytes have {got}"));
        }
        problems.extend(scan.problems.iter().map(|problem| format!("layer {index}: {problem}")));
    }
    problems
}

/// Whether a text is a date of RFC 3339, section 5.6: jiff's reader takes more forms, so the shape is checked first.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() >= 20
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10].eq_ignore_ascii_case(&b'T')
        && bytes[13] == b':'
        && bytes[16] == b':'
        && (text.ends_with(['Z', 'z']) || bytes[bytes.len() - 3] == b':');
    shape && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rfc3339_is_a_date() {
        for good in ["2026-11-20T07:20:48Z", "1970-01-01T00:00:00.123456789Z", "2024-02-29T01:02:03+05:30"] {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "yesterday",
            "",
            "2026-11-20",
            "2026-11-20 07:20:48Z",
            "2026-13-20T07:20:48Z",
            "2026-11-20T07:20:48",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }
}
