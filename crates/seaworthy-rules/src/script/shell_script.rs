//! Reports what is wrong in the shell scripts of `RUN`, by ShellCheck's numbers.

use super::environment;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Applicability, Edit, Persona, Severity, Span};
use seaworthy_shell::{Dialect, Level, NotLinted, Note, Setting, Text, lint, texts};
use std::collections::BTreeSet;

declare_rule! {
    name: "shell-script",
    summary: "a script of the build does not do what it says",
    passes: "the scripts of the build do what they say",
    family: Dockerfile, category: Truth, severity: Medium, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["SC*"], refs: ["ShellCheck's wiki, one page for each number"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let mut unread = None;
    for docker in cx.dockerfiles() {
        environment::each(&docker.tree, |item, environment| {
            let onbuild = matches!(item.kind, Kind::Onbuild(_));
            // A trigger runs in another build, which may not know this file's SHELL.
            let shell =
                if onbuild && environment.shell.is_some() { Some(environment.sh) } else { environment.shell };
            for text in texts(item) {
                let Text::Script { text, map, interpreter } = text else { continue };
                let named = match interpreter.as_deref() {
                    None => shell,
                    Some("sh") => Some(environment.sh),
                    Some(name) => Dialect::named(name),
                };
                let Some(dialect) = named else { continue };
                let exports: BTreeSet<&str> = environment.exports.iter().map(String::as_str).collect();
                match lint(&text, &map, &Setting { dialect, exports }) {
                    Ok(notes) => {
                        for note in notes {
                            report(docker, item, note, dialect, out);
                        }
                    }
                    Err(why) => unread = unread.or(Some((why, line(docker, item)))),
                }
            }
        });
    }
    if let Some((why, line)) = unread {
        let what = match why {
            NotLinted::TooLarge => "is too long or nests too deep",
            NotLinted::Broke => "broke the reader of scripts",
        };
        out.not_run(format!("could not be evaluated: the script of line {line} {what}"));
    }
}

fn line(docker: &DockerfileFact, item: &Instruction) -> usize {
    docker.file.lines.line_col(&docker.file.text, item.span.start).0
}

fn report(docker: &DockerfileFact, item: &Instruction, note: Note, dialect: Dialect, out: &mut Sink) {
    let alias = format!("SC{}", note.code);
    let (severity, persona) = match note.level {
        Level::Error if (3000..4000).contains(&note.code) && !breaks(note.code, dialect) => {
            (Severity::Medium, Persona::Pedantic)
        }
        Level::Error => (Severity::Medium, Persona::Regular),
        Level::Warning => {
            (Severity::Medium, if breaks(note.code, dialect) { Persona::Regular } else { Persona::Pedantic })
        }
        Level::Info => (Severity::Low, Persona::Pedantic),
        Level::Style => (Severity::Info, Persona::Auditor),
    };
    let written = docker.file.text.get(note.span.start..note.span.end).unwrap_or_default();
    let short = !written.is_empty() && written.chars().count() <= 40 && !written.contains(['\n', '`']);
    let subject = if short { format!("`{written}`: ") } else { String::new() };
    let message = format!("{subject}{} ({alias})", note.message);
    let finding = out.finding(message.trim_end_matches('.'));
    let finding = finding
        .aliases(&[&alias])
        .severity(severity)
        .persona(persona)
        .why(why(&note, dialect))
        .help(format!(
            "see ShellCheck's page {alias}; to keep it, write `# shellcheck disable={alias}` above it"
        ))
        .at_file(&docker.file, within(note.span, item))
        .command(format!("shellcheck --shell={} --include={alias} SCRIPT", dialect.word()));
    if let Some(change) = note.change {
        let applicability = if change.safe { Applicability::Safe } else { Applicability::Unsafe };
        let edits = change.edits.into_iter().map(|(span, text)| Edit { span, text }).collect();
        finding.fix(applicability, change.title, &docker.file, edits);
    }
}

/// Whether a warning is about a script that certainly does something else than what is written.
///
/// Most warnings are about values nobody has (unquoted words) or results nobody looks at.
fn breaks(code: u16, dialect: Dialect) -> bool {
    match code {
        // What this shell cannot do.
        3000..4000 => matches!(dialect, Dialect::Dash | Dialect::Busybox),
        // Typographic quotes and blanks, `done` and quotes that are read as words, a continuation with blanks behind it.
        1010 | 1015 | 1016 | 1018 | 1078 | 1100 | 1101 | 1110 | 1111 => true,
        // Paths that may be empty before `rm -rf`, quotes that stay in the value, `~` that stays what it is.
        2088..=2092 | 2114 | 2115 => true,
        // A `cd` that fails unseen, so that what follows works elsewhere.
        2164 => true,
        // Conditions that never change, patterns that never match.
        2050 | 2076 | 2078 | 2157 | 2193 | 2194 | 2195 | 2221 | 2222 => true,
        // Redirections in the wrong order or of the wrong number, input nobody reads, programs without operands.
        2024 | 2069 | 2210 | 2216 | 2217 | 2224 | 2225 | 2226 | 2238 | 2239 | 2259 | 2260 | 2261 => true,
        _ => false,
    }
}

/// The finding's place, kept inside of the instruction.
fn within(span: Span, item: &Instruction) -> Span {
    let start = span.start.clamp(item.span.start, item.span.end);
    Span::new(start, span.end.clamp(start, item.span.end))
}

fn why(note: &Note, dialect: Dialect) -> &'static str {
    if (3000..4000).contains(&note.code) {
        return match dialect {
            Dialect::Dash => "`/bin/sh` of this base image is dash, which cannot do it",
            Dialect::Busybox => "`/bin/sh` of this base image is busybox, which cannot do it",
            _ => "the script runs in `/bin/sh`, and not every shell of that name can do it",
        };
    }
    match note.level {
        Level::Error => "the shell does not run what is written here",
        Level::Warning => "the shell reads it otherwise than it looks",
        Level::Info => "it goes wrong for some values",
        Level::Style => "there is a plainer way to write it",
    }
}
