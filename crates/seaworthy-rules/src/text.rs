//! Small helpers for the words of messages.

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `1 process`, `2 processes`.
pub(crate) fn processes(number: u32) -> String {
    if number == 1 { "1 process".to_owned() } else { format!("{number} processes") }
}

/// `once`, `3 times`.
pub(crate) fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// What an evidence says before the digest of a secret, so that a waiver can name it.
pub(crate) const SHA256_OF_VALUE: &str = "SHA-256 of the value ";

/// A thing with its article: `a password`, `an AWS key`.
pub(crate) fn a(thing: &str) -> String {
    // Abbreviations are read letter by letter: an npm token, an SSH key.
    let spelled = ["AWS", "EC ", "RSA", "SSH", "npm", "xAI"];
    let vowel = thing.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O', 'X']);
    let an = vowel || spelled.iter().any(|start| thing.starts_with(start));
    format!("{} {thing}", if an { "an" } else { "a" })
}

/// `` `a`, `b` and `c` ``, with at most `most` names.
pub(crate) fn names<S: AsRef<str>>(items: &[S], most: usize) -> String {
    let mut shown: Vec<String> = items.iter().take(most).map(|item| format!("`{}`", item.as_ref())).collect();
    let rest = items.len().saturating_sub(most);
    if rest > 0 {
        shown.push(format!("{rest} more"));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => "none".to_owned(),
    }
}

/// A digest shortened to 12 hexadecimal characters behind its algorithm.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..19).filter(|_| digest.starts_with("sha256:")).unwrap_or(digest)
}

/// The words of a line, split at blanks outside of quotes.
pub(crate) fn shell_words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(ch) = chars.next() {
        match (quote, ch) {
            (Some(open), ch) if ch == open => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), ch) => word.get_or_insert_default().push(ch),
            (None, '\'' | '"') => {
                quote = Some(ch);
                word.get_or_insert_default();
            }
            (None, ch) if ch.is_whitespace() => out.extend(word.take()),
            (None, ch) => word.get_or_insert_default().push(ch),
        }
    }
    out.extend(word);
    out
}

/// A relative path without `.`, `..` and doubled slashes.
pub(crate) fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
