//! Cuts a script at its operators: the reader of scripts the grammar refuses, so that no command is lost.

use crate::command::{Simple, Word};
use seaworthy_dockerfile::OffsetMap;

/// The words of the command at hand.
#[derive(Default)]
struct Open {
    words: Vec<String>,
    args: Vec<Word>,
    word: String,
    /// Where the word began, while there is one.
    start: Option<usize>,
    quoted: bool,
    variable: bool,
}

impl Open {
    fn begin(&mut self, at: usize) {
        self.start.get_or_insert(at);
    }

    fn push(&mut self, at: usize, ch: char) {
        self.begin(at);
        self.word.push(ch);
    }

    fn finish_word(&mut self, end: usize, map: &OffsetMap) {
        let Some(start) = self.start.take() else { return };
        let (quoted, literal) = (self.quoted, !self.variable);
        self.args.push(Word { span: map.span(start, end), literal, quoted });
        self.words.push(std::mem::take(&mut self.word));
        (self.quoted, self.variable) = (false, false);
    }

    fn finish(&mut self, then: &'static str, out: &mut Vec<Simple>) {
        if !self.words.is_empty() {
            out.push(Simple::new(std::mem::take(&mut self.words), std::mem::take(&mut self.args), then));
        }
    }
}

/// The commands of a script.
pub(crate) fn cut(script: &str, map: &OffsetMap, out: &mut Vec<Simple>) {
    let mut open = Open::default();
    let mut quote = None;
    let mut chars = script.char_indices().peekable();
    while let Some((at, ch)) = chars.next() {
        match quote {
            Some(sign) if ch == sign => quote = None,
            Some('"') if ch == '\\' => open.word.extend(chars.next().map(|(_, next)| next)),
            Some(sign) => {
                open.variable |= sign == '"' && matches!(ch, '$' | '`');
                open.word.push(ch);
            }
            None => match ch {
                '\'' | '"' => {
                    quote = Some(ch);
                    open.quoted = true;
                    open.begin(at);
                }
                '\\' => {
                    if let Some((_, next)) = chars.next()
                        && next != '\n'
                    {
                        open.push(at, next);
                    }
                }
                '#' if open.start.is_none() => while chars.next_if(|(_, next)| *next != '\n').is_some() {},
                // `>&` and `2>&1` are redirections.
                '&' if open.word.ends_with('>') => open.push(at, ch),
                '\n' | ';' | '|' | '&' | '(' | ')' => {
                    if ch == '(' && open.word.ends_with(['$', '<']) {
                        // Inside of a substitution commands are commands too.
                        open.word.pop();
                        if open.word.is_empty() {
                            open.start = None;
                        }
                    }
                    open.finish_word(at, map);
                    let double = matches!(ch, '|' | '&') && chars.next_if(|(_, next)| *next == ch).is_some();
                    let then = match (ch, double) {
                        ('|', false) => "|",
                        ('|', true) => "||",
                        ('&', true) => "&&",
                        _ => ";",
                    };
                    open.finish(then, out);
                }
                ch if ch.is_whitespace() => open.finish_word(at, map),
                ch => {
                    open.variable |= matches!(ch, '$' | '`');
                    open.push(at, ch);
                }
            },
        }
    }
    open.finish_word(script.len(), map);
    open.finish("", out);
}
