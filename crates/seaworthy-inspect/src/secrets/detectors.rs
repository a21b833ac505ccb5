//! A closer look where a known format may begin.

use super::formats::{FORMATS, Format, Judge};
use super::found::{Match, Rank};
use super::grams::{Grams, Hit};
use super::{encoded, pem, shape};
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::sync::LazyLock;

/// Most bytes of one secret, key blocks included.
const LONGEST: usize = super::OVERLAP - super::LEAD;

/// A pattern that is compiled when first needed.
type Pattern = LazyLock<Option<Regex>, Box<dyn FnOnce() -> Option<Regex> + Send>>;

/// Finds the known formats.
pub(super) struct Detectors {
    grams: Grams,
    patterns: Vec<Pattern>,
}

/// The one set of detectors. Patterns are compiled when first needed, without Unicode: with it they take a hundred
/// times the time and memory, and the formats are ASCII.
pub(super) static DETECTORS: LazyLock<Detectors> = LazyLock::new(Detectors::new);

/// What kind of file a text is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Text.
    Text,
    /// No text.
    Binary,
    /// A large program or data: names and values that stand beside each other there say nothing.
    Large,
}

/// Text around a place where a format may begin.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) bytes: &'a [u8],
    /// Where the beginning lies.
    pub(super) start: usize,
    /// What kind of file it is in.
    pub(super) nature: Nature,
    /// How many encodings it was unwrapped from.
    pub(super) depth: u8,
}

impl Detectors {
    fn new() -> Self {
        let literals = FORMATS.iter().enumerate();
        let literals =
            literals.flat_map(|(index, format)| format.literals.iter().map(move |text| (index, *text)));
        let patterns = FORMATS
            .iter()
            .map(|format| {
                let pattern = match format.back {
                    0 => format!("^(?:{})", format.pattern),
                    _ => format.pattern.clone(),
                };
                let compile: Box<dyn FnOnce() -> Option<Regex> + Send> =
                    Box::new(move || RegexBuilder::new(&pattern).unicode(false).build().ok());
                LazyLock::new(compile)
            })
            .collect();
        Self { grams: Grams::new(literals), patterns }
    }

    /// Hands over every secret whose beginning lies from `from` to before `end`.
    pub(super) fn each(
        &self,
        bytes: &[u8],
        (from, end): (usize, usize),
        nature: Nature,
        mut found: impl FnMut(Match),
    ) {
        self.each_at(bytes, (from, end), nature, 0, &mut found);
    }

    /// As [`Detectors::each`], within something that was unwrapped.
    pub(super) fn each_at(
        &self,
        bytes: &[u8],
        (from, end): (usize, usize),
        nature: Nature,
        depth: u8,
        found: &mut dyn FnMut(Match),
    ) {
        self.grams.each(bytes, |hit| {
            if hit.at < from || hit.at >= end {
                return;
            }
            let look = Look { bytes, start: hit.at, nature, depth };
            let one = if hit.wide { self.wide(hit, look) } else { self.check(hit.owner, look) };
            if let Some(one) = one {
                found(one);
            }
        });
    }

    /// Whether a text has any known format.
    pub(super) fn any(&self, bytes: &[u8], depth: u8) -> Option<Match> {
        let mut first = None;
        self.each_at(bytes, (0, bytes.len()), Nature::Text, depth, &mut |found| {
            if first.as_ref().is_none_or(|known| found.beats(known)) {
                first = Some(found);
            }
        });
        first
    }

    /// Looks at UTF-16 as at the text it is.
    fn wide(&self, hit: Hit, look: Look<'_>) -> Option<Match> {
        let bytes = look.bytes;
        let is_wide = |at: usize| bytes.get(at + 1).is_none_or(|high| *high == 0);
        let mut narrow = Vec::new();
        // What comes before matters to names and to formats that begin earlier than their beginning.
        let mut first = hit.at;
        while narrow.len() < 100 && first >= 2 && bytes[first - 1] == 0 && bytes[first - 2] != 0 {
            first -= 2;
            narrow.push(bytes[first]);
        }
        narrow.reverse();
        let start = narrow.len();
        let mut at = hit.at;
        while at < bytes.len() && bytes[at] != 0 && narrow.len() < LONGEST {
            narrow.push(bytes[at]);
            if !is_wide(at) {
                break;
            }
            at += 2;
        }
        let found = self.check(hit.owner, Look { bytes: &narrow, start, ..look })?;
        let length = usize::try_from(found.length).unwrap_or(0) * 2;
        let mut found = found.taking(length);
        found.at = (first as u64) + found.at * 2;
        Some(found)
    }

