//! Mnemonic phrases (BIP 39): random bits and the first bits of their SHA-256, eleven bits per word.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::payload::Invalid;

/// The words a phrase is made of.
#[derive(Debug, Clone)]
pub(super) enum Wordlist {
    /// The English list of the standard.
    English,
    /// A list given in the request.
    Given(Vec<String>),
}

/// The size every list must have: a word holds eleven bits.
const LIST_LEN: usize = 2048;

impl Wordlist {
    /// Accepts a list of 2048 different words; an empty one stands for the English list.
    pub(super) fn new(words: Vec<String>) -> Result<Self, Invalid> {
        if words.is_empty() {
            return Ok(Self::English);
        }
        if words.len() != LIST_LEN {
            return Err(Invalid(format!("bip39_wordlist must have {LIST_LEN} words")));
        }
        if words.iter().any(|word| word.chars().any(char::is_whitespace)) {
            return Err(Invalid::new("bip39_wordlist has a word with white space"));
        }
        if words.iter().collect::<BTreeSet<_>>().len() != LIST_LEN {
            return Err(Invalid::new("bip39_wordlist has a repeated word"));
        }
        Ok(Self::Given(words))
    }

    fn word(&self, index: usize) -> &str {
        match self {
            Self::English => bip39::Language::English.word_list()[index],
            Self::Given(words) => &words[index],
        }
    }

    /// The characters of the longest word.
    pub(super) fn longest(&self) -> usize {
        (0..LIST_LEN).map(|index| self.word(index).chars().count()).max().unwrap_or(0)
    }
}

/// The random bytes in a phrase of so many words; `None` unless it is 12, 15, 18, 21 or 24.
pub(super) fn entropy_bytes(words: usize) -> Option<usize> {
    matches!(words, 12 | 15 | 18 | 21 | 24).then_some(words / 3 * 4)
}

/// The words that hold so many random bits; `None` unless it is 128, 160, 192, 224 or 256.
pub(super) fn words_for(bits: usize) -> Option<usize> {
    matches!(bits, 128 | 160 | 192 | 224 | 256).then_some(bits / 32 * 3)
}

/// Writes random bytes (16 to 32, a multiple of four) as a phrase.
pub(super) fn phrase(entropy: &[u8], list: &Wordlist, delimiter: &str) -> String {
    let mut bytes = entropy.to_vec();
    // The checksum has one bit per 32 bits of entropy: at most 8.
    bytes.push(Sha256::digest(entropy)[0]);
    let bit = |place: usize| usize::from(bytes[place / 8] >> (7 - place % 8) & 1);
    let words = entropy.len() / 4 * 3;
    let words: Vec<&str> = (0..words)
        .map(|word| list.word((word * 11..word * 11 + 11).fold(0, |index, place| index << 1 | bit(place))))
        .collect();
    words.join(delimiter)
}

#[cfg(test)]
mod tests {
    use super::{Wordlist, entropy_bytes, phrase, words_for};

    #[test]
    fn phrases_are_those_of_the_reference_crate() {
        for words in [12, 15, 18, 21, 24] {
            let len = entropy_bytes(words).unwrap();
            assert_eq!(words_for(len * 8), Some(words));
            for seed in 0..50_u8 {
                let entropy: Vec<u8> =
                    (0..len as u8).map(|n| n.wrapping_mul(37).wrapping_add(seed.wrapping_mul(91))).collect();
                let ours = phrase(&entropy, &Wordlist::English, " ");
                assert_eq!(ours.split(' ').count(), words);
                assert_eq!(ours, bip39::Mnemonic::from_entropy(&entropy).unwrap().to_string());
            }
        }
    }

    #[test]
    fn the_standards_first_test_vector() {
        let phrase = phrase(&[0; 16], &Wordlist::English, " ");
        assert_eq!(phrase, ["abandon"; 11].join(" ") + " about");
    }

    #[test]
    fn lists_must_be_complete_and_without_repetition() {
        let words: Vec<String> = (0..2048).map(|n| format!("w{n}")).collect();
        let list = Wordlist::new(words.clone()).unwrap();
        assert!(phrase(&[0; 16], &list, ".").starts_with("w0.w0."));
        assert_eq!(list.longest(), 5);
        assert!(Wordlist::new(words[1..].to_vec()).is_err());
        let mut repeated = words.clone();
        repeated[7] = "w8".to_owned();
        assert!(Wordlist::new(repeated).is_err());
        let mut spaced = words;
        spaced[7] = "w 7".to_owned();
        assert!(Wordlist::new(spaced).is_err());
        assert_eq!(entropy_bytes(13), None);
        assert_eq!(words_for(129), None);
    }
}
