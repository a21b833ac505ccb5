//! What stands behind the keyword of each instruction.

use std::ops::Range;

use crate::instruction::Reader;
use crate::json::{self, JsonArray};
use crate::text::{short, suggest};
use crate::tree::{ArgDecl, Command, ErrorKind, Healthcheck, Keyword, Kind, Pair, Phase, Word};
use crate::words;

/// ONBUILD inside of ONBUILD is refused anyway; deeper than this it is not even read.
const MAX_TRIGGERS: usize = 8;

impl Reader<'_> {
    pub(crate) fn unknown(&mut self, keyword_range: &Range<usize>, args: &Range<usize>) -> Kind {
        let written = &self.text[keyword_range.clone()];
        let message = match suggest(written, Keyword::ALL.iter().map(|keyword| keyword.as_str())) {
            Some(known) => format!("unknown instruction {}; write {known}", short(written)),
            None if written.starts_with("//") || written.starts_with("/*") => {
                "comments begin with #; write # at the start of the line".to_owned()
            }
            None => format!(
                "unknown instruction {}; begin the line with an instruction such as RUN, or end the line before it \
                 with {} to continue it",
                short(written),
                self.escape
            ),
        };
        self.refuse(keyword_range, ErrorKind::UnknownInstruction, message);
        Kind::Unknown { text: self.text[keyword_range.start..args.end.max(keyword_range.end)].to_owned() }
    }

    /// The whole rest of the line as one word.
    pub(crate) fn text_argument(
        &mut self,
        keyword: Keyword,
        keyword_range: &Range<usize>,
        args: &Range<usize>,
        example: &str,
    ) -> Word {
        if args.is_empty() {
            self.refuse(
                keyword_range,
                ErrorKind::MissingArgument,
                format!("{keyword} needs an argument; write {example}"),
            );
        } else if keyword != Keyword::Maintainer {
            self.inline = self.inline.or_else(|| self.spaced_hash(args));
        }
        self.word(args)
    }

    /// Where a `#` follows white space, outside of quotes.
    fn spaced_hash(&self, args: &Range<usize>) -> Option<usize> {
        let mut quote = None;
        let mut before = 'x';
        for (at, ch) in self.text[args.clone()].char_indices() {
            match (quote, ch) {
                (None, '#') if before.is_whitespace() => return Some(args.start + at),
                (None, '"' | '\'') => quote = Some(ch),
                (Some(open), _) if open == ch => quote = None,
                _ => {}
            }
            before = ch;
        }
        None
    }

    /// Where a comment seems to begin among words; the first word never does.
    fn hash_word(&self, words: &[Range<usize>]) -> Option<usize> {
        words.iter().skip(1).find(|word| self.text[(*word).clone()].starts_with('#')).map(|word| word.start)
    }

    pub(crate) fn list(&mut self, args: &Range<usize>) -> Vec<Word> {
        let words = words::split_list(self.text, args.clone());
        self.inline = self.inline.or_else(|| self.hash_word(&words));
        words.iter().map(|word| self.word(word)).collect()
    }

    pub(crate) fn from(&mut self, keyword_range: &Range<usize>, args: &Range<usize>) -> Kind {
        let words = words::split_list(self.text, args.clone());
        self.inline = self.hash_word(&words);
        let meant = self.inline.map_or(words.len(), |at| words.partition_point(|word| word.start < at));
        let Some(image) = words.first() else {
            self.refuse(
                keyword_range,
                ErrorKind::MissingArgument,
                "FROM needs an image; write FROM image or FROM image AS name",
            );
            return Kind::From { image: self.word(args), alias: None };
        };
        let has_as = words.get(1).is_some_and(|word| self.text[word.clone()].eq_ignore_ascii_case("as"));
        let alias = words.get(2).filter(|_| has_as && meant > 2);
        if words.len() == 3 && has_as {
            let name = &self.text[words[2].clone()];
            if !is_stage_name(name) {
                let message = if name.contains('$') {
                    "a stage name cannot hold a variable; write a plain name".to_owned()
                } else {
                    "a stage name begins with a letter and holds letters, digits, '-', '_' and '.' only; write \
                     such a name"
                        .to_owned()
                };
                self.refuse(&words[2], ErrorKind::BadStageName, message);
            }
        } else if words.len() != 1 {
            let (kind, message) = match (words.len(), has_as) {
                (2, true) => {
                    (ErrorKind::MissingArgument, "the stage name is missing; write FROM image AS name")
                }
                _ => (
                    ErrorKind::TooManyArguments,
                    "FROM takes an image, or an image, AS and a name; write FROM image AS name",
                ),
            };
            self.refuse(&(words[1].start..args.end), kind, message);
        }
        Kind::From { image: self.word(image), alias: alias.map(|word| self.word(word)) }
    }

    /// A JSON array of strings, or `None` when the text is to be read otherwise.
    fn array(&mut self, args: &Range<usize>) -> Option<Vec<Word>> {
        match json::read_array(self.text, args.clone())? {
            JsonArray::Strings(strings) => {
                Some(strings.into_iter().map(|string| self.json_word(string)).collect())
            }
            JsonArray::Other(element) => {
                let span = self.span(&element);
                self.error(
                    span,
                    ErrorKind::JsonElement,
                    true,
                    Phase::Parse,
                    "every element of the JSON array must be a string; put it in double quotes",
                );
                Some(Vec::new())
            }
            JsonArray::Invalid(at) => {
                let body = self.text[args.clone()].trim_start_matches('[');
                let closed = body.rfind(']').map(|end| args.end - body.len() + end + 1);
                if let Some(closed) = closed
                    && self.text[closed.min(args.end)..args.end].trim_start().is_empty()
                    && !body.trim_start().starts_with(['"', '\'', '\u{201c}', '\u{201d}', '\u{201e}'])
                {
                    return None;
                }
                let looks = body.starts_with(['"', '\'', '\u{201c}', '\u{201d}', '\u{201e}']);
                if self.text[at.min(args.end)..args.end].starts_with('#') {
                    self.inline = Some(at);
                } else if looks {
                    let span = self.span(args);
                    let message = if body
                        .trim_end()
                        .strip_suffix(']')
                        .is_some_and(|rest| rest.trim_end().ends_with(','))
                    {
                        "a comma before the ] makes this no JSON array, so it is read as plain text; remove the comma"
                    } else if body.starts_with(['\u{201c}', '\u{201d}', '\u{201e}']) {
                        "these quotes are letters to BuildKit, so this is read as plain text; write straight ones: \""
                    } else if body.starts_with('\'') {
                        "this is no JSON array, so it is read as plain text; write the strings in double quotes"
                    } else {
                        "this is no valid JSON array, so it is read as plain text; write [\"word\", \"word\"] and \
                         nothing behind it"
                    };
                    self.error(span, ErrorKind::JsonLike, false, Phase::Build, message);
                }
                None
            }
        }
    }

    pub(crate) fn command(
        &mut self,
        keyword: Keyword,
        keyword_range: &Range<usize>,
        args: Range<usize>,
    ) -> Command {
        if args.is_empty() {
            let span = self.span(keyword_range);
            self.error(
                span,
                ErrorKind::MissingArgument,
                false,
                Phase::Build,
                format!("{keyword} has no command; write one, or remove the line"),
            );
        }
        self.command_text(args)
    }

    fn command_text(&mut self, args: Range<usize>) -> Command {
        match self.array(&args) {
            Some(words) => Command::Exec(words),
            None => Command::Shell {
                script: self.text[args.clone()].to_owned(),
                span: self.span(&args),
                map: self.map.slice(args.start, args.end),
            },
        }
    }

    pub(crate) fn transfer(
        &mut self,
        keyword: Keyword,
        keyword_range: &Range<usize>,
        args: &Range<usize>,
    ) -> Kind {
        let (mut sources, json) = match self.array(args) {
            Some(words) => (words, true),
            None => (self.list(args), false),
        };
        if sources.len() < 2 {
            let range = if args.is_empty() { keyword_range } else { args };
            self.refuse(
                range,
                ErrorKind::MissingArgument,
                format!("{keyword} needs a source and a destination; write {keyword} source destination"),
            );
        }
        let dest = if sources.len() > 1 { sources.pop() } else { None };
        if keyword == Keyword::Add {
            Kind::Add { sources, dest, json }
        } else {
            Kind::Copy { sources, dest, json }
        }
    }

    pub(crate) fn pairs(
        &mut self,
        keyword: Keyword,
        keyword_range: &Range<usize>,
        args: &Range<usize>,
    ) -> Kind {
        let words = words::split_quoted(self.text, args.clone(), self.escape);
        let mut pairs = Vec::new();
        let legacy = words.first().is_some_and(|word| !self.text[word.clone()].contains('='));
        if words.is_empty() {
            self.refuse(
                keyword_range,
                ErrorKind::MissingArgument,
                format!("{keyword} needs a name and a value; write {keyword} name=value"),
            );
        } else if legacy {
            let (end, next) = words::first_word(self.text, args.clone());
            let key = args.start..end;
            if next >= args.end {
                let span = self.span(&key);
                let name = short(&self.text[key.clone()]);
                let message = format!("{keyword} needs a value for {name}; write {keyword} {name}=value");
                self.error(span, ErrorKind::BadKeyValue, true, Phase::Parse, message);
            }
            let value = next.min(args.end)..args.end;
            pairs.push(Pair { key: self.word(&key), value: self.word(&value), span: self.span(args) });
        } else {
            self.inline = self.inline.or_else(|| self.hash_word(&words));
            for word in &words {
                self.pair(keyword, word, &mut pairs);
            }
        }
        if keyword == Keyword::Env { Kind::Env { pairs, legacy } } else { Kind::Label { pairs, legacy } }
    }

    fn pair(&mut self, keyword: Keyword, word: &Range<usize>, pairs: &mut Vec<Pair>) {
        let Some(sign) = self.text[word.clone()].find('=').map(|at| word.start + at) else {
            let span = self.span(word);
            let written = short(&self.text[word.clone()]);
            let message = format!(
                "{written} has no '='; write name=value, and put a value with blanks in quotes: {keyword} \
                 name=\"a value\""
            );
            self.error(span, ErrorKind::BadKeyValue, true, Phase::Parse, message);
            return;
        };
        if sign == word.start {
            self.refuse(
                word,
                ErrorKind::BlankName,
                format!("the name before '=' is missing; write {keyword} name=value"),
            );
        }
        pairs.push(Pair {
            key: self.word(&(word.start..sign)),
            value: self.word(&(sign + 1..word.end)),
            span: self.span(word),
        });
    }

    pub(crate) fn arg(&mut self, keyword_range: &Range<usize>, args: &Range<usize>) -> Kind {
        let words = words::split_quoted(self.text, args.clone(), self.escape);
        if words.is_empty() {
            self.refuse(
                keyword_range,
                ErrorKind::MissingArgument,
                "ARG needs a name; write ARG name or ARG name=default",
            );
        }
        self.inline = self.inline.or_else(|| self.hash_word(&words));
        let mut decls = Vec::new();
        for word in &words {
            let sign = self.text[word.clone()].find('=').map(|at| word.start + at);
            if sign == Some(word.start) {
                self.refuse(
                    word,
                    ErrorKind::BlankName,
                    "the name before '=' is missing; write ARG name=default",
                );
            }
            decls.push(ArgDecl {
                name: self.word(&(word.start..sign.unwrap_or(word.end))),
                default: sign.map(|sign| self.word(&(sign + 1..word.end))),
            });
        }
        Kind::Arg { args: decls }
    }

    pub(crate) fn volume(&mut self, keyword_range: &Range<usize>, args: &Range<usize>) -> Kind {
        let (paths, json) = match self.array(args) {
            Some(words) => (words, true),
            None => (self.list(args), false),
        };
        if paths.is_empty() {
            self.refuse(keyword_range, ErrorKind::MissingArgument, "VOLUME needs a path; write VOLUME /data");
        }
        if let Some(empty) = paths.iter().find(|path| path.raw.trim().is_empty()) {
            self.error(
                empty.span,
                ErrorKind::MissingArgument,
                true,
                Phase::Instructions,
                "a volume's path cannot be empty; write a path or remove the string",
            );
        }
        Kind::Volume { paths, json }
    }

    pub(crate) fn shell(&mut self, keyword_range: &Range<usize>, args: &Range<usize>) -> Kind {
        let example = "write SHELL [\"/bin/sh\", \"-c\"]";
        match self.array(args) {
            Some(words) => {
                if words.is_empty() {
                    self.refuse(
                        keyword_range,
                        ErrorKind::MissingArgument,
                        format!("SHELL needs a program; {example}"),
                    );
                }
                Kind::Shell(words)
            }
            None if args.is_empty() => {
                self.refuse(
                    keyword_range,
                    ErrorKind::MissingArgument,
                    format!("SHELL needs a program; {example}"),
                );
                Kind::Shell(Vec::new())
            }
            None => {
                self.refuse(
                    args,
                    ErrorKind::JsonRequired,
                    format!("SHELL takes a JSON array only; {example}"),
                );
                Kind::Shell(Vec::new())
            }
        }
    }

    pub(crate) fn healthcheck(&mut self, keyword_range: &Range<usize>, args: Range<usize>) -> Kind {
        let typ = &self.text[args.clone()];
        let length = typ.find(char::is_whitespace).unwrap_or(typ.len());
        let word = args.start..args.start + length;
        let rest = words::trim(self.text, word.end..args.end);
        let upper = self.text[word.clone()].to_ascii_uppercase();
        match upper.as_str() {
            "NONE" => {
                if !rest.is_empty() {
                    self.inline = self.text[rest.clone()].starts_with('#').then_some(rest.start);
                    self.refuse(
                        &rest,
                        ErrorKind::TooManyArguments,
                        "HEALTHCHECK NONE takes no arguments; remove them, or write HEALTHCHECK CMD command",
                    );
                }
                Kind::Healthcheck(Healthcheck::None)
            }
            "CMD" => {
                if rest.is_empty() {
                    self.refuse(
                        &word,
                        ErrorKind::MissingArgument,
                        "the command is missing; write HEALTHCHECK CMD command",
                    );
                }
                let command = self.command_text(rest);
                if matches!(&command, Command::Exec(words) if words.is_empty()) {
                    self.refuse(
                        &word,
                        ErrorKind::MissingArgument,
                        "the command is empty; write HEALTHCHECK CMD [\"program\"]",
                    );
                }
                Kind::Healthcheck(Healthcheck::Cmd(command))
            }
            "" => {
                self.refuse(
                    keyword_range,
                    ErrorKind::MissingArgument,
                    "HEALTHCHECK needs CMD or NONE; write HEALTHCHECK CMD command",
                );
                Kind::Healthcheck(Healthcheck::Cmd(self.command_text(rest)))
            }
            _ => {
                self.refuse(
                    &word,
                    ErrorKind::BadHealthcheck,
                    "HEALTHCHECK takes CMD or NONE here; write HEALTHCHECK CMD command",
                );
                Kind::Healthcheck(Healthcheck::Cmd(self.command_text(rest)))
            }
        }
    }

    pub(crate) fn onbuild(&mut self, keyword_range: &Range<usize>, args: Range<usize>) -> Kind {
        if args.is_empty() {
            self.refuse(
                keyword_range,
                ErrorKind::MissingArgument,
                "ONBUILD needs an instruction; write ONBUILD RUN command",
            );
            return Kind::Unknown { text: self.text[keyword_range.start..].trim_end().to_owned() };
        }
        if self.depth == MAX_TRIGGERS {
            self.refuse(
                keyword_range,
                ErrorKind::BadOnbuild,
                "ONBUILD cannot hold ONBUILD; write another instruction",
            );
            return Kind::Unknown { text: self.text[keyword_range.start..args.end].to_owned() };
        }
        let before = self.errors.len();
        self.depth += 1;
        let inner = self.instruction(args);
        self.depth -= 1;
        for error in &mut self.errors[before..] {
            // BuildKit keeps the text of a trigger and reads its arguments only in the child's build.
            if error.phase != Phase::Parse {
                error.fatal = false;
                error.phase = Phase::Build;
            }
        }
        if matches!(inner.keyword, Keyword::Onbuild | Keyword::From | Keyword::Maintainer) {
            self.error(
                inner.keyword_span,
                ErrorKind::BadOnbuild,
                true,
                Phase::Instructions,
                format!("ONBUILD cannot hold {}; write another instruction", inner.keyword),
            );
        }
        Kind::Onbuild(Box::new(inner))
    }
}

/// Whether a name fits `AS`.
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
