//! Which tags a registry accepts (`distribution-spec`, "Pull").

use crate::InvalidTag;
use seaworthy_oci::Reference;

/// Splits tags into those a registry accepts, each once, and the others with the reason.
pub fn check_tags(tags: &[String]) -> (Vec<String>, Vec<InvalidTag>) {
    let mut valid: Vec<String> = Vec::new();
    let mut invalid = Vec::new();
    for tag in tags {
        if let Some(reason) = problem(tag) {
            invalid.push(InvalidTag { tag: tag.clone(), reason });
        } else if !valid.contains(tag) {
            valid.push(tag.clone());
        }
    }
    (valid, invalid)
}

fn problem(tag: &str) -> Option<&'static str> {
    if Reference::is_valid_tag(tag) {
        return None;
    }
    Some(if tag.is_empty() {
        "it is empty"
    } else if tag.len() > 128 {
        "it is longer than 128 characters"
    } else if tag.starts_with(['-', '.']) {
        "it begins with `-` or `.`"
    } else {
        "it has characters other than letters, digits, `_`, `.` and `-`"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_tags_have_a_reason() {
        let long = "a".repeat(129);
        let tags: Vec<String> =
            ["1.2", "", "-9f2c4e0", "a/b", "1.2", &long].iter().map(|tag| (*tag).to_owned()).collect();
        let (valid, invalid) = check_tags(&tags);
        assert_eq!(valid, ["1.2"]);
        let reasons: Vec<_> = invalid.iter().map(|tag| tag.reason).collect();
        assert_eq!(reasons[0], "it is empty");
        assert_eq!(reasons[1], "it begins with `-` or `.`");
        assert!(reasons[2].contains("characters other"));
        assert!(reasons[3].contains("128"));
    }
}
