//! The subcommands of container tools and their options.
//!
//! `commands.txt` holds one line for each: name, least and most operands (`!` where options end at the first one), and
//! the options, with `=` behind those that take a value. They are what Docker 28.5, Compose 2.40, Podman 4.3 and
//! cosign 3 print for `--help`, and options those accept without naming them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One subcommand.
#[derive(Debug, Default)]
pub(crate) struct Verb {
    /// Fewer operands are refused.
    pub(crate) least: usize,
    /// More operands are refused.
    pub(crate) most: Option<usize>,
    /// Whether options end at the first operand.
    pub(crate) stops: bool,
    /// Long name to whether it takes a value.
    pub(crate) long: BTreeMap<&'static str, bool>,
    /// Letter to long name.
    pub(crate) short: BTreeMap<char, &'static str>,
}

static VERBS: LazyLock<BTreeMap<&'static str, Verb>> =
    LazyLock::new(|| include_str!("commands.txt").lines().filter_map(line).collect());

fn line(line: &'static str) -> Option<(&'static str, Verb)> {
    let mut parts = line.split('|');
    let (name, arity, options) = (parts.next()?, parts.next()?, parts.next()?);
    let mut verb = Verb { stops: arity.ends_with('!'), ..Verb::default() };
    let arity = arity.trim_end_matches('!');
    let (least, most) = arity.split_once("..").map_or((arity, None), |(least, most)| (least, Some(most)));
    verb.least = least.parse().unwrap_or(0);
    verb.most = most.and_then(|most| most.parse().ok());
    for option in options.split(' ').filter(|option| !option.is_empty()) {
        let value = option.ends_with('=');
        let names = option.trim_end_matches('=');
        let (short, long) = names.split_once('/').map_or((None, names), |(short, long)| (Some(short), long));
        verb.long.insert(long, value);
        if let Some(letter) = short.and_then(|short| short.chars().next()) {
            verb.short.insert(letter, long);
        }
    }
    verb.long.insert("help", false);
    Some((name, verb))
}

/// The subcommand of that full name, such as `docker run`.
pub(crate) fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.get(name)
}

/// Options before the subcommand of a program: long name to whether it takes a value, and letters.
pub(crate) fn global(program: &str) -> &'static [(&'static str, char, bool)] {
    match program {
        "docker" => &[
            ("config", ' ', true),
            ("context", 'c', true),
            ("debug", 'D', false),
            ("host", 'H', true),
            ("log-level", 'l', true),
            ("tls", ' ', false),
            ("tlscacert", ' ', true),
            ("tlscert", ' ', true),
            ("tlskey", ' ', true),
            ("tlsverify", ' ', false),
            ("version", 'v', false),
            ("help", ' ', false),
        ],
        "docker compose" => &[
            ("all-resources", ' ', false),
            ("ansi", ' ', true),
            ("compatibility", ' ', false),
            ("dry-run", ' ', false),
            ("env-file", ' ', true),
            ("file", 'f', true),
            ("parallel", ' ', true),
            ("profile", ' ', true),
            ("progress", ' ', true),
            ("project-directory", ' ', true),
            ("project-name", 'p', true),
            ("verbose", ' ', false),
            ("version", 'v', false),
            ("no-ansi", ' ', false),
            ("workdir", ' ', true),
            ("help", 'h', false),
        ],
        "cosign" => &[
            ("output-file", ' ', true),
            ("timeout", 't', true),
            ("verbose", 'd', false),
            ("help", 'h', false),
        ],
        _ => &[],
    }
}

/// Subcommands of `docker` that this table does not describe, and those a known plugin may bring.
const OTHERS: &str = "ai app bake buildx builder checkpoint compose config container context debug desktop dev \
    extension feedback image init login logout manifest mcp mlcontext model network node offload pass plugin pause port \
    rename sandbox sbom scan scout secret service slim stack swarm system trust unpause version volume wait";

/// The subcommand that was meant by a mistyped one of `docker`.
pub(crate) fn meant(word: &str) -> Option<&'static str> {
    let known: Vec<&'static str> = VERBS
        .keys()
        .filter_map(|name| name.strip_prefix("docker "))
        .filter(|name| !name.contains(' '))
        .chain(OTHERS.split(' ').filter(|name| !name.is_empty()))
        .collect();
    if known.contains(&word) {
        return None;
    }
    seaworthy_finding::did_you_mean(word, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_reads() {
        assert_eq!(VERBS.len(), include_str!("commands.txt").lines().count());
        let run = verb("docker run").unwrap();
        assert_eq!((run.least, run.most, run.stops), (1, None, true));
        assert_eq!((run.long.get("publish"), run.long.get("detach")), (Some(&true), Some(&false)));
        assert_eq!(run.short.get(&'p'), Some(&"publish"));
        assert_eq!(verb("docker pull").unwrap().most, Some(1));
        assert_eq!(meant("biuld"), Some("build"));
        assert_eq!(meant("scout"), None);
        assert_eq!(meant("frobnicate"), None);
    }
}
