//! The order of `localeCompare`: the root collation of Unicode (CLDR), for the letters of Europe.
//!
//! Punctuation comes before digits, digits before letters; accents count only between words that are otherwise equal,
//! and case after that. Characters outside of the table come last, by code point.

/// ASCII punctuation and symbols in their order.
const MARKS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Letters with accents: the letter and the accents it is found with, in the order of the accents.
const ACCENTED: [(char, &str); 17] = [
    ('a', "áàăâåäãą"),
    ('c', "ćĉčċç"),
    ('d', "ď"),
    ('e', "éèĕêěëėęē"),
    ('g', "ğĝġģ"),
    ('h', "ĥ"),
    ('i', "íìĭîïĩįī"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺľļ"),
    ('n', "ńňñņ"),
    ('o', "óòŏôöőõō"),
    ('r', "ŕřŗ"),
    ('s', "śŝšş"),
    ('t', "ťţ"),
    ('u', "úùŭûůüűũųū"),
    ('y', "ýŷÿ"),
];

/// What a text is sorted by.
pub(crate) fn key(text: &str) -> [Vec<u32>; 3] {
    let weights: Vec<[u32; 3]> = text.chars().map(weight).collect();
    [0, 1, 2].map(|level| weights.iter().map(|weight| weight[level]).collect())
}

/// The weights of a character: what it is, its accent, its case.
fn weight(c: char) -> [u32; 3] {
    if c.is_ascii_lowercase() {
        return [200 + u32::from(c), 0, 0];
    }
    if let Some(at) = MARKS.chars().position(|mark| mark == c) {
        return [u32::try_from(at).unwrap_or(0) + 1, 0, 0];
    }
    let upper = u32::from(c.is_uppercase());
    let lower = c.to_lowercase().next().unwrap_or(c);
    if let Some(digit) = lower.to_digit(10) {
        return [100 + digit, 0, 0];
    }
    if lower.is_ascii_lowercase() {
        return [200 + u32::from(lower), 0, upper];
    }
    for (base, accented) in ACCENTED {
        if let Some(at) = accented.chars().position(|letter| letter == lower) {
            return [200 + u32::from(base), u32::try_from(at).unwrap_or(0) + 1, upper];
        }
    }
    [1000 + u32::from(lower), 0, upper]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_digits_letters() {
        let mut words = ["B", "a", "_x", "A", "b", "z.y", "z-y", "z_y", "é", "f", "1", "e", "eb"];
        words.sort_by_cached_key(|word| key(word));
        assert_eq!(words, ["_x", "1", "a", "A", "b", "B", "e", "é", "eb", "f", "z_y", "z-y", "z.y"]);
    }
}