    /// Looks closer at a place.
    fn check(&self, index: usize, look: Look<'_>) -> Option<Match> {
        let format = &FORMATS[index];
        let loose = matches!(format.judge, Judge::Raw | Judge::Uuid | Judge::Context(_) | Judge::Url);
        if loose && look.nature == Nature::Large {
            return None;
        }
        let pattern = self.patterns[index].as_ref()?;
        let Look { bytes, start, nature, .. } = look;
        let from = start - format.back.min(start);
        // In byte code nothing but its length parts a text from what comes before and after it.
        if nature != Nature::Text
            && format.judge.is_word()
            && let Some(text) = prefixed(bytes, start, format.back)
        {
            let from = from.max(text.start);
            if let Some(captures) = pattern.captures(&bytes[from..text.end]) {
                let at = from + secret(&captures).0;
                if at <= start && (at == text.start || is_at_word(bytes, at)) {
                    return judge(format, look, from, &captures);
                }
            }
        }
        let captures = pattern.captures(&bytes[from..bytes.len().min(start + LONGEST)])?;
        let inside = captures.get(0).is_some_and(|whole| from + whole.start() <= start);
        if !inside || (format.judge.is_word() && !is_at_word(bytes, from + secret(&captures).0)) {
            return None;
        }
        judge(format, look, from, &captures)
    }
}

/// The secret of a match: where it begins, and its bytes.
fn secret<'a>(captures: &Captures<'a>) -> (usize, &'a [u8]) {
    let group = (1..captures.len()).find_map(|group| captures.get(group)).or_else(|| captures.get(0));
    group.map_or((0, &[]), |group| (group.start(), group.as_bytes()))
}

/// Whether a word may begin at a place: no letter or digit comes right before it, unless it belongs to an escape.
fn is_at_word(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|place| bytes[place]);
    let Some(last) = before(1) else { return true };
    if !last.is_ascii_alphanumeric() || bytes.get(at).is_some_and(|first| !first.is_ascii_alphanumeric()) {
        return true;
    }
    let escape = matches!(last, b'n' | b'r' | b't') && before(2) == Some(b'\\');
    let percent = before(3) == Some(b'%')
        && last.is_ascii_hexdigit()
        && before(2).is_some_and(|byte| byte.is_ascii_hexdigit());
    escape || percent
}

/// The text around a place that says its own length before it: a byte as in Python's and Java's byte code, or four.
fn prefixed(bytes: &[u8], start: usize, back: usize) -> Option<std::ops::Range<usize>> {
    let least = start + 4;
    (0..=(200 + back).min(start)).find_map(|before| {
        let first = start - before;
        let short = bytes.get(first.checked_sub(1)?).map(|byte| usize::from(*byte));
        // Before the length stands what it is the length of: a text of Python's, or a small number of other forms.
        let kind = first.checked_sub(2).map_or(0, |at| bytes[at]);
        let short = short.filter(|_| kind < 0x20 || b"zZsuaAt".contains(&(kind & 0x7f)));
        let long =
            first.checked_sub(4).and_then(|at| bytes[at..first].try_into().ok()).map(u32::from_le_bytes);
        let long = long.and_then(|length| usize::try_from(length).ok()).filter(|length| *length < 8192);
        // Text only: a length by chance would reach into what is none.
        [long, short].into_iter().flatten().map(|length| first..first + length).find(|range| {
            range.end >= least
                && ends_there(bytes, range.end)
                && bytes.get(range.clone()).is_some_and(|text| {
                    text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
                })
        })
    })
}

/// Whether a text with a length before it may end at a place: what follows is no word, or another text with its length.
fn ends_there(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count();
    let next_text = matches!(rest, [kind, length, text @ ..] if matches!(kind & 0x7f, b'z' | b'Z' | b'a' | b'A')
        && text.get(..usize::from(*length)).is_some_and(|text| text.iter().all(u8::is_ascii)));
    word <= 4 || next_text
}

