//! From text to tree: the passes put together.

use seaworthy_finding::Span;

use crate::heredoc;
use crate::instruction;
use crate::lines::Scanner;
use crate::stages::Plans;
use crate::text::{short, suggest};
use crate::tree::{Dockerfile, ErrorKind, Heredoc, Instruction, Keyword, Kind, Phase, SyntaxError};

/// Reads a Dockerfile. Errors come in order of place.
#[must_use]
pub fn parse(source: &str) -> (Dockerfile, Vec<SyntaxError>) {
    let mut scanner = Scanner::new(source);
    let mut instructions: Vec<Instruction> = Vec::new();
    let mut errors = Vec::new();
    while let Some(logical) = scanner.next_logical() {
        for line in &logical.empty_lines {
            errors.push(SyntaxError {
                span: *line,
                message: "an empty line inside a continued instruction; remove it or write # in it"
                    .to_owned(),
                kind: ErrorKind::EmptyContinuation,
                fatal: false,
                phase: Phase::Parse,
            });
        }
        let openers = heredoc::openers(&logical.text);
        let map = logical.map.clone();
        let mut instruction = instruction::read(logical, scanner.escape, &mut errors);
        if takes_heredocs(&instruction) {
            let mut docs = Vec::new();
            for opener in openers {
                let span = map.span(opener.range.start, opener.range.end);
                let doc = body(&mut scanner, source, opener, span, instruction.span.end);
                // Whatever comes behind one that never ends cannot end either, and says nothing new.
                if !doc.terminated && docs.iter().all(|doc: &Heredoc| doc.terminated) {
                    instruction.broken = true;
                    errors.push(SyntaxError {
                        span,
                        message: format!(
                            "the heredoc never ends; write {} alone on a line behind its text",
                            short(&doc.name)
                        ),
                        kind: ErrorKind::UnterminatedHeredoc,
                        fatal: true,
                        phase: Phase::Parse,
                    });
                }
                instruction.span.end = doc.terminator_span.end.max(instruction.span.end);
                docs.push(doc);
            }
            attach(&mut instruction, docs, &mut errors);
        }
        instructions.push(instruction);
    }
    fold_open_arrays(source, &instructions, scanner.escape, &mut errors);
    check_file(source, &instructions, &mut errors);
    errors.append(&mut scanner.errors);
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    let mut file = Dockerfile {
        escape: scanner.escape,
        directives: scanner.directives,
        comments: scanner.comments,
        instructions,
        blanks: Vec::new(),
        line_starts: std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect(),
        source: source.to_owned(),
        plans: Plans::default(),
    };
    file.blanks = blanks(&file);
    (file, errors)
}

/// COPY, ADD and RUN outside of the JSON form, and ONBUILD of those.
fn takes_heredocs(instruction: &Instruction) -> bool {
    use crate::tree::Command;
    match &instruction.kind {
        Kind::Onbuild(inner) => takes_heredocs(inner),
        Kind::Run(Command::Shell { .. }) => true,
        Kind::Copy { json, .. } | Kind::Add { json, .. } => !json,
        _ => false,
    }
}

/// Reads the body of a heredoc up to its terminator or the end of the file.
fn body(
    scanner: &mut Scanner<'_>,
    source: &str,
    opener: heredoc::Opener,
    span: Span,
    after: usize,
) -> Heredoc {
    let mut content_span: Option<Span> = None;
    let mut doc = Heredoc {
        name: opener.name,
        content: String::new(),
        content_span: Span { start: after, end: after },
        span,
        terminator_span: Span { start: source.len(), end: source.len() },
        expand: opener.expand,
        strip_tabs: opener.strip_tabs,
        fd: opener.fd,
        terminated: false,
    };
    while let Some(line) = scanner.next_line() {
        let text = &source[line.start..line.end];
        let word = if doc.strip_tabs { text.trim_start_matches('\t') } else { text };
        if word == doc.name {
            doc.terminator_span = Span { start: line.end - word.len(), end: line.end };
            doc.terminated = true;
            let start = content_span.map_or(line.start, |span| span.start);
            content_span = Some(Span { start, end: line.start });
            break;
        }
        let start = content_span.map_or(line.start, |span| span.start);
        content_span = Some(Span { start, end: line.next });
    }
    doc.content_span = content_span.unwrap_or(Span { start: source.len(), end: source.len() });
    doc.content.push_str(doc.content_span.of(source));
    doc
}

