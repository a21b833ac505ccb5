//! SPDX licence expressions: what a package states, made valid.

use seaworthy_packages::license::{known, known_exception};
use std::collections::BTreeMap;

/// Brackets may nest this deep; deeper text is kept as it is.
const DEEPEST: usize = 32;

/// Licences that are not on the SPDX list: reference → the text that was stated.
pub(crate) type Extracted = BTreeMap<String, String>;

/// A valid expression for what a package states. An unknown licence becomes a `LicenseRef-`, noted in
/// `extracted`; nothing stated becomes `NOASSERTION`.
pub(crate) fn expression(stated: Option<&str>, extracted: &mut Extracted) -> String {
    let Some(text) = stated.map(str::trim).filter(|text| !text.is_empty()) else {
        return "NOASSERTION".to_owned();
    };
    if matches!(text, "NOASSERTION" | "NONE") {
        return text.to_owned();
    }
    // Cargo once wrote alternatives with a slash.
    let tokens = tokens(&text.replace('/', " OR "));
    let mut found = Extracted::new();
    let mut at = 0;
    match alternatives(&tokens, &mut at, 0, &mut found) {
        Some(valid) if at == tokens.len() => {
            extracted.extend(found);
            valid
        }
        _ => reference(text, extracted),
    }
}

fn tokens(text: &str) -> Vec<String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn alternatives(tokens: &[String], at: &mut usize, depth: usize, found: &mut Extracted) -> Option<String> {
    let mut out = together(tokens, at, depth, found)?;
    while tokens.get(*at).is_some_and(|token| token.eq_ignore_ascii_case("or")) {
        *at += 1;
        out = format!("{out} OR {}", together(tokens, at, depth, found)?);
    }
    Some(out)
}

fn together(tokens: &[String], at: &mut usize, depth: usize, found: &mut Extracted) -> Option<String> {
    let mut out = single(tokens, at, depth, found)?;
    while tokens.get(*at).is_some_and(|token| token.eq_ignore_ascii_case("and")) {
        *at += 1;
        out = format!("{out} AND {}", single(tokens, at, depth, found)?);
    }
    Some(out)
}

fn single(tokens: &[String], at: &mut usize, depth: usize, found: &mut Extracted) -> Option<String> {
    let token = tokens.get(*at)?;
    *at += 1;
    if token == "(" {
        if depth >= DEEPEST {
            return None;
        }
        let inner = alternatives(tokens, at, depth + 1, found)?;
        let closed = tokens.get(*at).is_some_and(|token| token == ")");
        *at += 1;
        return closed.then(|| format!("({inner})"));
    }
    let is_word = ["and", "or", "with"].iter().any(|word| token.eq_ignore_ascii_case(word));
    if token == ")" || is_word {
        return None;
    }
    let (id, plus) = token.strip_suffix('+').map_or((token.as_str(), ""), |id| (id, "+"));
    // An identifier may end in a plus of its own, as the old GNU ones do.
    let license = known(token).map(str::to_owned).or_else(|| known(id).map(|id| format!("{id}{plus}")));
    let next = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.eq_ignore_ascii_case(word));
    match license {
        Some(license) if next(*at, "with") => {
            let exception = tokens.get(*at + 1)?;
            *at += 2;
            let exception = known_exception(exception)?;
            Some(format!("{license} WITH {exception}"))
        }
        Some(license) => Some(license),
        None if next(*at, "with") => None,
        None => Some(reference(token, found)),
    }
}

/// A reference to a licence that is not on the list. Texts that read alike as an identifier are told apart
/// by a piece of their digest.
fn reference(text: &str, extracted: &mut Extracted) -> String {
    let text = crate::escape(text);
    let mut name = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        if name.len() < 40 && !(c == '-' && name.ends_with('-')) {
            name.push(c);
        }
    }
    let name = name.trim_matches('-');
    let digest = seaworthy_oci::Digest::of(text.as_bytes());
    let id = if name == text {
        format!("LicenseRef-{name}")
    } else {
        format!("LicenseRef-{name}-{}", digest.hex().get(..8).unwrap_or_default())
    };
    extracted.insert(id.clone(), text);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(text: &str) -> (String, usize) {
        let mut extracted = Extracted::new();
        let out = expression(Some(text), &mut extracted);
        (out, extracted.len())
    }

    #[test]
    fn expressions_become_valid() {
        assert_eq!(valid("mit/Apache-2.0"), ("MIT OR Apache-2.0".to_owned(), 0));
        assert_eq!(valid("(MIT or Apache-2.0) AND Unicode-3.0").0, "(MIT OR Apache-2.0) AND Unicode-3.0");
        assert_eq!(valid("Apache-2.0 WITH LLVM-exception").0, "Apache-2.0 WITH LLVM-exception");
        assert_eq!(valid("BSD-custom"), ("LicenseRef-BSD-custom".to_owned(), 1));
        assert!(valid("see the file LICENSE (odd").0.starts_with("LicenseRef-see-the-file-LICENSE-odd-"));
        assert_eq!(expression(None, &mut Extracted::new()), "NOASSERTION");
        assert!(valid(&"(".repeat(5000)).0.starts_with("LicenseRef-"));
    }
}
