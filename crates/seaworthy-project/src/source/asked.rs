//! Which names and paths the claims of a project ask the source code for.

use super::words;
use seaworthy_facts::{ProjectFacts, SourceFacts};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Names are looked for up to this number, so that no document can make the search slow.
const MOST: usize = 4000;

/// What is looked for.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) names: BTreeSet<String>,
    pub(crate) paths: BTreeSet<String>,
    /// Whether a health check names a path.
    pub(crate) health: bool,
    /// Each name by the hash of its spelling without case and separators; a part of one by the name it is part of.
    whole: BTreeMap<u64, Vec<String>>,
    parts: BTreeMap<u64, Vec<Part>>,
    /// For each cut of a name whether its prefix and its rest were seen.
    halves: RefCell<BTreeMap<(String, usize), (bool, bool)>>,
}

/// One half of a name that was cut at an underscore.
struct Part {
    name: String,
    cut: usize,
    rest: bool,
}

/// Everything that the documents, the compose files and the Dockerfiles name.
pub(crate) fn asked(facts: &ProjectFacts) -> Asked {
    let mut out = Asked::default();
    for document in &facts.documents {
        for row in &document.env_rows {
            out.add_name(&row.name);
        }
        for command in &document.commands {
            for value in command.values("env") {
                out.add_name(value.value.split('=').next().unwrap_or_default());
            }
            for value in command.values("volume") {
                out.add_path(value.value.split(':').nth(1).unwrap_or(&value.value));
            }
            for value in command.values("mount") {
                let target = value.value.split(',').find_map(|part| {
                    ["target=", "dst=", "destination="].iter().find_map(|key| part.strip_prefix(key))
                });
                out.add_path(target.unwrap_or_default());
            }
        }
        for code in words::inline_paths(&document.file.text) {
            out.add_path(code);
        }
        out.health |= document.file.text.to_ascii_lowercase().contains("health");
    }
    for service in facts.composes.iter().flat_map(|compose| &compose.services) {
        for (name, _) in &service.environment {
            out.add_name(&name.value);
        }
        for mount in &service.mounts {
            out.add_path(&mount.target);
        }
        out.health |= service.healthcheck.is_some();
    }
    for docker in &facts.dockerfiles {
        // The instruction itself, whatever its case; one that a comment names costs one look.
        out.health |= docker.file.text.to_ascii_lowercase().contains("healthcheck");
    }
    if facts.dockerfiles.is_empty() && facts.composes.is_empty() {
        // Without an image there is nothing the claims are about.
        return Asked::default();
    }
    out.index();
    out
}

impl Asked {
    fn add_name(&mut self, name: &str) {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain && self.names.len() < MOST {
            self.names.insert(name.to_owned());
        }
    }

    fn add_path(&mut self, path: &str) {
        let path = path.trim_end_matches('/');
        let plain = path.starts_with('/') && !path.contains(['$', '<', '{', '*', ' ']);
        if plain && self.paths.len() < MOST {
            self.paths.insert(path.to_owned());
        }
    }

    fn index(&mut self) {
        for name in &self.names {
            self.whole.entry(words::hash(name.as_bytes())).or_default().push(name.clone());
            for (cut, _) in name.match_indices('_').take(4) {
                for (rest, half) in [(false, &name[..cut]), (true, &name[cut + 1..])] {
                    if half.len() > 1 {
                        let part = Part { name: name.clone(), cut, rest };
                        self.parts.entry(words::hash(half.as_bytes())).or_default().push(part);
                    }
                }
            }
        }
    }

    /// Notes the names that a word of a file is, in any spelling.
    pub(crate) fn name(&self, word: &[u8], seen: &mut BTreeSet<String>) {
        let hash = words::hash(word);
        for name in self.whole.get(&hash).into_iter().flatten() {
            if !seen.contains(name) {
                seen.insert(name.clone());
            }
        }
        self.half(hash, true);
    }

    /// Notes the prefixes that a constant is.
    pub(crate) fn prefix(&self, constant: &str) {
        if constant.len() <= 64 {
            self.half(words::hash(constant.as_bytes()), false);
        }
    }

    fn half(&self, hash: u64, rest: bool) {
        let Some(parts) = self.parts.get(&hash) else { return };
        let mut halves = self.halves.borrow_mut();
        for part in parts.iter().filter(|part| part.rest == rest) {
            halves.entry((part.name.clone(), part.cut)).or_insert((false, false));
            if let Some(known) = halves.get_mut(&(part.name.clone(), part.cut)) {
                known.0 |= !rest;
                known.1 |= rest;
            }
        }
    }

    /// Notes the paths that a constant names or begins with.
    pub(crate) fn path(&self, constant: &str, seen: &mut BTreeSet<String>) {
        if !constant.starts_with('/') || self.paths.is_empty() {
            return;
        }
        let mut at = constant.trim_end_matches('/');
        loop {
            if self.paths.contains(at) && !seen.contains(at) {
                seen.insert(at.to_owned());
            }
            match at.rsplit_once('/') {
                Some((above, _)) if !above.is_empty() => at = above,
                _ => break,
            }
        }
    }

    /// Ends the search: names that are put together from a prefix and a field count as known.
    pub(crate) fn settle(self, out: &mut SourceFacts) {
        for ((name, _), seen) in self.halves.into_inner() {
            if seen == (true, true) {
                out.in_code.insert(name);
            }
        }
        out.asked = self.names;
        out.asked.extend(self.paths);
    }
}
