//! Cuts the script of a `RUN` into commands, well enough to recognise programs and their arguments.

use seaworthy_dockerfile::{Command, Instruction, Kind, OffsetMap};
use seaworthy_finding::Span;

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Simple {
    /// Its words without quotes.
    pub(crate) words: Vec<String>,
    /// Where it stands in the file.
    pub(crate) span: Span,
    /// What connects it with the next one: `|`, `&&`, `||`, `;` or nothing.
    pub(crate) then: &'static str,
}

impl Simple {
    /// The program's name without its directory, leading assignments and wrappers left out.
    pub(crate) fn program(&self) -> &str {
        self.rest().first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }

    /// The words from the program on.
    pub(crate) fn rest(&self) -> &[String] {
        let mut at = 0;
        while let Some(word) = self.words.get(at) {
            let assignment = word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
            let wrapper = matches!(
                word.as_str(),
                "then" | "do" | "else" | "if" | "!" | "{" | "(" | "time" | "env" | "exec" | "command"
            );
            if !assignment && !wrapper {
                break;
            }
            at += 1;
        }
        &self.words[at..]
    }

    /// Whether an argument is given exactly.
    pub(crate) fn has(&self, argument: &str) -> bool {
        self.words.iter().any(|word| word == argument)
    }
}

/// The commands of every script of a `RUN`, heredoc bodies included.
pub(crate) fn commands(instruction: &Instruction) -> Vec<Simple> {
    let inner = match &instruction.kind {
        Kind::Onbuild(inner) => inner.as_ref(),
        _ => instruction,
    };
    let mut out = Vec::new();
    match &inner.kind {
        Kind::Run(Command::Shell { script, map, .. }) => split(script, map, &mut out),
        Kind::Run(Command::Exec(words)) => out.push(Simple {
            words: words.iter().map(|word| word.raw.clone()).collect(),
            span: inner.span,
            then: "",
        }),
        _ => return out,
    }
    for heredoc in &inner.heredocs {
        split(&heredoc.content, &OffsetMap::contiguous(heredoc.content_span.start), &mut out);
    }
    out
}

/// The commands of a script.
pub(crate) fn split(script: &str, map: &OffsetMap, out: &mut Vec<Simple>) {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut in_word = false;
    let mut start = None;
    let mut quote = None;
    let mut chars = script.char_indices().peekable();
    let mut end = 0;
    let finish_word = |words: &mut Vec<String>, word: &mut String, in_word: &mut bool| {
        if *in_word {
            words.push(std::mem::take(word));
            *in_word = false;
        }
    };
    while let Some((at, ch)) = chars.next() {
        match quote {
            Some(open) if ch == open => quote = None,
            Some('"') if ch == '\\' => word.extend(chars.next().map(|(_, next)| next)),
            Some(_) => word.push(ch),
            None => match ch {
                '\'' | '"' => {
                    quote = Some(ch);
                    in_word = true;
                    start.get_or_insert(at);
                }
                '\\' => {
                    if let Some((_, next)) = chars.next()
                        && next != '\n'
                    {
                        word.push(next);
                        in_word = true;
                        start.get_or_insert(at);
                    }
                }
                '#' if !in_word => while chars.next_if(|(_, next)| *next != '\n').is_some() {},
                '\n' | ';' | '|' | '&' | '(' | ')' => {
                    // `>&` and `2>&1` are redirections.
                    if ch == '&' && word.ends_with('>') {
                        word.push(ch);
                        continue;
                    }
                    if ch == '(' && word.ends_with(['$', '<']) {
                        // Inside of a substitution commands are commands too.
                        word.pop();
                    }
                    finish_word(&mut words, &mut word, &mut in_word);
                    let double = matches!(ch, '|' | '&') && chars.next_if(|(_, next)| *next == ch).is_some();
                    let then = match (ch, double) {
                        ('|', false) => "|",
                        ('|', true) => "||",
                        ('&', true) => "&&",
                        _ => ";",
                    };
                    if !words.is_empty() {
                        let span = map.span(start.unwrap_or(at), end.max(start.unwrap_or(at)));
                        out.push(Simple { words: std::mem::take(&mut words), span, then });
                    }
                    start = None;
                    continue;
                }
                ch if ch.is_whitespace() => {
                    finish_word(&mut words, &mut word, &mut in_word);
                    continue;
                }
                ch => {
                    word.push(ch);
                    in_word = true;
                    start.get_or_insert(at);
                }
            },
        }
        end = at + ch.len_utf8();
    }
    finish_word(&mut words, &mut word, &mut in_word);
    if !words.is_empty() {
        let from = start.unwrap_or(script.len());
        out.push(Simple { words, span: map.span(from, end.max(from)), then: "" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(script: &str) -> Vec<(String, &'static str)> {
        let mut out = Vec::new();
        split(script, &OffsetMap::contiguous(0), &mut out);
        out.iter().map(|simple| (simple.program().to_owned(), simple.then)).collect()
    }

    #[test]
    fn operators_separate_commands_and_quotes_do_not() {
        let found = programs("A=1 /usr/bin/apt-get update && echo 'a | sh' ; curl -s \"x;y\" | sh");
        let want = [("apt-get", "&&"), ("echo", ";"), ("curl", "|"), ("sh", "")];
        assert_eq!(found, want.map(|(name, then)| (name.to_owned(), then)));
    }

    #[test]
    fn redirections_are_no_separators() {
        assert_eq!(programs("make 2>&1 >log").len(), 1);
    }
}
