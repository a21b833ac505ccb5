//! The characters a password is drawn from.

use std::collections::BTreeSet;

use super::request::PasswordRequest;
use crate::payload::Invalid;

const LETTERS_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Symbols that most systems accept: no quotes, backslash or space.
const SYMBOLS: &str = "!#$%&*+-./:;<=>?@^_~";

/// Picks the alphabet; contradicting fields are refused rather than ranked.
pub(super) fn of(request: &PasswordRequest) -> Result<Vec<char>, Invalid> {
    let PasswordRequest { charset, symbols, no_symbols, max_entropy, .. } = request;
    let chosen = [!charset.is_empty(), !symbols.is_empty(), *no_symbols, *max_entropy];
    if chosen.iter().filter(|&&set| set).count() > 1 {
        return Err(Invalid::new("charset, symbols, no_symbols and max_entropy exclude each other"));
    }
    let characters = if !charset.is_empty() {
        charset.clone()
    } else if *max_entropy {
        // All visible ASCII characters.
        ('!'..='~').collect()
    } else if *no_symbols {
        LETTERS_AND_DIGITS.to_owned()
    } else {
        let symbols = if symbols.is_empty() { SYMBOLS } else { symbols };
        format!("{LETTERS_AND_DIGITS}{symbols}")
    };
    // A repeated character must not become more probable than the others.
    let distinct: BTreeSet<char> = characters.chars().collect();
    if distinct.len() < 2 {
        return Err(Invalid::new("charset must have at least 2 different characters"));
    }
    Ok(distinct.into_iter().collect())
}

/// The fewest characters that hold `bits` bits of entropy.
pub(super) fn length_for(bits: usize, alphabet: &[char]) -> usize {
    (bits as f64 / (alphabet.len() as f64).log2()).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::length_for;

    #[test]
    fn lengths_hold_the_entropy() {
        let alphabet: Vec<char> = ('a'..='p').collect();
        assert_eq!(length_for(128, &alphabet), 32);
        assert_eq!(length_for(129, &alphabet), 33);
        assert_eq!(length_for(1, &alphabet), 1);
    }
}
