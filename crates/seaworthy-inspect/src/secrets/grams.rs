//! The search for beginnings, at the speed of memory.
//!
//! Hundreds of beginnings are too many for a packed search, and an automaton needs a load that depends on the last one
//! for every byte. Here every second byte a window of four bytes is looked up in a bit set of 32 KiB, without any
//! dependence from one to the next. Each beginning is entered with two windows, one byte apart, so that it is met
//! wherever it lies; for UTF-16 two more, of two letters and two zeros.

/// A set of bytes.
#[derive(Clone)]
struct Set([bool; 256]);

impl Set {
    fn of(test: impl Fn(u8) -> bool) -> Self {
        let mut set = [false; 256];
        for byte in 0..=255u8 {
            set[usize::from(byte)] = test(byte);
        }
        Self(set)
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255u8).filter(|byte| self.has(*byte))
    }
}

/// A beginning: what may stand at each place.
struct Beginning {
    places: Vec<Set>,
    /// How many places come before the beginning proper.
    before: usize,
    owner: usize,
}

/// One window that stands for a beginning.
struct Entry {
    gram: u32,
    beginning: u32,
    /// Where in the beginning the window starts, in bytes.
    offset: i32,
    wide: bool,
}

/// Bits of the hash of a window.
const BITS: u32 = 18;
/// Bits of the second hash.
const SECOND: u32 = 17;
/// Bits of the hash that finds the entries of a window.
const HEADS: u32 = 14;

/// The search.
pub(super) struct Grams {
    bits: Box<[u64; 1 << (BITS - 6)]>,
    second: Vec<u64>,
    /// For each hash where its entries begin; they are sorted by it.
    heads: Vec<u32>,
    entries: Vec<Entry>,
    beginnings: Vec<Beginning>,
}

/// A place where a format may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Index of the format.
    pub(super) owner: usize,
    /// Where it begins.
    pub(super) at: usize,
    /// Whether it is in UTF-16; the high halves are those after each letter when even, before it when odd.
    pub(super) wide: bool,
}

/// The factor is the one of 1,500 with which the windows that are common in the files of images, and stand for no
/// beginning, meet the fewest bits: a quarter fewer than with the golden ratio.
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x7FFF_F827) >> (32 - BITS)
}

/// A second hash, of what the first one lets through.
fn second(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1) >> (32 - SECOND)
}

/// How much a byte narrows a search, in tenths of a bit: what is common in text tells little.
fn rarity(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 35,
        b'h' | b'l' | b'd' | b'c' | b'u' | b'm' | b'p' | b'f' | b'g' => 45,
        b'0' | b'-' | b'/' | b'=' => 50,
        b'A'..=b'Z' | b'1'..=b'9' | b'_' | b'.' | b'"' | b':' => 60,
        _ => 70,
    }
}

impl Grams {
    /// A search for the literals of formats; see `formats.rs` for how a literal is written.
    pub(super) fn new<'a>(literals: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let beginnings: Vec<Beginning> = literals.map(|(owner, text)| beginning(owner, text)).collect();
        let mut entries = Vec::new();
        for (index, beginning) in beginnings.iter().enumerate() {
            enter(beginning, u32::try_from(index).unwrap_or_default(), &mut entries);
        }
        let key = |entry: &Entry| hash(entry.gram) >> (BITS - HEADS);
        entries.sort_by_key(|entry| (key(entry), entry.gram));
        let words = vec![0u64; 1 << (BITS - 6)].into_boxed_slice();
        let mut bits: Box<[u64; 1 << (BITS - 6)]> =
            words.try_into().expect("internal error: the set has as many words");
        let mut seconds = vec![0u64; 1 << (SECOND - 6)];
        let mut heads = vec![0u32; (1 << HEADS) + 1];
        for entry in &entries {
            let hash = hash(entry.gram);
            bits[(hash >> 6) as usize] |= 1 << (hash & 63);
            let second = second(entry.gram);
            seconds[(second >> 6) as usize] |= 1 << (second & 63);
            heads[key(entry) as usize + 1] += 1;
        }
        for at in 1..heads.len() {
            heads[at] += heads[at - 1];
        }
        Self { bits, second: seconds, heads, entries, beginnings }
    }

    /// Every place in `bytes` where a format begins, about in order.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(Hit)) {
        const STRIDE: usize = 16;
        let mut at = 0;
        while let Some(block) = bytes.get(at..at + STRIDE + 4) {
            // One branch for each, hardly ever taken: summed up, all would have to be looked up once more.
            for step in 0..STRIDE / 2 {
                let gram = gram(block, step * 2);
                if self.has(gram) && self.has_too(gram) {
                    self.look(bytes, at + step * 2, gram, &mut found);
                }
            }
            at += STRIDE;
        }
        while at < bytes.len() {
            // The end of the bytes, filled up with what is in no literal.
            let rest = &bytes[at..bytes.len().min(at + 4)];
            let mut block = [0xff; 4];
            block[..rest.len()].copy_from_slice(rest);
            let gram = u32::from_le_bytes(block);
            if self.has(gram) {
                self.look(bytes, at, gram, &mut found);
            }
            at += 2;
        }
    }

    #[inline]
    fn has(&self, gram: u32) -> bool {
        let hash = hash(gram);
        self.bits[(hash >> 6) as usize] & (1 << (hash & 63)) != 0
    }

    /// Most of what a window meets by chance ends here, without a call.
    #[cold]
    #[inline]
    fn has_too(&self, gram: u32) -> bool {
        let hash = second(gram);
        self.second.get((hash >> 6) as usize).is_some_and(|word| word & (1 << (hash & 63)) != 0)
    }

    #[cold]
    #[inline(never)]
    fn look(&self, bytes: &[u8], at: usize, gram: u32, found: &mut impl FnMut(Hit)) {
        let key = (hash(gram) >> (BITS - HEADS)) as usize;
        let entries = &self.entries[self.heads[key] as usize..self.heads[key + 1] as usize];
        for entry in entries.iter().filter(|entry| entry.gram == gram) {
            let beginning = &self.beginnings[entry.beginning as usize];
            let step = if entry.wide { 2 } else { 1 };
            let Some(first) = at.checked_add_signed(-(entry.offset as isize)) else { continue };
            let fits = beginning.places[beginning.before..].iter().enumerate().all(|(index, set)| {
                let place = first + index * step;
                bytes.get(place).is_some_and(|byte| set.has(*byte))
            });
            // What comes before is judged by the one who looks closer.
            if fits {
                found(Hit { owner: beginning.owner, at: first, wide: entry.wide });
            }
        }
    }
}

