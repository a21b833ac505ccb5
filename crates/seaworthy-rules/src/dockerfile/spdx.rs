//! Which texts are SPDX licence expressions, by the list of identifiers people use.

/// Identifiers of the SPDX licence list, the deprecated ones left out, sorted.
const IDS: &str = include_str!("spdx.txt");

/// Whether a text is an expression of known identifiers, such as `MIT OR Apache-2.0`.
pub(crate) fn is_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut depth = 0usize;
    let mut operand = true;
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word {
            "(" if operand => depth += 1,
            ")" if !operand && depth > 0 => depth -= 1,
            "AND" | "OR" if !operand => operand = true,
            "WITH" if !operand => {
                if words.next().is_none_or(|exception| !exception.to_ascii_lowercase().contains("exception"))
                {
                    return false;
                }
            }
            _ if operand && is_id(word) => operand = false,
            _ => return false,
        }
    }
    !operand && depth == 0
}

/// Whether a text is one identifier, or a reference of the document's own.
fn is_id(word: &str) -> bool {
    let own = word.strip_prefix("LicenseRef-");
    let bare = word.strip_suffix('+').unwrap_or(word);
    own.is_some_and(|rest| !rest.is_empty()) || IDS.lines().any(|id| id == bare)
}

#[cfg(test)]
mod tests {
    use super::is_expression;

    #[test]
    fn expressions_are_of_known_identifiers() {
        for good in [
            "MIT",
            "(MIT OR Apache-2.0) AND ISC",
            "GPL-2.0-or-later WITH Classpath-exception-2.0",
            "LicenseRef-x",
        ] {
            assert!(is_expression(good), "{good}");
        }
        for bad in ["", "mit", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT ISC", "MIT WITH", "Apache 2.0", "GPL"]
        {
            assert!(!is_expression(bad), "{bad}");
        }
    }
}
