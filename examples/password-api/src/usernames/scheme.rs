//! The ways a name is put together.

use crate::random::{ByteSource, Random, RandomError};

/// Consonants and vowels that alternate in syllables; easy to say and hard to mistake.
const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
const VOWELS: &[u8] = b"aeiou";
/// No 0 and 1, which look like letters.
const DIGITS: &[u8] = b"23456789";

/// One way to put a name together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    TwoWords,
    WordNumber,
    WordSyllables,
    Syllables,
    SyllablesNumber,
    InitialsWord,
}

impl Scheme {
    pub(super) const ALL: [Self; 6] = [
        Self::TwoWords,
        Self::WordNumber,
        Self::WordSyllables,
        Self::Syllables,
        Self::SyllablesNumber,
        Self::InitialsWord,
    ];

    /// The name shown in `meta`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TwoWords => "two_words",
            Self::WordNumber => "word_number",
            Self::WordSyllables => "word_syllables",
            Self::Syllables => "syllables",
            Self::SyllablesNumber => "syllables_number",
            Self::InitialsWord => "initials_word",
        }
    }

    /// The words of the vocabulary it takes.
    pub(super) fn words(self) -> usize {
        match self {
            Self::TwoWords => 2,
            Self::WordNumber | Self::WordSyllables | Self::InitialsWord => 1,
            Self::Syllables | Self::SyllablesNumber => 0,
        }
    }

    /// The fewest and most characters it gives, with words of three to eight.
    pub(super) fn lengths(self) -> (usize, usize) {
        match self {
            Self::TwoWords => (6, 17),
            Self::WordNumber => (5, 13),
            Self::WordSyllables => (5, usize::MAX),
            Self::Syllables => (1, usize::MAX),
            Self::SyllablesNumber => (4, usize::MAX),
            Self::InitialsWord => (5, 12),
        }
    }

    /// Puts a name together; `words` holds as many as [`Self::words`] says. It has about `target`
    /// characters where the scheme can choose.
    pub(super) fn make<S: ByteSource>(
        self,
        words: &[&str],
        separator: &str,
        target: usize,
        random: &mut Random<S>,
    ) -> Result<String, RandomError> {
        let word = words.first().copied().unwrap_or_default();
        Ok(match self {
            Self::TwoWords => words.join(separator),
            Self::WordNumber => {
                let len = 2 + random.below(3)?;
                format!("{word}{separator}{}", letters(len, &[DIGITS], random)?)
            }
            Self::WordSyllables => {
                let len = target.saturating_sub(word.len() + separator.len()).max(2);
                format!("{word}{separator}{}", syllables(len, random)?)
            }
            Self::Syllables => syllables(target, random)?,
            Self::SyllablesNumber => {
                let len = 2 + random.below(2)?;
                let head = syllables(target.saturating_sub(len + separator.len()).max(2), random)?;
                format!("{head}{separator}{}", letters(len, &[DIGITS], random)?)
            }
            Self::InitialsWord => {
                let len = 2 + random.below(2)?;
                format!("{}{separator}{word}", letters(len, &[CONSONANTS], random)?)
            }
        })
    }
}

/// Draws `len` characters, the place deciding which set in turn.
fn letters<S: ByteSource>(len: usize, sets: &[&[u8]], random: &mut Random<S>) -> Result<String, RandomError> {
    let mut text = String::with_capacity(len);
    for place in 0..len {
        let set = sets[place % sets.len()];
        text.push(char::from(set[random.below(set.len())?]));
    }
    Ok(text)
}

fn syllables<S: ByteSource>(len: usize, random: &mut Random<S>) -> Result<String, RandomError> {
    letters(len, &[CONSONANTS, VOWELS], random)
}

/// The digits of a tag.
pub(super) const TAG_LEN: usize = 4;
/// How many different tags there are: four digits of eight.
pub(super) const TAGS: usize = 4096;

/// Writes a number below [`TAGS`] as four digits.
pub(super) fn tag(number: usize) -> String {
    [9, 6, 3, 0].iter().map(|shift| char::from(DIGITS[number >> shift & 7])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{TAGS, tag};

    #[test]
    fn tags_are_distinct_and_of_four_digits() {
        let tags: BTreeSet<String> = (0..TAGS).map(tag).collect();
        assert_eq!(tags.len(), TAGS);
        assert!(tags.iter().all(|tag| tag.len() == 4 && tag.chars().all(|c| ('2'..='9').contains(&c))));
    }
}
