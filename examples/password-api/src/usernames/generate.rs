//! Generating the names of one response.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::filter::{Filter, is_unsafe};
use super::request::{Uniqueness, UsernameRequest};
use super::scheme::{Scheme, TAG_LEN, TAGS, tag};
use super::vocabulary::WORDS;
use crate::error::GenerateError;
use crate::payload::Invalid;
use crate::random::{ByteSource, Random, RandomError};

/// Candidates tried for one name per step of `pool_scale`.
const TRIES_PER_SCALE: usize = 64;
/// The weight of a scheme that has not been used lately; divisible by small numbers.
const WEIGHT: usize = 5040;

/// The names of one response.
#[derive(Debug)]
pub struct Generated {
    names: Vec<(String, Scheme)>,
    min_len: usize,
    max_len: usize,
    token_cap: usize,
}

impl Generated {
    /// The response's body.
    pub fn into_json(self, show_meta: bool) -> Value {
        let meta: Vec<Value> = self
            .names
            .iter()
            .map(|(name, scheme)| json!({ "scheme": scheme.name(), "length": name.len() }))
            .collect();
        let names: Vec<String> = self.names.into_iter().map(|(name, _)| name).collect();
        let mut body = json!({
            "usernames": names,
            "effective_min_len": self.min_len,
            "effective_max_len": self.max_len,
            "token_cap": self.token_cap,
        });
        if show_meta {
            body["meta"] = Value::Array(meta);
        }
        body
    }
}

/// Generates all names, or says how many the limits and filters allowed.
pub fn generate<S: ByteSource>(
    request: &UsernameRequest,
    random: &mut Random<S>,
) -> Result<Generated, GenerateError> {
    let mut maker = Maker::new(request, random)?;
    let token_cap = maker.free_words.len();
    let mut names = Vec::with_capacity(request.count);
    while names.len() < request.count {
        let Some(name) = maker.name(random)? else {
            return Err(Invalid(format!(
                "the lengths and filters leave too few usernames: found {} of {}",
                names.len(),
                request.count
            ))
            .into());
        };
        names.push(name);
    }
    Ok(Generated { names, min_len: request.min_len, max_len: request.max_len, token_cap })
}

/// What is known while names are made.
struct Maker<'a> {
    request: &'a UsernameRequest,
    filter: Filter<'a>,
    /// The words that may still be used.
    free_words: Vec<&'static str>,
    /// The schemes and words of the last names.
    recent: VecDeque<(Scheme, Vec<&'static str>)>,
    /// The names made by each scheme.
    made: [usize; Scheme::ALL.len()],
    /// The most names of one scheme.
    scheme_cap: usize,
    tags: Option<Tags>,
}

/// A walk that visits every tag once, in an order unknown to others.
struct Tags {
    next: usize,
    step: usize,
    left: usize,
}

impl Tags {
    fn take(&mut self) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        // An odd step and a power of two have no common divisor, so the walk ends only after all tags.
        self.next = (self.next + self.step) % TAGS;
        Some(tag(self.next))
    }
}

impl<'a> Maker<'a> {
    fn new<S: ByteSource>(request: &'a UsernameRequest, random: &mut Random<S>) -> Result<Self, RandomError> {
        let allowed = |word: &str| {
            word.len() <= request.max_len
                && !is_unsafe(word)
                && !request.token_blacklist.iter().any(|token| token == word)
                && !request.disallow_substring.iter().any(|part| word.contains(part.as_str()))
        };
        let tags = match request.uniqueness {
            Uniqueness::Blacklist => None,
            Uniqueness::Stream => {
                Some(Tags { next: random.below(TAGS)?, step: random.below(TAGS / 2)? * 2 + 1, left: TAGS })
            }
        };
        Ok(Self {
            request,
            filter: Filter::new(request),
            free_words: WORDS.into_iter().filter(|word| allowed(word)).collect(),
            recent: VecDeque::new(),
            made: [0; Scheme::ALL.len()],
            scheme_cap: (request.count as f64 * request.max_scheme_share).ceil() as usize,
            tags,
        })
    }