/// Gives heredocs to the instruction that uses them and takes their words from its sources.
fn attach(instruction: &mut Instruction, docs: Vec<Heredoc>, errors: &mut Vec<SyntaxError>) {
    match &mut instruction.kind {
        Kind::Onbuild(inner) => {
            attach(inner, docs, errors);
            return;
        }
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            let is_heredoc = |raw: &str| heredoc::opener(raw, 0..0).is_some();
            if let Some(word) = dest
                && is_heredoc(&word.raw)
            {
                errors.push(SyntaxError {
                    span: word.span,
                    message: format!(
                        "a heredoc cannot be the destination; write {} <<NAME /path",
                        instruction.keyword
                    ),
                    kind: ErrorKind::BadHeredoc,
                    fatal: true,
                    phase: Phase::Instructions,
                });
                instruction.broken = true;
            }
            sources.retain(|word| !is_heredoc(&word.raw));
        }
        _ => {
            if !docs.is_empty() {
                // A heredoc alone is a command.
                let keyword = instruction.keyword_span;
                errors.retain(|error| error.kind != ErrorKind::MissingArgument || error.span != keyword);
            }
        }
    }
    instruction.heredocs = docs;
}

/// What is wrong with the file as a whole.
fn check_file(source: &str, instructions: &[Instruction], errors: &mut Vec<SyntaxError>) {
    let Some(first) = instructions.first() else {
        errors.push(SyntaxError {
            span: Span { start: 0, end: 0 },
            message: "the file has no instructions; begin with FROM image".to_owned(),
            kind: ErrorKind::NoInstructions,
            fatal: true,
            phase: Phase::Parse,
        });
        return;
    };
    // A misspelt FROM has its own error; the lines behind it are not to blame.
    let begins = |instruction: &Instruction| {
        let text = instruction.keyword_span.of(source);
        instruction.keyword == Keyword::From
            || instruction.keyword == Keyword::Unknown
                && suggest(text, Keyword::ALL.iter().map(|keyword| keyword.as_str())) == Some("FROM")
    };
    let outside = instructions
        .iter()
        .take_while(|instruction| !begins(instruction))
        .find(|instruction| !matches!(instruction.keyword, Keyword::Arg | Keyword::Unknown));
    if let Some(instruction) = outside {
        errors.push(SyntaxError {
            span: instruction.keyword_span,
            message: format!(
                "{} stands before the first FROM; write FROM image above it",
                instruction.keyword
            ),
            kind: ErrorKind::NoStage,
            fatal: true,
            phase: Phase::Instructions,
        });
    } else if !instructions.iter().any(begins) {
        errors.push(SyntaxError {
            span: first.keyword_span,
            message: "the file has no FROM, so nothing is built; write FROM image".to_owned(),
            kind: ErrorKind::NoStage,
            fatal: true,
            phase: Phase::Build,
        });
    }
}

/// The lines of a JSON array that is written over several lines without continuations are one mistake, not many.
fn fold_open_arrays(source: &str, instructions: &[Instruction], escape: char, errors: &mut Vec<SyntaxError>) {
    let mut folded: Vec<(Span, Span)> = Vec::new();
    for (at, instruction) in instructions.iter().enumerate() {
        if !instruction.arguments.starts_with('[') || instruction.arguments.contains(']') {
            continue;
        }
        let rest = instructions.get(at + 1..).unwrap_or_default();
        let mut lines = rest.iter().take_while(|next| next.keyword == Keyword::Unknown);
        let Some(last) = lines.position(|next| next.span.of(source).trim_end().ends_with(']')) else {
            continue;
        };
        if let (Some(first), Some(last)) = (rest.first(), rest.get(last)) {
            folded.push((first.keyword_span, Span { start: first.span.start, end: last.span.end }));
        }
    }
    if folded.is_empty() {
        return;
    }
    let within = |span: Span| {
        let next = folded.partition_point(|(_, lines)| lines.end <= span.start);
        folded.get(next).filter(|(_, lines)| lines.contains(span.start))
    };
    errors.retain_mut(|error| match within(error.span) {
        Some((first, lines)) if error.kind == ErrorKind::UnknownInstruction => {
            error.message = format!(
                "the array of the line above goes on here; end every line but the last with {escape}"
            );
            let keep = error.span == *first;
            error.span = *lines;
            keep
        }
        _ => true,
    });
}

/// The gaps between everything else.
fn blanks(file: &Dockerfile) -> Vec<Span> {
    let mut taken: Vec<Span> = file
        .directives
        .iter()
        .map(|directive| directive.span)
        .chain(file.comments.iter().map(|comment| comment.span))
        .chain(file.instructions.iter().map(|instruction| instruction.span))
        .collect();
    taken.sort_unstable();
    let mut blanks = Vec::new();
    let mut at = 0;
    for span in taken {
        if span.start > at {
            blanks.push(Span { start: at, end: span.start });
        }
        at = span.end;
    }
    if at < file.source.len() {
        blanks.push(Span { start: at, end: file.source.len() });
    }
    blanks
}
