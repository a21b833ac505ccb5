//! The third pass: one joined line becomes one typed instruction.

use std::ops::Range;

use seaworthy_finding::Span;

use crate::json;
use crate::lines::Logical;
use crate::map::OffsetMap;
use crate::tree::{ErrorKind, Flag, Instruction, Keyword, Kind, Phase, SyntaxError, Word};
use crate::words::{self, RawFlag};

/// Reads the instructions of one joined line.
pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) map: &'a OffsetMap,
    pub(crate) escape: char,
    pub(crate) errors: Vec<SyntaxError>,
    /// Where a comment begins that was meant as one.
    pub(crate) inline: Option<usize>,
    /// How many ONBUILD are open.
    pub(crate) depth: usize,
}

/// Reads a joined line; heredoc bodies are not part of it.
pub(crate) fn read(logical: Logical, escape: char, errors: &mut Vec<SyntaxError>) -> Instruction {
    let text = logical.text;
    let mut reader =
        Reader { text: &text, map: &logical.map, escape, errors: Vec::new(), inline: None, depth: 0 };
    let range = words::trim(&text, 0..text.len());
    let mut instruction = reader.instruction(range);
    reader.fold_inline_comment(&mut instruction);
    instruction.broken = reader.errors.iter().any(|error| error.fatal);
    errors.append(&mut reader.errors);
    instruction.span = logical.span;
    instruction.comments = logical.comments;
    instruction.empty_lines = logical.empty_lines;
    instruction.text = text;
    instruction
}

