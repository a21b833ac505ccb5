//! Kind `versions`: pairs of versions and their order in twelve ecosystems.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use seaworthy_versions::Scheme;
use serde_json::{Value, json};

/// Judges every pair of every `versions*.jsonl.zst`.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .with_context(|| format!("reading {}", dir.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.zst"))
        .collect();
    files.sort();
    anyhow::ensure!(!files.is_empty(), "no `*.jsonl.zst` in {}", dir.display());
    let (mut agree, mut total) = (0, 0);
    for path in files {
        let file = std::fs::File::open(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut text = String::new();
        ruzstd::decoding::StreamingDecoder::new(std::io::BufReader::new(file))
            .map_err(|error| anyhow::anyhow!("reading {}: {error}", path.display()))?
            .read_to_string(&mut text)?;
        for line in text.lines() {
            let pair: Value =
                serde_json::from_str(line).with_context(|| format!("reading {}", path.display()))?;
            total += 1;
            match judge(&pair) {
                None => agree += 1,
                Some(line) => out(line),
            }
        }
    }
    Ok((agree, total))
}

fn judge(pair: &Value) -> Option<Value> {
    let text = |key: &str| pair[key].as_str().unwrap_or_default();
    let (left, right) = (text("a"), text("b"));
    let order = Scheme::of_ecosystem(text("ecosystem")).map(|scheme| {
        // Both ways round, so that an order that is none is seen.
        let (forth, back) = (scheme.compare(left, right), scheme.compare(right, left));
        match forth {
            _ if forth != back.reverse() => "?",
            std::cmp::Ordering::Less => "<",
            std::cmp::Ordering::Equal => "=",
            std::cmp::Ordering::Greater => ">",
        }
    });
    if order == Some(text("order")) {
        return None;
    }
    let case = format!("{}: {left} {} {right}", text("ecosystem"), text("order"));
    Some(json!({"case": case, "expected": text("order"), "got": order, "note": pair["note"]}))
}
