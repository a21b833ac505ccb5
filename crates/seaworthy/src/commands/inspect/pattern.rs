//! Patterns for paths, as people type them.

use regex::Regex;

/// What a path must be like.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// The path or its last part matches.
    Path(Regex),
    /// The last part matches.
    Name(Regex),
}

impl Pattern {
    /// A glob: `*` and `?` stay within a part of the path, `**` does not; without a slash it is for the last part.
    pub(crate) fn glob(text: &str) -> Result<Self, String> {
        let with_folder = text.contains('/') || text == "**";
        let text = text.strip_prefix("./").unwrap_or(text);
        let mut regex = String::from(r"(?s)\A");
        if with_folder && !text.starts_with('/') {
            regex.push('/');
        }
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '*' if rest.peek() == Some(&'*') => {
                    rest.next();
                    // `a/**/b` is `a/b` too.
                    if regex.ends_with('/') && rest.peek() == Some(&'/') {
                        rest.next();
                        regex.push_str("(?:.*/)?");
                    } else {
                        regex.push_str(".*");
                    }
                }
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '[' => {
                    let class: String = rest.clone().take_while(|c| *c != ']').collect();
                    if class.is_empty() || !rest.clone().any(|c| c == ']') {
                        regex.push_str(r"\[");
                        continue;
                    }
                    rest.nth(class.chars().count());
                    let (not, class) =
                        class.strip_prefix(['!', '^']).map_or(("", class.as_str()), |class| ("^", class));
                    let class: String = class
                        .chars()
                        .flat_map(|c| match c {
                            '-' => vec!['-'],
                            c => regex::escape(&c.to_string()).chars().collect(),
                        })
                        .collect();
                    regex.extend(["[", not, &class, "]"]);
                }
                c => regex.push_str(&regex::escape(&c.to_string())),
            }
        }
        regex.push_str(r"\z");
        let regex = Regex::new(&regex).map_err(|error| error.to_string())?;
        Ok(if with_folder { Self::Path(regex) } else { Self::Name(regex) })
    }

    /// What somebody types to find something: a glob where it looks like one, a regular expression where it is no
    /// plain text, else a part of the path in any case.
    pub(crate) fn search(text: &str) -> Result<Self, String> {
        if text.contains(['^', '$', '|', '(', '\\', '+']) {
            return Regex::new(text).map(Self::Path).map_err(|_| "not a regular expression".to_owned());
        }
        if text.contains(['*', '?', '[']) {
            return Self::glob(text);
        }
        Regex::new(&format!("(?i){}", regex::escape(text))).map(Self::Path).map_err(|error| error.to_string())
    }

    /// Whether an absolute path is like that.
    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Path(regex) => regex.is_match(path),
            Self::Name(regex) => regex.is_match(path.rsplit('/').next().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_names_and_paths() {
        for (glob, path, expected) in [
            ("*.so*", "/usr/lib/libc.so.6", true),
            ("passwd", "/etc/passwd", true),
            ("passwd", "/etc/passwd-", false),
            ("/etc/*", "/etc/passwd", true),
            ("/etc/*", "/etc/ssl/x", false),
            ("etc/**", "/etc/ssl/x", true),
            ("/usr/**/libc.so.?", "/usr/lib/x/libc.so.6", true),
            ("/usr/**/lib", "/usr/lib", true),
            ("[a-c]x", "/bx", true),
            ("[!a-c]x", "/bx", false),
            ("a[", "/a[", true),
            ("a.b", "/axb", false),
            ("**", "/any/thing", true),
        ] {
            assert_eq!(Pattern::glob(glob).unwrap().matches(path), expected, "{glob} {path}");
        }
    }

    #[test]
    fn a_search_is_what_it_looks_like() {
        assert!(Pattern::search("PYTHON").unwrap().matches("/usr/bin/python3"));
        assert!(Pattern::search("*.py").unwrap().matches("/app/main.py"));
        assert!(Pattern::search(r"\.pyc?$").unwrap().matches("/app/main.pyc"));
        assert!(Pattern::search("(").is_err());
    }
}