impl Reader<'_> {
    pub(crate) fn span(&self, range: &Range<usize>) -> Span {
        self.map.span(range.start, range.end)
    }

    pub(crate) fn word(&self, range: &Range<usize>) -> Word {
        Word {
            span: self.span(range),
            raw: self.text[range.clone()].to_owned(),
            json: false,
            escape: self.escape,
            map: self.map.slice(range.start, range.end),
        }
    }

    pub(crate) fn json_word(&self, string: json::JsonString) -> Word {
        Word {
            span: self.span(&string.range),
            raw: string.value,
            json: true,
            escape: self.escape,
            map: string.map.through(self.map),
        }
    }

    pub(crate) fn error(
        &mut self,
        span: Span,
        kind: ErrorKind,
        fatal: bool,
        phase: Phase,
        message: impl Into<String>,
    ) {
        self.errors.push(SyntaxError { span, message: message.into(), kind, fatal, phase });
    }

    /// An error BuildKit sees when it reads arguments.
    pub(crate) fn refuse(&mut self, range: &Range<usize>, kind: ErrorKind, message: impl Into<String>) {
        let span = self.span(range);
        self.error(span, kind, true, Phase::Instructions, message);
    }

    /// Reads one instruction from a trimmed range.
    pub(crate) fn instruction(&mut self, range: Range<usize>) -> Instruction {
        let (end, rest) = words::first_word(self.text, range.clone());
        let keyword_range = range.start..end;
        let written = &self.text[keyword_range.clone()];
        let keyword = Keyword::from_word(written);
        let (raw_flags, at) = words::split_flags(self.text, rest..range.end);
        let args = words::trim(self.text, at..range.end);
        let flags: Vec<Flag> = raw_flags.iter().map(|flag| self.flag(flag)).collect();
        let arguments = self.text[args.clone()].to_owned();
        let kind = self.kind(keyword, &keyword_range, args);
        let mut instruction = Instruction {
            span: self.span(&range),
            keyword,
            keyword_span: self.span(&keyword_range),
            flags,
            kind,
            heredocs: Vec::new(),
            comments: Vec::new(),
            empty_lines: Vec::new(),
            inline_comment: None,
            text: self.text[range].to_owned(),
            arguments,
            broken: false,
        };
        self.check(&mut instruction);
        instruction
    }

    fn flag(&self, raw: &RawFlag) -> Flag {
        let body = raw.chars.get(2..).unwrap_or_default();
        let split = body.iter().position(|(ch, _)| *ch == '=');
        let name = body[..split.unwrap_or(body.len())].iter().map(|(ch, _)| *ch).collect();
        let value = split.map(|split| {
            let mut text = String::new();
            let mut map = OffsetMap::default();
            for (ch, at) in &body[split + 1..] {
                map.push(text.len(), self.map.to_source(*at));
                text.push(*ch);
            }
            // From behind the `=` to the end of the flag, quotes included.
            let start = body[split].1 + 1;
            Word {
                span: self.span(&(start..raw.range.end.max(start))),
                raw: text,
                json: false,
                escape: self.escape,
                map,
            }
        });
        Flag { name, value, span: self.span(&raw.range) }
    }

    fn kind(&mut self, keyword: Keyword, keyword_range: &Range<usize>, args: Range<usize>) -> Kind {
        match keyword {
            Keyword::From => self.from(keyword_range, &args),
            Keyword::Run => Kind::Run(self.command(keyword, keyword_range, args)),
            Keyword::Cmd => Kind::Cmd(self.command(keyword, keyword_range, args)),
            Keyword::Entrypoint => Kind::Entrypoint(self.command(keyword, keyword_range, args)),
            Keyword::Copy | Keyword::Add => self.transfer(keyword, keyword_range, &args),
            Keyword::Env | Keyword::Label => self.pairs(keyword, keyword_range, &args),
            Keyword::Arg => self.arg(keyword_range, &args),
            Keyword::Expose => {
                let ports = self.list(&args);
                if ports.is_empty() {
                    self.refuse(
                        keyword_range,
                        ErrorKind::MissingArgument,
                        "EXPOSE needs a port; write EXPOSE 8080",
                    );
                }
                Kind::Expose { ports }
            }
            Keyword::User => Kind::User(self.text_argument(keyword, keyword_range, &args, "USER app")),
            Keyword::Workdir => {
                Kind::Workdir(self.text_argument(keyword, keyword_range, &args, "WORKDIR /app"))
            }
            Keyword::Stopsignal => {
                Kind::Stopsignal(self.text_argument(keyword, keyword_range, &args, "STOPSIGNAL SIGTERM"))
            }
            Keyword::Maintainer => Kind::Maintainer(self.text_argument(
                keyword,
                keyword_range,
                &args,
                "LABEL org.opencontainers.image.authors=\"name\"",
            )),
            Keyword::Volume => self.volume(keyword_range, &args),
            Keyword::Healthcheck => self.healthcheck(keyword_range, args),
            Keyword::Shell => self.shell(keyword_range, &args),
            Keyword::Onbuild => self.onbuild(keyword_range, args),
            Keyword::Unknown => self.unknown(keyword_range, &args),
        }
    }

    /// Turns everything a misplaced comment caused into one error about the comment.
    fn fold_inline_comment(&mut self, instruction: &mut Instruction) {
        let Some(at) = self.inline else { return };
        let span = self.map.span(at, self.text.trim_end().len().max(at));
        instruction.inline_comment = Some(span);
        let caused = |error: &SyntaxError| {
            error.span.end > span.start
                && matches!(
                    error.kind,
                    ErrorKind::TooManyArguments
                        | ErrorKind::BadKeyValue
                        | ErrorKind::BlankName
                        | ErrorKind::BadPort
                        | ErrorKind::BadWord
                        | ErrorKind::JsonRequired
                        | ErrorKind::JsonLike
                        | ErrorKind::MissingArgument
                        | ErrorKind::BadSignal
                )
        };
        let fatal_phase =
            self.errors.iter().filter(|error| caused(error) && error.fatal).map(|error| error.phase).min();
        self.errors.retain(|error| !caused(error));
        self.error(
            span,
            ErrorKind::InlineComment,
            fatal_phase.is_some(),
            fatal_phase.unwrap_or(Phase::Build),
            "comments cannot follow an instruction; move it to its own line",
        );
    }
}
