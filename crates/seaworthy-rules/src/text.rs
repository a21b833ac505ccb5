//! Small helpers for the words of messages.

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
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
