//! A command read as a call of a program: its options with their values, and the other words.

use super::Simple;
use super::managers::{MANAGERS, Manager};

/// An option: one letter of a cluster, or a long name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opt<'a> {
    /// The name without dashes and value.
    pub(crate) name: &'a str,
    /// The value, behind `=`, attached to the letter, or the next word.
    pub(crate) value: Option<&'a str>,
    /// Index of its word in [`Simple::words`].
    pub(crate) at: usize,
}

/// A word that is neither an option nor the value of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand<'a> {
    pub(crate) text: &'a str,
    /// Index in [`Simple::words`].
    pub(crate) at: usize,
    /// Whether it stands behind `--`.
    pub(crate) behind: bool,
}

/// Options and operands of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    pub(crate) options: Vec<Opt<'a>>,
    pub(crate) operands: Vec<Operand<'a>>,
}

impl<'a> Call<'a> {
    /// Reads `words[from..]`; `valued` names the options whose value is the next word, `long` says that `-name` is one
    /// option rather than a cluster of letters.
    pub(crate) fn read(words: &'a [String], from: usize, valued: &[&str], long: bool) -> Self {
        let mut call = Self::default();
        let mut at = from;
        let mut ended = false;
        while let Some(word) = words.get(at) {
            let here = at;
            at += 1;
            if let Some(alone) = redirection(word) {
                at += usize::from(alone);
                continue;
            }
            if ended || !word.starts_with('-') || word == "-" {
                call.operands.push(Operand { text: word, at: here, behind: ended });
                continue;
            }
            if word == "--" {
                ended = true;
                continue;
            }
            let next = words.get(at).map(String::as_str).filter(|next| redirection(next).is_none());
            let body = word.trim_start_matches('-');
            if word.starts_with("--") || long {
                let (name, mut value) = match body.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (body, None),
                };
                if value.is_none() && valued.contains(&name) {
                    value = next;
                    at += usize::from(next.is_some());
                }
                call.options.push(Opt { name, value, at: here });
                continue;
            }
            for (start, letter) in body.char_indices() {
                let rest = &body[start + letter.len_utf8()..];
                let name = &body[start..start + letter.len_utf8()];
                if valued.contains(&name) {
                    let value = if rest.is_empty() {
                        at += usize::from(next.is_some());
                        next
                    } else {
                        Some(rest)
                    };
                    call.options.push(Opt { name, value, at: here });
                    break;
                }
                let value = rest.strip_prefix('=');
                call.options.push(Opt { name, value, at: here });
                if value.is_some() {
                    break;
                }
            }
        }
        call
    }

    /// Whether one of the options is given.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|option| names.contains(&option.name))
    }

    /// The first of these options.
    pub(crate) fn option(&self, names: &[&str]) -> Option<&Opt<'a>> {
        self.options.iter().find(|option| names.contains(&option.name))
    }
}

/// A call of a package manager.
#[derive(Clone, Debug)]
pub(crate) struct Managed<'a> {
    pub(crate) manager: &'static Manager,
    /// The program as it is called, without its directory.
    pub(crate) program: &'a str,
    /// What it is told to do, such as `install`; for `module install` and `group install` the second word.
    pub(crate) verb: Option<Operand<'a>>,
    /// `module`, `group` or `global` before the verb.
    pub(crate) noun: Option<&'a str>,
    pub(crate) call: Call<'a>,
}

impl<'a> Managed<'a> {
    /// The command as a call of a package manager.
    pub(crate) fn read(simple: &'a Simple) -> Option<Self> {
        let mut at = program_at(simple)?;
        let mut program = base(simple.words.get(at)?);
        if is_python(program) {
            // `python -m pip install`.
            let found = simple.words.iter().skip(at).position(|word| word == "-m" || word == "-mpip")? + at;
            let module = if simple.words.get(found)? == "-mpip" { found } else { found + 1 };
            if !matches!(simple.words.get(module)?.as_str(), "pip" | "-mpip" | "pipx") {
                return None;
            }
            at = module;
            program = simple.words.get(module)?.trim_start_matches("-m");
        }
        let manager = MANAGERS.iter().find(|manager| manager.is(program))?;
        let mut call = Call::read(&simple.words, at + 1, manager.valued, manager.dash_words);
        let mut noun = None;
        let first = call.operands.first().map(|operand| operand.text);
        if let Some(word) = first.filter(|word| manager.nouns.contains(word)) {
            noun = Some(word);
            call.operands.remove(0);
        }
        let verb = (!call.operands.is_empty()).then(|| call.operands.remove(0));
        Some(Self { manager, program, verb, noun, call })
    }

    /// The verb's text, or nothing.
    pub(crate) fn verb(&self) -> &'a str {
        self.verb.map_or("", |verb| verb.text)
    }

    /// Whether it installs what its operands name.
    pub(crate) fn installs(&self) -> bool {
        self.manager.install.contains(&self.verb())
    }

    /// The program and its verb, for messages.
    pub(crate) fn words(&self) -> String {
        let noun = self.noun.map(|noun| format!(" {noun}")).unwrap_or_default();
        let verb = self.verb.map(|verb| format!(" {}", verb.text)).unwrap_or_default();
        format!("{}{noun}{verb}", self.program)
    }
}

/// The last part of a program's path.
pub(crate) fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_python(program: &str) -> bool {
    program
        .strip_prefix("python")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// Index in [`Simple::words`] of the word that names the program; assignments and programs that run another one come
/// before it.
pub(crate) fn program_at(simple: &Simple) -> Option<usize> {
    let rest = simple.rest().len();
    (rest > 0).then(|| simple.words.len() - rest)
}

/// Whether a word is `NAME=value`.
pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Whether a word is a redirection, and then whether its target is the next word.
fn redirection(word: &str) -> Option<bool> {
    let rest = word.trim_start_matches(|ch: char| ch.is_ascii_digit()).trim_start_matches('&');
    if !rest.starts_with(['<', '>']) || rest.starts_with("<(") || rest.starts_with(">(") {
        return None;
    }
    Some(rest.trim_start_matches(['<', '>', '&', '|', '-']).is_empty() && !rest.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn read(text: &str, valued: &[&str]) -> (Vec<(String, Option<String>)>, Vec<String>) {
        let words = words(text);
        let call = Call::read(&words, 1, valued, false);
        let options = call.options.iter();
        (
            options.map(|option| (option.name.to_owned(), option.value.map(str::to_owned))).collect(),
            call.operands.iter().map(|operand| operand.text.to_owned()).collect(),
        )
    }

    #[test]
    fn clusters_values_and_operands_are_told_apart() {
        let (options, operands) =
            read("apt-get -yt sid -oA=b install -q=2 --opt x >/dev/null 2> log -- -a", &["t", "o", "opt"]);
        let want =
            [("y", None), ("t", Some("sid")), ("o", Some("A=b")), ("q", Some("2")), ("opt", Some("x"))];
        let options: Vec<_> = options.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        assert_eq!(options, want);
        assert_eq!(operands, ["install", "-a"]);
    }
}
