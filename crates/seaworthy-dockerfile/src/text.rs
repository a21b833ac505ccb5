//! Text for messages.

use seaworthy_finding::did_you_mean;

/// The longest word that can be a misspelling of anything here, in bytes.
const LONGEST_GUESS: usize = 40;

/// The known name a word is probably meant to be; no guess is made for words no one misspells.
pub(crate) fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_GUESS { None } else { did_you_mean(word, known) }
}

/// A text that fits a message: long ones end in an ellipsis.
pub(crate) fn short(text: &str) -> String {
    const LIMIT: usize = 60;
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
    }
}
