//! The fields of `POST /v1/passwords`, their types, defaults and ceilings.

use super::format::Format;
use crate::payload::{Invalid, Payload};

/// The fields that are known.
pub const FIELDS: &[&str] = &[
    "bip39_wordlist",
    "bits",
    "charset",
    "count",
    "delim",
    "entropy_bytes",
    "format",
    "group",
    "group_pad",
    "group_sep",
    "length",
    "max_entropy",
    "no_symbols",
    "out_enc",
    "symbols",
    "words",
];

/// The length of a password when none is asked for, in characters.
pub(super) const DEFAULT_LENGTH: usize = 20;
/// The longest password, in characters.
pub(super) const MAX_LENGTH: usize = 4096;
/// The words of a phrase when none are asked for.
pub(super) const DEFAULT_WORDS: usize = 24;
/// The encoding of a digest when none is asked for.
pub(super) const DEFAULT_OUT_ENC: &str = "hex";
/// What stands between groups when nothing is asked for.
pub(super) const DEFAULT_GROUP_SEP: &str = "-";
/// What stands between words when nothing is asked for.
pub(super) const DEFAULT_DELIM: &str = " ";

/// A request whose fields have the right types and are within their ceilings; whether they go together is
/// judged when a plan is made of it. A zero or an empty text means "not asked for".
#[derive(Debug, Clone)]
pub struct PasswordRequest {
    pub(super) count: usize,
    pub(super) length: usize,
    pub(super) charset: String,
    pub(super) symbols: String,
    pub(super) no_symbols: bool,
    pub(super) max_entropy: bool,
    pub(super) format: Format,
    pub(super) entropy_bytes: usize,
    pub(super) bits: usize,
    pub(super) out_enc: String,
    pub(super) group: usize,
    pub(super) group_sep: String,
    pub(super) group_pad: String,
    pub(super) words: usize,
    pub(super) delim: String,
    pub(super) bip39_wordlist: Vec<String>,
}

impl PasswordRequest {
    /// Takes the fields out of a payload that has no others.
    pub fn read(mut payload: Payload, max_count: usize) -> Result<Self, Invalid> {
        let p = &mut payload;
        Ok(Self {
            count: p.integer("count", 1.min(max_count), 1..=max_count)?,
            length: p.integer("length", DEFAULT_LENGTH, 1..=MAX_LENGTH)?,
            charset: p.text("charset", "", 512)?,
            symbols: p.text("symbols", "", 128)?,
            no_symbols: p.flag("no_symbols", false)?,
            max_entropy: p.flag("max_entropy", false)?,
            format: Format::named(&p.text("format", "password", 32)?)?,
            entropy_bytes: p.integer("entropy_bytes", 0, 0..=1024)?,
            bits: p.integer("bits", 0, 0..=8192)?,
            out_enc: p.text("out_enc", DEFAULT_OUT_ENC, 32)?,
            group: p.integer("group", 0, 0..=MAX_LENGTH)?,
            group_sep: p.text("group_sep", DEFAULT_GROUP_SEP, 16)?,
            group_pad: p.text("group_pad", "", 1)?,
            words: p.integer("words", DEFAULT_WORDS, 12..=24)?,
            delim: p.text("delim", DEFAULT_DELIM, 16)?,
            bip39_wordlist: p.list("bip39_wordlist", 2048, 64)?,
        })
    }
}
