//! Which names may not be given out.

use std::collections::BTreeSet;

use super::request::UsernameRequest;

/// Names that pretend to be someone in charge, and a few stems that syllables can hit by chance.
const UNSAFE: [&str; 22] = [
    "admin", "anal", "anus", "cum", "fag", "fuk", "help", "kike", "mod", "nazi", "nig", "null", "official",
    "pedo", "porn", "rape", "root", "sex", "staff", "support", "system", "tit",
];

/// Says whether a token or name has an unsafe part.
pub(super) fn is_unsafe(text: &str) -> bool {
    UNSAFE.iter().any(|part| text.contains(part))
}

/// The filters of one request and the names given out so far.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    request: &'a UsernameRequest,
    taken: BTreeSet<String>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(request: &'a UsernameRequest) -> Self {
        Self { request, taken: request.blacklist.iter().cloned().collect() }
    }

    /// Accepts a new name that no filter refuses, and remembers it.
    pub(super) fn accept(&mut self, name: &str) -> bool {
        let request = self.request;
        let ok = (request.min_len..=request.max_len).contains(&name.len())
            && !request.disallow_prefix.iter().any(|prefix| name.starts_with(prefix.as_str()))
            && !request.disallow_substring.iter().any(|part| name.contains(part.as_str()))
            && !is_unsafe(name);
        ok && self.taken.insert(name.to_owned())
    }
}
