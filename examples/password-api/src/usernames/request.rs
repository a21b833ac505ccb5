//! The fields of `POST /v1/usernames`, their types, defaults and ceilings.

use super::profile::Profile;
use crate::payload::{Invalid, Payload};

/// The fields that are known.
pub const FIELDS: &[&str] = &[
    "allow_plaintext_stream_state",
    "blacklist",
    "count",
    "disallow_prefix",
    "disallow_substring",
    "history",
    "initials_weight",
    "max_len",
    "max_scheme_pct",
    "min_len",
    "no_leading_digit",
    "no_save",
    "no_token_block",
    "no_token_save",
    "pool_scale",
    "profile",
    "safe_mode",
    "show_meta",
    "stream_save_tokens",
    "stream_state",
    "stream_state_persist",
    "token_blacklist",
    "uniqueness_mode",
];

/// The longest name that can be asked for; no profile allows more.
const MAX_NAME_LEN: usize = 100;
/// The items of a filter list, and the characters of an item.
const MAX_FILTERS: usize = 128;
const MAX_FILTER_CHARS: usize = 64;

const HARDENED: &str = "the API always applies it";
const NO_PERSISTENCE: &str = "the service keeps nothing between requests";

/// How names of one response are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uniqueness {
    /// Each name is compared with those before it and with the list in the request.
    Blacklist,
    /// Each name ends in a number that a counter visits only once, in random order.
    Stream,
}

/// A request whose fields have the right types and are within their ceilings.
#[derive(Debug, Clone)]
pub struct UsernameRequest {
    pub(super) count: usize,
    pub(super) profile: Profile,
    /// The bounds of request and profile together.
    pub(super) min_len: usize,
    pub(super) max_len: usize,
    pub(super) uniqueness: Uniqueness,
    pub(super) blacklist: Vec<String>,
    pub(super) token_blacklist: Vec<String>,
    pub(super) token_block: bool,
    pub(super) disallow_prefix: Vec<String>,
    pub(super) disallow_substring: Vec<String>,
    pub(super) max_scheme_share: f64,
    pub(super) history: usize,
    pub(super) pool_scale: usize,
    pub(super) initials_weight: f64,
    /// Adds how each name was made to the response.
    pub show_meta: bool,
}

impl UsernameRequest {
    /// Takes the fields out of a payload that has no others.
    pub fn read(mut payload: Payload, max_count: usize) -> Result<Self, Invalid> {
        let p = &mut payload;
        for name in ["safe_mode", "no_leading_digit"] {
            p.fixed(name, true, HARDENED)?;
        }
        for name in ["no_save", "no_token_save"] {
            p.fixed(name, true, NO_PERSISTENCE)?;
        }
        for name in ["stream_save_tokens", "stream_state_persist", "allow_plaintext_stream_state"] {
            p.fixed(name, false, NO_PERSISTENCE)?;
        }
        if !p.text("stream_state", "", 1024)?.is_empty() {
            return Err(Invalid(format!("stream_state must be empty: {NO_PERSISTENCE}")));
        }
        let profile = Profile::named(&p.text("profile", "generic", 32)?)?;
        let (min_len, max_len) = lengths(p, profile)?;
        Ok(Self {
            count: p.integer("count", 10.min(max_count), 1..=max_count)?,
            profile,
            min_len,
            max_len,
            uniqueness: uniqueness(p, max_len)?,
            blacklist: filters(p, "blacklist")?,
            token_blacklist: filters(p, "token_blacklist")?,
            token_block: !p.flag("no_token_block", false)?,
            disallow_prefix: filters(p, "disallow_prefix")?,
            disallow_substring: filters(p, "disallow_substring")?,
            max_scheme_share: p.number("max_scheme_pct", 0.28, 0.01..=1.0)?,
            history: p.integer("history", 10, 0..=512)?,
            pool_scale: p.integer("pool_scale", 4, 1..=16)?,
            initials_weight: p.number("initials_weight", 0.0, 0.0..=10.0)?,
            show_meta: p.flag("show_meta", false)?,
        })
    }
}

fn lengths(p: &mut Payload, profile: Profile) -> Result<(usize, usize), Invalid> {
    let min = p.integer("min_len", 8, 1..=MAX_NAME_LEN)?;
    let max = p.integer("max_len", 16, 1..=MAX_NAME_LEN)?;
    if min > max {
        return Err(Invalid::new("min_len must be <= max_len"));
    }
    let effective = (min.max(profile.min), max.min(profile.max));
    if effective.0 > effective.1 {
        let Profile { name, min, max, .. } = profile;
        return Err(Invalid(format!(
            "profile {name} allows {min} to {max} characters; min_len and max_len allow none of them"
        )));
    }
    Ok(effective)
}

fn uniqueness(p: &mut Payload, max_len: usize) -> Result<Uniqueness, Invalid> {
    match p.text("uniqueness_mode", "blacklist", 32)?.as_str() {
        "blacklist" => Ok(Uniqueness::Blacklist),
        "stream" if max_len < 7 => Err(Invalid::new("uniqueness_mode stream needs a max_len >= 7")),
        "stream" => Ok(Uniqueness::Stream),
        _ => Err(Invalid::new("uniqueness_mode must be blacklist or stream")),
    }
}

/// Takes a filter list; names have no upper case, so filters lose theirs.
fn filters(p: &mut Payload, name: &str) -> Result<Vec<String>, Invalid> {
    let list = p.list(name, MAX_FILTERS, MAX_FILTER_CHARS)?;
    Ok(list.into_iter().map(|item| item.to_lowercase()).collect())
}
