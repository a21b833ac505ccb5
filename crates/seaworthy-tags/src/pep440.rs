//! Versions of Python packages (PEP 440), without the leniency for spaces.

use crate::js;

/// A version in its parts; numbers are kept as their digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pep440 {
    epoch: Option<String>,
    release: Vec<String>,
    pre: Option<(&'static str, String)>,
    post: Option<String>,
    dev: Option<String>,
    local: Vec<String>,
}

/// Spellings of a pre-release, the longer first, with the one that is normal.
const PRE: [(&str, &str); 8] = [
    ("alpha", "a"),
    ("beta", "b"),
    ("preview", "rc"),
    ("pre", "rc"),
    ("rc", "rc"),
    ("a", "a"),
    ("b", "b"),
    ("c", "rc"),
];

impl Pep440 {
    /// Reads a version; none when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let mut at = Cursor { rest: text.strip_prefix('v').unwrap_or(&text) };
        let mut version = Self::default();
        let first = at.digits()?;
        if at.eat("!") {
            version.epoch = Some(first);
            version.release.push(at.digits()?);
        } else {
            version.release.push(first);
        }
        while let Some(digits) = at.tried(|at| if at.eat(".") { at.digits() } else { None }) {
            version.release.push(digits);
        }
        version.pre = at.tried(|at| {
            at.separator();
            let (_, normal) = PRE.iter().find(|(word, _)| at.eat(word))?;
            at.separator();
            Some((*normal, at.digits().unwrap_or_default()))
        });
        version.post = at.tried(|at| if at.eat("-") { at.digits() } else { None });
        if version.post.is_none() {
            version.post = at.tried(|at| at.word(&["post", "rev", "r"]));
        }
        version.dev = at.tried(|at| at.word(&["dev"]));
        if at.eat("+") {
            let local = std::mem::take(&mut at.rest);
            for part in local.split(['.', '-', '_']) {
                if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return None;
                }
                version.local.push(local_part(part));
            }
        }
        at.rest.is_empty().then_some(version)
    }

    /// Whether it comes before or after a release of the same number.
    pub(crate) fn is_special(&self) -> bool {
        self.pre.is_some() || self.post.is_some() || self.dev.is_some()
    }

    /// Number `at` of the release; 0 where there is none.
    pub(crate) fn part(&self, at: usize) -> String {
        self.release.get(at).map_or_else(|| "0".to_owned(), |digits| js::digits(digits))
    }

    /// The normal spelling. The parts of a local version are divided by commas, as the action has it.
    pub(crate) fn clean(&self) -> String {
        let release: Vec<String> = self.release.iter().map(|digits| js::digits(digits)).collect();
        let epoch = self.epoch.as_deref().map(js::digits).filter(|epoch| epoch != "0");
        let mut text = epoch.map_or_else(String::new, |epoch| format!("{epoch}!"));
        text.push_str(&release.join("."));
        if let Some((word, digits)) = &self.pre {
            text = format!("{text}{word}{}", js::digits(digits));
        }
        for (word, part) in [("post", &self.post), ("dev", &self.dev)] {
            if let Some(digits) = part {
                text = format!("{text}.{word}{}", js::digits(digits));
            }
        }
        if !self.local.is_empty() {
            text = format!("{text}+{}", self.local.join(","));
        }
        text
    }
}

/// A part that is a number to JavaScript is written as one.
fn local_part(part: &str) -> String {
    if part.bytes().all(|byte| byte.is_ascii_digit()) { js::digits(part) } else { part.to_owned() }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn eat(&mut self, word: &str) -> bool {
        self.rest.strip_prefix(word).inspect(|rest| self.rest = rest).is_some()
    }

    fn separator(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(['-', '_', '.']) {
            self.rest = rest;
        }
    }

    fn digits(&mut self) -> Option<String> {
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        (end > 0).then(|| digits.to_owned())
    }

    /// `[-_.]?WORD[-_.]?N?`.
    fn word(&mut self, words: &[&str]) -> Option<String> {
        self.separator();
        words.iter().find(|word| self.eat(word))?;
        self.separator();
        Some(self.digits().unwrap_or_default())
    }

    /// Reads something, or stays where it was.
    fn tried<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.rest;
        let read = read(self);
        if read.is_none() {
            self.rest = before;
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_one_normal_spelling() {
        for (text, normal) in [
            ("1.0", "1.0"),
            ("V1.0-ALPHA_1", "1.0a1"),
            ("1.0c", "1.0rc0"),
            ("1.0-5", "1.0.post5"),
            ("1.0a.post1.dev2", "1.0a0.post1.dev2"),
            ("1!02.0", "1!2.0"),
            ("0!1", "1"),
            ("1.0r", "1.0.post0"),
            ("1.0preview2", "1.0rc2"),
        ] {
            assert_eq!(Pep440::parse(text).map(|version| version.clean()).as_deref(), Some(normal), "{text}");
        }
        for text in ["", "v", "1.", "1.0x", "1.0.post1post2", "1.0+", "1.0+a..b", " 1.0", "1.0--x", "=1.0"] {
            assert!(Pep440::parse(text).is_none(), "{text}");
        }
    }
}
