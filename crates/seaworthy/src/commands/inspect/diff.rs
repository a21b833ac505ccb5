//! `--diff OTHER`: what another image has more, less, or otherwise.

use super::files::mode_words;
use super::paint::{ADDED, BAD, BOLD, DIM, HEAD, Paint, WARN, fit};
use seaworthy_facts::{FileFact, FileKind, ImageFacts};
use seaworthy_finding::format_bytes;
use seaworthy_report::escape;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Rows of each list on a screen.
const ROWS: usize = 20;

/// A file that both have, not the same.
#[derive(Clone, Debug)]
pub(crate) struct Changed<'a> {
    old: &'a FileFact,
    new: &'a FileFact,
    /// What differs: `content`, `mode`, `owner`, `kind`, `link`, `attributes`.
    what: Vec<&'static str>,
}

/// The differences of two images, the second being the newer.
#[derive(Debug)]
pub(crate) struct Diff<'a> {
    old: &'a ImageFacts,
    new: &'a ImageFacts,
    added: Vec<&'a FileFact>,
    removed: Vec<&'a FileFact>,
    changed: Vec<Changed<'a>>,
    /// Kind, name, versions before, versions after.
    packages: Vec<(String, String, Vec<String>, Vec<String>)>,
    /// Field, value before, value after; empty for none.
    config: Vec<(String, String, String)>,
}

