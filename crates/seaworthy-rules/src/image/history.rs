//! The history of an image as the instructions it records, in the words of the builders that write it: BuildKit
//! (`RUN /bin/sh -c … # buildkit`), the classic builder (`/bin/sh -c #(nop) ADD …`, `|1 ARG=x /bin/sh -c …`) and Buildah.

use seaworthy_facts::ImageFacts;

/// One entry.
pub(crate) struct Step<'a> {
    /// Its place in the history.
    pub(crate) index: usize,
    /// The instruction, such as `RUN`.
    pub(crate) keyword: &'a str,
    /// What follows it.
    pub(crate) text: &'a str,
}

/// A `RUN` instruction.
pub(super) struct Run<'a> {
    /// Its place in the history.
    pub(super) index: usize,
    /// The instruction's text.
    pub(super) text: &'a str,
    /// Its commands, in order.
    pub(super) commands: Vec<Command>,
}

/// A simple command: its words without quotes.
pub(super) struct Command {
    pub(super) words: Vec<String>,
}

impl Command {
    /// The program's name without its directory.
    pub(super) fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }

    /// The first word that is no option.
    pub(super) fn verb(&self) -> Option<&str> {
        self.words.iter().skip(1).find(|word| !word.starts_with('-')).map(String::as_str)
    }

    /// Whether a word is among the arguments.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    /// The command for people, cut where it is long.
    pub(super) fn shown(&self) -> String {
        let text = self.words.join(" ");
        match text.char_indices().nth(60) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}

/// Every entry that records an instruction.
pub(crate) fn steps(image: &ImageFacts) -> impl Iterator<Item = Step<'_>> {
    image.config.history.iter().enumerate().filter_map(|(index, entry)| {
        let text = entry.created_by.as_deref()?.trim();
        let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
        let (keyword, text) = match text.split_once("#(nop)") {
            Some((_, rest)) => rest.trim().split_once(' ')?,
            None => match text.split_once(' ') {
                Some((word, rest))
                    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase()) =>
                {
                    (word, rest)
                }
                _ => ("RUN", text),
            },
        };
        Some(Step { index, keyword, text: text.trim() })
    })
}

/// Every `RUN` instruction with its commands.
pub(super) fn runs(image: &ImageFacts) -> impl Iterator<Item = Run<'_>> {
    steps(image).filter(|step| step.keyword == "RUN").map(|step| Run {
        index: step.index,
        text: step.text,
        commands: commands(script(step.text)),
    })
}

/// The script of a `RUN` without build arguments and the shell that runs it.
pub(crate) fn script(text: &str) -> &str {
    // `-c` follows the shell and its options, or is the last of several in one word, as in `sh -ec`; what comes before
    // are the values of build arguments.
    let mut shell = "";
    for word in text.split_whitespace() {
        let flags = word.strip_prefix('-');
        if flags
            .is_some_and(|flags| flags.ends_with('c') && flags.bytes().all(|byte| byte.is_ascii_alphabetic()))
            && shell.ends_with("sh")
        {
            let after = word.as_ptr().addr() - text.as_ptr().addr() + word.len();
            return text.get(after..).unwrap_or_default().trim();
        }
        if flags.is_none() && word != "pipefail" {
            shell = word;
        }
    }
    text
}

/// The simple commands of a script, split at the shell's operators outside of quotes. Assignments before a command and
/// the shell's own words are passed over.
fn commands(script: &str) -> Vec<Command> {
    let mut all = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let (mut quote, mut escaped, mut any) = (None, false, false);
    for ch in script.chars() {
        if escaped {
            escaped = false;
            // A line that goes on.
            if ch != '\n' {
                word.push(ch);
                any = true;
            }
            continue;
        }
        match (quote, ch) {
            (Some(open), _) if ch == open => quote = None,
            (Some('"') | None, '\\') => escaped = true,
            (Some(_), _) => word.push(ch),
            (None, '\'' | '"') => (quote, any) = (Some(ch), true),
            (None, '&' | '|' | ';' | '\n' | '(' | ')' | '{' | '}') => {
                end_word(&mut words, &mut word, &mut any);
                end_command(&mut all, &mut words);
            }
            (None, _) if ch.is_whitespace() => end_word(&mut words, &mut word, &mut any),
            (None, _) => {
                word.push(ch);
                any = true;
            }
        }
    }
    end_word(&mut words, &mut word, &mut any);
    end_command(&mut all, &mut words);
    all
}

fn end_word(words: &mut Vec<String>, word: &mut String, any: &mut bool) {
    if std::mem::take(any) || !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

fn end_command(all: &mut Vec<Command>, words: &mut Vec<String>) {
    const WORDS: [&str; 10] = ["then", "do", "else", "if", "while", "until", "!", "time", "exec", "command"];
    let assigned = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    let start = words.iter().position(|word| !WORDS.contains(&word.as_str()) && !assigned(word));
    let list = std::mem::take(words);
    if let Some(start) = start {
        all.push(Command { words: list.into_iter().skip(start).collect() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_split_outside_of_quotes() {
        let found: Vec<String> = commands(script(
            "|1 A=b /bin/bash -o pipefail -c set -e; A=1 apt-get update && echo 'a && b' | tee \"x;y\"",
        ))
        .iter()
        .map(Command::shown)
        .collect();
        assert_eq!(found, ["set -e", "apt-get update", "echo a && b", "tee x;y"]);
        assert_eq!(script("make -c x"), "make -c x");
        assert_eq!(script("|1 V=1 /bin/sh -euxc id -u"), "id -u");
    }
}