    /// Makes one name, or gives up after a bounded number of tries.
    fn name<S: ByteSource>(
        &mut self,
        random: &mut Random<S>,
    ) -> Result<Option<(String, Scheme)>, RandomError> {
        let tries = self.request.pool_scale * TRIES_PER_SCALE;
        for attempt in 0..tries {
            // Where lengths rule most schemes out, names matter more than an even mixture.
            let keep_share = attempt < tries / 2;
            let scheme = self.scheme(keep_share, random)?;
            let Some(words) = self.words(scheme, random)? else { continue };
            let Some(name) = self.candidate(scheme, &words, random)? else { return Ok(None) };
            if self.filter.accept(&name) {
                self.record(scheme, words);
                return Ok(Some((name, scheme)));
            }
        }
        Ok(None)
    }

    /// Puts a candidate together; `None` when the tags are used up.
    fn candidate<S: ByteSource>(
        &mut self,
        scheme: Scheme,
        words: &[&str],
        random: &mut Random<S>,
    ) -> Result<Option<String>, RandomError> {
        let tag = match &mut self.tags {
            None => String::new(),
            Some(tags) => match tags.take() {
                Some(tag) => tag,
                None => return Ok(None),
            },
        };
        let (min, max) = self.body_lengths();
        let target = min + random.below(max - min + 1)?;
        let separators = self.request.profile.separators;
        // Half of the names have no separator.
        let separator = match separators.get(random.below(separators.len() * 2)?) {
            Some(separator) => separator.to_string(),
            None => String::new(),
        };
        Ok(Some(scheme.make(words, &separator, target, random)? + &tag))
    }

    /// The bounds of a name without its tag.
    fn body_lengths(&self) -> (usize, usize) {
        let tag = if self.tags.is_some() { TAG_LEN } else { 0 };
        let max = self.request.max_len.saturating_sub(tag).max(1);
        (self.request.min_len.saturating_sub(tag).clamp(1, max), max)
    }

    /// Draws a scheme; those used lately are less probable, those at their share are left out.
    fn scheme<S: ByteSource>(&self, keep_share: bool, random: &mut Random<S>) -> Result<Scheme, RandomError> {
        let (min, max) = self.body_lengths();
        let weigh = |keep_share: bool| {
            Scheme::ALL.map(|scheme| {
                let full = keep_share && self.made[scheme as usize] >= self.scheme_cap;
                let (shortest, longest) = scheme.lengths();
                let fits = shortest <= max && longest >= min;
                if full || !fits || scheme.words() > self.free_words.len() {
                    return 0;
                }
                let weight = match scheme {
                    Scheme::InitialsWord => (WEIGHT as f64 * self.request.initials_weight) as usize,
                    _ => WEIGHT,
                };
                let lately = self.recent.iter().filter(|(recent, _)| *recent == scheme).count();
                weight / (1 + lately)
            })
        };
        let mut weights = weigh(keep_share);
        if weights.iter().sum::<usize>() == 0 {
            weights = weigh(false);
        }
        let mut place = random.below(weights.iter().sum())?;
        for (scheme, weight) in Scheme::ALL.into_iter().zip(weights) {
            if place < weight {
                return Ok(scheme);
            }
            place -= weight;
        }
        Ok(Scheme::Syllables)
    }

    /// Draws the scheme's words; `None` when one was used too lately.
    fn words<S: ByteSource>(
        &self,
        scheme: Scheme,
        random: &mut Random<S>,
    ) -> Result<Option<Vec<&'static str>>, RandomError> {
        let mut words = Vec::with_capacity(scheme.words());
        for _ in 0..scheme.words() {
            match random.pick(&self.free_words)? {
                Some(&word) if !words.contains(&word) && !self.used_lately(word) => words.push(word),
                _ => return Ok(None),
            }
        }
        Ok(Some(words))
    }

    fn used_lately(&self, word: &str) -> bool {
        self.recent.iter().any(|(_, words)| words.contains(&word))
    }

    fn record(&mut self, scheme: Scheme, words: Vec<&'static str>) {
        self.made[scheme as usize] += 1;
        if self.request.token_block {
            self.free_words.retain(|word| !words.contains(word));
        }
        self.recent.push_back((scheme, words));
        while self.recent.len() > self.request.history {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