impl<'a> Diff<'a> {
    /// Compares two images whose files have digests.
    pub(crate) fn new(old: &'a ImageFacts, new: &'a ImageFacts) -> Self {
        let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        let (mut left, mut right) = (old.files.iter().peekable(), new.files.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.path.cmp(&right.path),
            };
            let before = if order == Ordering::Greater { None } else { left.next() };
            let after = if order == Ordering::Less { None } else { right.next() };
            match (before, after) {
                (Some(before), Some(after)) => {
                    let what = differences(before, after);
                    if !what.is_empty() {
                        changed.push(Changed { old: before, new: after, what });
                    }
                }
                (Some(before), None) => removed.push(before),
                (None, Some(after)) => added.push(after),
                (None, None) => {}
            }
        }
        let largest = |list: &mut Vec<&FileFact>| {
            list.sort_by(|left, right| right.size.cmp(&left.size).then_with(|| left.path.cmp(&right.path)));
        };
        largest(&mut added);
        largest(&mut removed);
        changed.sort_by_key(|file| std::cmp::Reverse(file.new.size.abs_diff(file.old.size)));
        Self { old, new, added, removed, changed, packages: packages(old, new), config: config(old, new) }
    }

    /// Whether the images are the same to whoever runs them.
    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty() && self.config.is_empty()
    }

    /// The differences as lines.
    pub(crate) fn text(&self, paint: Paint, width: usize) -> String {
        let mut out = String::new();
        let (old, new) = (self.old, self.new);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{} {}", paint.with(BAD, "---"), escape(&old.source));
        let _ = writeln!(out, "{} {}", paint.with(ADDED, "+++"), escape(&new.source));
        let mut row = |name: &str, before: String, after: String, note: String| {
            let _ = writeln!(
                out,
                "  {} {before:>12} → {after:<12} {note}",
                paint.with(DIM, &format!("{name:<10}"))
            );
        };
        for (name, before, after) in
            [("to pull", old.compressed, new.compressed), ("unpacked", old.unpacked, new.unpacked)]
        {
            row(name, format_bytes(before), format_bytes(after), signed(before, after));
        }
        let count = |before: usize, after: usize| (before.to_string(), after.to_string());
        for (name, (before, after)) in [
            ("layers", count(old.layers.len(), new.layers.len())),
            ("entries", count(old.files.len(), new.files.len())),
            ("packages", count(old.packages.len(), new.packages.len())),
        ] {
            row(name, before, after, String::new());
        }
        let shared = old
            .layers
            .iter()
            .zip(&new.layers)
            .take_while(|(left, right)| left.diff_id == right.diff_id)
            .count();
        row(
            "shared",
            format!("{shared} layers"),
            String::new(),
            "the lowest layers that are the same".to_owned(),
        );
        if self.is_empty() {
            let _ = writeln!(out, "{}", paint.with(HEAD, "no file and no part of the configuration differs"));
        }
        self.config_text(&mut out, paint, width);
        self.package_text(&mut out, paint);
        self.file_text(&mut out, paint);
        out
    }

    fn config_text(&self, out: &mut String, paint: Paint, width: usize) {
        if self.config.is_empty() {
            return;
        }
        let _ =
            writeln!(out, "\n{}", paint.with(HEAD, &format!("configuration: {} changes", self.config.len())));
        for (field, before, after) in &self.config {
            let _ = writeln!(out, "  {}", paint.with(BOLD, &escape(field)));
            for (sign, look, value) in [("-", BAD, before), ("+", ADDED, after)] {
                if !value.is_empty() {
                    let line = format!("    {sign} {}", fit(&escape(value), width.saturating_sub(6)));
                    let _ = writeln!(out, "{}", paint.with(look, &line));
                }
            }
        }
    }

    fn package_text(&self, out: &mut String, paint: Paint) {
        if self.packages.is_empty() {
            return;
        }
        let _ =
            writeln!(out, "\n{}", paint.with(HEAD, &format!("packages: {} changes", self.packages.len())));
        for (kind, name, before, after) in self.packages.iter().take(ROWS) {
            let (sign, look) = match (before.is_empty(), after.is_empty()) {
                (true, _) => ("+", ADDED),
                (_, true) => ("-", BAD),
                _ => ("~", WARN),
            };
            let versions = match (before.is_empty(), after.is_empty()) {
                (true, _) => after.join(" "),
                (_, true) => before.join(" "),
                _ => format!("{} → {}", before.join(" "), after.join(" ")),
            };
            let name = escape(&format!("{name} {versions}"));
            let _ = writeln!(out, "  {} {name}  {}", paint.with(look, sign), paint.with(DIM, kind));
        }
        more(out, paint, self.packages.len(), "packages");
    }

    fn file_text(&self, out: &mut String, paint: Paint) {
        let total = |list: &[&FileFact]| list.iter().map(|file| own(file)).sum::<u64>();
        for (word, sign, look, list) in
            [("added", "+", ADDED, &self.added), ("removed", "-", BAD, &self.removed)]
        {
            if list.is_empty() {
                continue;
            }
            let heading = format!("{word}: {} entries, {}", list.len(), format_bytes(total(list)));
            let _ = writeln!(out, "\n{}", paint.with(HEAD, &heading));
            for file in list.iter().take(ROWS) {
                let line = format!("  {sign} {:>9} {}", format_bytes(file.size), escape(&file.path));
                let _ = writeln!(out, "{}", paint.with(look, &line));
            }
            more(out, paint, list.len(), "entries");
        }
        if self.changed.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{}", paint.with(HEAD, &format!("changed: {} entries", self.changed.len())));
        for file in self.changed.iter().take(ROWS) {
            let mut notes = vec![file.what.join(", ")];
            if file.old.mode != file.new.mode {
                notes.push(format!(
                    "{} → {}",
                    mode_words(file.old.kind, file.old.mode),
                    mode_words(file.new.kind, file.new.mode)
                ));
            }
            if (file.old.uid, file.old.gid) != (file.new.uid, file.new.gid) {
                let (old, new) = (file.old, file.new);
                notes.push(format!("{}:{} → {}:{}", old.uid, old.gid, new.uid, new.gid));
            }
            let _ = writeln!(
                out,
                "  {} {:>9} {}  {}",
                paint.with(WARN, "~"),
                signed(file.old.size, file.new.size),
                escape(&file.new.path),
                paint.with(DIM, &notes.join("; "))
            );
        }
        more(out, paint, self.changed.len(), "entries");
    }

    /// The differences for programs, all of them.
    pub(crate) fn value(&self) -> Value {
        let file = |file: &&FileFact| json!({ "path": file.path, "kind": file.kind, "size": file.size, "mode": format!("{:04o}", file.mode), "uid": file.uid, "gid": file.gid, "digest": digest(file) });
        let changed = |file: &Changed<'_>| {
            let side = |file: &FileFact| json!({ "kind": file.kind, "size": file.size, "mode": format!("{:04o}", file.mode), "uid": file.uid, "gid": file.gid, "digest": digest(file), "link": file.link });
            json!({ "path": file.new.path, "what": file.what, "old": side(file.old), "new": side(file.new) })
        };
        let side = |facts: &ImageFacts| json!({ "source": facts.source, "digest": facts.digest, "compressed": facts.compressed, "unpacked": facts.unpacked, "layers": facts.layers.len(), "files": facts.files.len(), "packages": facts.packages.len() });
        json!({
            "old": side(self.old),
            "new": side(self.new),
            "added": self.added.iter().map(file).collect::<Vec<_>>(),
            "removed": self.removed.iter().map(file).collect::<Vec<_>>(),
            "changed": self.changed.iter().map(changed).collect::<Vec<_>>(),
            "packages": self.packages.iter().map(|(kind, name, old, new)| json!({ "kind": kind, "name": name, "old": old, "new": new })).collect::<Vec<_>>(),
            "config": self.config.iter().map(|(field, old, new)| json!({ "field": field, "old": old, "new": new })).collect::<Vec<_>>(),
        })
    }
}

