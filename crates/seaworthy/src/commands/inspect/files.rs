//! `--files GLOB`: which files, in which layer, with which mode, owner, size and digest.

use super::paint::{BAD, DIM, HEAD, Paint};
use super::pattern::Pattern;
use seaworthy_facts::{FileKind, ImageFacts};
use seaworthy_finding::format_bytes;
use seaworthy_inspect::{Does, Entry, Layers};
use seaworthy_report::escape;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Every copy of every path that matches, in any layer.
pub(crate) fn find<'a>(layers: &'a Layers, pattern: &Pattern) -> Vec<Entry<'a>> {
    let mut found = Vec::new();
    for layer in 0..layers.len() {
        for entry in layers.entries(layer) {
            if entry.does != Does::Clear && !entry.path.is_empty() && pattern.matches(&path(&entry)) {
                found.push(entry);
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(right.path).then(left.layer.cmp(&right.layer)));
    found
}

fn path(entry: &Entry<'_>) -> String {
    format!("/{}", String::from_utf8_lossy(entry.path))
}

fn kind(entry: &Entry<'_>) -> FileKind {
    match entry.does {
        Does::Store(kind) => kind,
        Does::Link | Does::Delete | Does::Clear => FileKind::File,
    }
}

/// The found copies as lines: mode, owner, size, layer, digest, path, what became of it.
pub(crate) fn text(found: &[Entry<'_>], facts: &ImageFacts, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{}",
        paint.with(
            DIM,
            &format!("{:<10} {:>11} {:>12}  layer  {:<12}  path", "mode", "owner", "size", "sha256")
        )
    );
    let mut bytes = 0;
    for entry in found {
        let deleted = entry.does == Does::Delete;
        let mode = if deleted { "-".to_owned() } else { mode_words(kind(entry), entry.mode) };
        let owner = if deleted { String::new() } else { format!("{}:{}", entry.uid, entry.gid) };
        let size =
            if kind(entry) == FileKind::File && !deleted { entry.size.to_string() } else { String::new() };
        let digest = entry.digest.as_ref().filter(|_| !deleted);
        let digest: String = hex(digest).chars().take(12).collect();
        let link = match entry.does {
            Does::Store(FileKind::Symlink) => format!(" -> {}", escape(&String::from_utf8_lossy(entry.link))),
            Does::Link => format!(" = /{}", escape(&String::from_utf8_lossy(entry.link))),
            _ => String::new(),
        };
        let fate = match (deleted, entry.hidden_by) {
            (true, _) => paint.with(BAD, "  deleted here"),
            (false, Some(by)) => paint.with(BAD, &format!("  hidden by layer {}", by + 1)),
            (false, None) => String::new(),
        };
        bytes += entry.size;
        let _ = writeln!(
            out,
            "{mode:<10} {owner:>11} {size:>12}  {:>5}  {digest:<12}  {}{link}{fate}",
            entry.layer + 1,
            escape(&path(entry))
        );
    }
    let line = format!("{} in {} layers, {}", count(found.len()), facts.layers.len(), format_bytes(bytes));
    let _ = writeln!(out, "{}", paint.with(HEAD, &line));
    out
}

fn count(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{} entries", super::summary::grouped(count)) }
}

/// The same for programs.
pub(crate) fn values(found: &[Entry<'_>], facts: &ImageFacts) -> Value {
    let list = found.iter().map(|entry| {
        let digest = hex(entry.digest.as_ref().filter(|_| entry.does != Does::Delete));
        json!({
            "path": path(entry),
            "kind": match entry.does {
                Does::Delete => json!("deleted"),
                Does::Link => json!("hard-link"),
                _ => json!(kind(entry)),
            },
            "layer": entry.layer,
            "layer_digest": facts.layers.get(entry.layer).map(|layer| &layer.digest),
            "mode": format!("{:04o}", entry.mode),
            "uid": entry.uid,
            "gid": entry.gid,
            "size": entry.size,
            "digest": (!digest.is_empty()).then(|| format!("sha256:{digest}")),
            "link": (!entry.link.is_empty()).then(|| String::from_utf8_lossy(entry.link)),
            "hidden_by": entry.hidden_by,
        })
    });
    Value::Array(list.collect())
}

fn hex(digest: Option<&[u8; 32]>) -> String {
    let mut text = String::new();
    for byte in digest.into_iter().flatten() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Kind and permission bits as `ls` shows them.
pub(crate) fn mode_words(kind: FileKind, mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(match kind {
        FileKind::File => '-',
        FileKind::Directory => 'd',
        FileKind::Symlink => 'l',
        FileKind::CharDevice => 'c',
        FileKind::BlockDevice => 'b',
        FileKind::Fifo => 'p',
    });
    for (shift, special, low, high) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => low,
            (false, true) => high,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_as_those_of_ls() {
        assert_eq!(mode_words(FileKind::File, 0o4755), "-rwsr-xr-x");
        assert_eq!(mode_words(FileKind::Directory, 0o1777), "drwxrwxrwt");
        assert_eq!(mode_words(FileKind::File, 0o2640), "-rw-r-S---");
    }
}