fn gram(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

fn beginning(owner: usize, text: &str) -> Beginning {
    let token = || Set::of(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let places: Vec<Set> = text
        .chars()
        .map(|c| match c {
            '@' => token(),
            '§' => Set::of(|byte| byte.is_ascii_alphanumeric() || b"_-~.".contains(&byte)),
            '#' => Set::of(|byte| byte.is_ascii_digit()),
            '%' => Set::of(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            '^' => Set::of(|byte| !byte.is_ascii_alphanumeric()),
            '!' => Set::of(|byte| b" \t\n\r\"'`=:>(,;/|".contains(&byte)),
            '·' => Set::of(|byte| byte == b' '),
            c => Set::of(move |byte| char::from(byte) == c),
        })
        .collect();
    let before = usize::from(text.starts_with(['^', '!']));
    Beginning { places, before, owner }
}

/// How much what may stand at a place narrows a search, and how many bytes that are.
fn weight(set: &Set) -> (u32, usize) {
    let (mut least, mut many) = (u32::MAX, 0u32);
    for byte in set.bytes() {
        least = least.min(rarity(byte));
        many += 1;
    }
    (least.saturating_sub(many.max(1).ilog2() * 10), many as usize)
}

/// Enters the windows of a beginning: the two neighbours that are met least often by chance.
fn enter(beginning: &Beginning, index: u32, entries: &mut Vec<Entry>) {
    let sets = &beginning.places;
    let weights: Vec<(u32, usize)> = sets.iter().map(weight).collect();
    let best = (0..sets.len().saturating_sub(4)).max_by_key(|start| {
        let (window, weights) = (&sets[*start..start + 5], &weights[*start..start + 5]);
        let score: u32 = weights.iter().map(|weight| weight.0).sum();
        // One letter over and over, as in a line of dashes, tells nothing.
        let same = window.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
        let entered: usize = weights[1..4].iter().map(|weight| weight.1).product();
        (std::cmp::Reverse(entered > 4096), score.saturating_sub(u32::try_from(same * 60).unwrap_or(0)))
    });
    let signed = |at: usize| {
        i32::try_from(at).unwrap_or_default() - i32::try_from(beginning.before).unwrap_or_default()
    };
    if let Some(best) = best {
        for start in [best, best + 1] {
            let window = &sets[start..start + 4];
            for a in window[0].bytes() {
                for b in window[1].bytes() {
                    for c in window[2].bytes() {
                        for d in window[3].bytes() {
                            let gram = u32::from_le_bytes([a, b, c, d]);
                            entries.push(Entry {
                                gram,
                                beginning: index,
                                offset: signed(start),
                                wide: false,
                            });
                        }
                    }
                }
            }
        }
    }
    // UTF-16: two letters that are fixed.
    let fixed = |at: usize| weights[at].1 == 1;
    let pair = (beginning.before..sets.len().saturating_sub(1))
        .filter(|at| fixed(*at) && fixed(at + 1))
        .max_by_key(|at| {
            let same = sets[*at].0 == sets[at + 1].0;
            (!same, weights[*at].0 + weights[at + 1].0)
        });
    if let Some(at) = pair
        && let (Some(a), Some(b)) = (sets[at].bytes().next(), sets[at + 1].bytes().next())
    {
        let offset = signed(at) * 2;
        for (gram, offset) in [([a, 0, b, 0], offset), ([0, a, 0, b], offset - 1)] {
            entries.push(Entry { gram: u32::from_le_bytes(gram), beginning: index, offset, wide: true });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_met_at_every_place() {
        let literals = ["ghp_@", "^SG.@", "-----BEGIN·", "%-us#", "!SK%%", "heroku"];
        let grams = Grams::new(literals.iter().enumerate().map(|(at, text)| (at, *text)));
        let texts = ["ghp_a", "SG.a", "-----BEGIN ", "a-us1", "SK01", "heroku"];
        for pad in 0..70 {
            for (owner, text) in texts.iter().enumerate() {
                let mut bytes = vec![b' '; pad];
                bytes.extend_from_slice(text.as_bytes());
                let before = u8::try_from(pad % 3).unwrap();
                bytes.extend(vec![b'.'; usize::from(before) * 9]);
                let mut hits = Vec::new();
                grams.each(&bytes, |hit| hits.push(hit));
                assert_eq!(hits, [Hit { owner, at: pad, wide: false }], "{text} at {pad}");
                for big in [false, true] {
                    let mut bytes = vec![b'\n'; pad];
                    for unit in format!("={text}").encode_utf16() {
                        bytes.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
                    }
                    bytes.extend([0, 0, 0, 0, 0]);
                    let mut hits = Vec::new();
                    grams.each(&bytes, |hit| hits.push(hit));
                    let at = pad + 2 + usize::from(big);
                    assert_eq!(hits, [Hit { owner, at, wide: true }], "{text} at {pad} {big}");
                }
            }
        }
    }
}