/// Judges a match by what its format can show.
fn judge(format: &Format, look: Look<'_>, from: usize, captures: &Captures<'_>) -> Option<Match> {
    let (first, secret) = secret(captures);
    let whole = captures.get(0)?;
    let at = from + first;
    let make = |rank, secret: &[u8]| Match::new((format.what, format.name), rank, secret, at, format.shown);
    let text = || std::str::from_utf8(secret).ok();
    let enough = |bytes: &[u8], tenths: u8| shape::entropy(bytes) * 10.0 >= f64::from(tenths);
    let body = &secret[format.shown.min(secret.len())..];
    // What stands between the beginning and the value must say that it is a key.
    let named = || {
        let name = region_text(look.bytes, look.start, at).to_ascii_lowercase();
        let telling = ["key", "token", "secret", "auth", "pass", "pwd", "cred", "dsn", "api_", "pat"];
        let other = ["sha", "hash", "digest", "checksum", "commit", "version", "public", "revision"];
        telling.iter().any(|word| name.contains(word)) && !other.iter().any(|word| name.contains(word))
    };
    match format.judge {
        Judge::Entropy(tenths) => {
            (enough(body, tenths) && !shape::is_example(secret)).then(|| make(Rank::Format, secret))
        }
        Judge::Checksum => checked(secret, make),
        Judge::AwsId => {
            if !enough(body, 27) || shape::is_example(secret) {
                return None;
            }
            let found = make(Rank::Format, secret);
            Some(match shape::aws_account(body) {
                Some(account) => found.note(format!("of account {account}, which the key id tells")),
                None => found,
            })
        }
        Judge::Macaroon => {
            let proven = shape::base64(secret.get(5..)?).is_some_and(|clear| shape::is_macaroon(&clear));
            (enough(body, 36) && !shape::is_example(secret))
                .then(|| make(if proven { Rank::Proven } else { Rank::Format }, secret))
        }
        Judge::Bech32 => {
            if !enough(body, 33) {
                return None;
            }
            let proven = shape::is_bech32(secret);
            let found = make(if proven { Rank::Proven } else { Rank::Format }, secret);
            Some(if proven { found } else { found.note("its checksum does not fit") })
        }
        Judge::Basic => {
            let clear = shape::base64(secret)?;
            let colon = clear.iter().position(|byte| *byte == b':')?;
            let text = std::str::from_utf8(&clear).ok()?;
            let password = text.get(colon + 1..)?;
            let poor = password.len() < 6 || shape::is_placeholder(password);
            (colon > 0 && !poor && !text.contains(char::is_control)).then(|| make(Rank::Proven, secret))
        }
        Judge::Jwt => {
            let header = shape::jwt(secret)?;
            Some(make(Rank::Proven, secret).note(format!("signed with {header}")))
        }
        Judge::Pem => pem::judge(format, look, from + whole.start(), from + whole.end()),
        Judge::Base64Pem => {
            let clear = shape::base64_lines(secret)?;
            let start = memchr::memmem::find(&clear, b"-----BEGIN ")?;
            let head = memchr::memmem::find(&clear[start..], b"PRIVATE KEY")? + start;
            let head = head + memchr::memmem::find(&clear[head..], b"-----")? + 5;
            let inner = Look { bytes: &clear, start, nature: Nature::Text, depth: look.depth + 1 };
            let found = pem::judge(format, inner, start, head)?;
            let what = format!("{} in base64", found.what);
            Some(Match::new((&what, format.name), found.rank, secret, at, 0))
        }
        Judge::Base64 => encoded::base64(format, look, at, secret),
        Judge::Putty => pem::putty(format, look.bytes, at),
        Judge::Curve => {
            let key = shape::base64(secret)?;
            let good = key.len() == 32 && shape::entropy(secret) >= 3.8 && !shape::is_example(secret);
            let clamped = key.first()?.trailing_zeros() >= 3 && key.last()? & 0xc0 == 0x40;
            good.then(|| make(if clamped { Rank::Proven } else { Rank::Context }, secret))
        }
        Judge::Signify => {
            let key = shape::base64(secret)?;
            (key.starts_with(b"Ed")).then(|| make(Rank::Proven, secret))
        }
        Judge::Wallet => {
            let around =
                &look.bytes[look.start.saturating_sub(1024)..look.bytes.len().min(look.start + 1024)];
            let sealed = memchr::memmem::find(around, b"\"kdf\"").is_some();
            sealed.then(|| make(Rank::Proven, secret).note("sealed by a password"))
        }
        Judge::Jwk => encoded::jwk(format, look),
        Judge::Url => {
            let text = text()?;
            let good = !shape::is_placeholder(text) && shape::is_random(text);
            good.then(|| make(Rank::Context, secret))
        }
        Judge::Random(tenths) => {
            let good = enough(secret, tenths) && !shape::is_placeholder(text()?);
            good.then(|| make(Rank::Format, secret))
        }
        Judge::Context(tenths) => {
            // A token with a beginning of its own needs no name.
            let own = first == 0 && whole.start() == 0;
            let good = enough(secret, tenths) && !shape::is_placeholder(text()?) && (own || named());
            good.then(|| make(Rank::Context, secret))
        }
        Judge::Uuid => {
            let own = first == 0 && whole.start() == 0;
            let good = enough(secret, 25) && !shape::is_example(secret) && (own || named());
            good.then(|| make(Rank::Context, secret))
        }
        Judge::Raw => {
            let text = text()?;
            let good = enough(secret, 25) && (shape::is_uuid(text) || !shape::is_placeholder(text));
            good.then(|| make(Rank::Context, secret))
        }
    }
}

/// A token that ends in a checksum of its middle.
fn checked(secret: &[u8], make: impl Fn(Rank, &[u8]) -> Match) -> Option<Match> {
    let (body, sum) = secret.get(4..)?.split_at(secret.len().checked_sub(10)?);
    if shape::crc_base62(body) == *sum {
        return Some(make(Rank::Proven, secret));
    }
    // Without the checksum a token may be of an older kind, or made up; the looks must be good then.
    let good = shape::entropy(body) >= 3.5 && !shape::is_example(secret);
    good.then(|| make(Rank::Format, secret).note("its checksum does not fit: of an older kind, or made up"))
}

fn region_text(bytes: &[u8], start: usize, end: usize) -> String {
    String::from_utf8_lossy(bytes.get(start..end).unwrap_or_default()).into_owned()
}