fn more(out: &mut String, paint: Paint, count: usize, what: &str) {
    if count > ROWS {
        let words = format!("  {} more {what}; `--format json` lists all", count - ROWS);
        let _ = writeln!(out, "{}", paint.with(DIM, &words));
    }
}

/// Bytes of a file that it alone has.
fn own(file: &FileFact) -> u64 {
    if file.kind == FileKind::File && file.link.is_none() { file.size } else { 0 }
}

fn digest(file: &FileFact) -> Option<&str> {
    file.detail.as_ref().and_then(|detail| detail.digest.as_deref())
}

fn differences(old: &FileFact, new: &FileFact) -> Vec<&'static str> {
    let mut what = Vec::new();
    if old.kind != new.kind {
        what.push("kind");
    } else if old.kind == FileKind::File && (old.size != new.size || digest(old) != digest(new)) {
        what.push("content");
    }
    if old.kind == FileKind::Symlink && new.kind == FileKind::Symlink && old.link != new.link {
        what.push("link");
    }
    if old.mode != new.mode {
        what.push("mode");
    }
    if (old.uid, old.gid) != (new.uid, new.gid) {
        what.push("owner");
    }
    let attributes =
        |file: &FileFact| file.detail.as_ref().map(|detail| detail.xattrs.clone()).unwrap_or_default();
    if attributes(old) != attributes(new) {
        what.push("attributes");
    }
    what
}

fn signed(old: u64, new: u64) -> String {
    match new.cmp(&old) {
        Ordering::Equal => "±0".to_owned(),
        Ordering::Greater => format!("+{}", format_bytes(new - old)),
        Ordering::Less => format!("-{}", format_bytes(old - new)),
    }
}

fn packages(old: &ImageFacts, new: &ImageFacts) -> Vec<(String, String, Vec<String>, Vec<String>)> {
    type Versions = BTreeMap<(String, String), BTreeSet<String>>;
    let versions = |facts: &ImageFacts| {
        let mut all: Versions = BTreeMap::new();
        for package in &facts.packages {
            let key = (package.kind.clone(), package.name.clone());
            all.entry(key).or_default().insert(package.version.clone());
        }
        all
    };
    let (old, new) = (versions(old), versions(new));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let none = BTreeSet::new();
    let mut found = Vec::new();
    for key in keys {
        let (before, after) = (old.get(key).unwrap_or(&none), new.get(key).unwrap_or(&none));
        if before != after {
            // A version that both have is no difference.
            let only =
                |own: &BTreeSet<String>, other: &BTreeSet<String>| own.difference(other).cloned().collect();
            found.push((key.0.clone(), key.1.clone(), only(before, after), only(after, before)));
        }
    }
    found
}

/// The configuration field by field; variables and labels one by one. A value that is a secret is not shown.
fn config(old: &ImageFacts, new: &ImageFacts) -> Vec<(String, String, String)> {
    let fields = |facts: &ImageFacts| {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        all.insert("platform".to_owned(), facts.platform.to_string());
        let value = serde_json::to_value(&facts.config.config).unwrap_or_default();
        for (field, value) in value.as_object().into_iter().flatten() {
            match (field.as_str(), value) {
                ("Env", Value::Array(list)) => {
                    for text in list.iter().filter_map(Value::as_str) {
                        let (name, value) = text.split_once('=').unwrap_or((text, ""));
                        all.insert(format!("Env {name}"), value.to_owned());
                    }
                }
                ("Labels" | "ExposedPorts" | "Volumes", Value::Object(map)) => {
                    for (name, value) in map {
                        let value = value.as_str().map_or_else(|| "set".to_owned(), str::to_owned);
                        all.insert(format!("{field} {name}"), value);
                    }
                }
                (_, Value::Null) => {}
                (_, Value::String(text)) => {
                    all.insert(field.clone(), text.clone());
                }
                (_, value) => {
                    all.insert(field.clone(), value.to_string());
                }
            }
        }
        all
    };
    let secret = |facts: &ImageFacts| -> BTreeSet<String> {
        let places = facts.secrets.iter().filter_map(|secret| match &secret.place {
            seaworthy_facts::SecretPlace::Env { name } => Some(format!("Env {name}")),
            seaworthy_facts::SecretPlace::Label { name } => Some(format!("Labels {name}")),
            _ => None,
        });
        places.collect()
    };
    let hidden: BTreeSet<String> = secret(old).union(&secret(new)).cloned().collect();
    let (before, after) = (fields(old), fields(new));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        if old != new {
            let show = |value: Option<&String>| match value {
                None => String::new(),
                Some(_) if hidden.contains(key) => "(a secret)".to_owned(),
                Some(value) if value.is_empty() => "\"\"".to_owned(),
                Some(value) => value.clone(),
            };
            found.push((key.clone(), show(old), show(new)));
        }
    }
    found
}
