//! Reports what BuildKit refuses, or reads otherwise than it was meant.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{ErrorKind, Keyword, Kind, Phase, SyntaxError, scope};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Persona, Severity, Span};

declare_rule! {
    name: "syntax-error",
    summary: "the Dockerfile does not read",
    passes: "the Dockerfile reads",
    family: Dockerfile, category: Runtime, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: ["x/build-error", "x/inline-comment", "DL1000", "DL3061", "DL3043", "DL3011", "DS-0008", "InvalidDefaultArgInFrom"], refs: ["Dockerfile reference"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for error in &docker.errors {
            let mut aliases: Vec<&str> = Vec::new();
            aliases.extend((error.kind == ErrorKind::InlineComment).then_some("x/inline-comment"));
            if error.fatal {
                aliases.push("x/build-error");
            }
            match error.kind {
                ErrorKind::EmptyContinuation => continue,
                ErrorKind::BadPort if !error.fatal => continue,
                // What an image without a command means has a rule of its own.
                ErrorKind::MissingArgument
                    if matches!(
                        error.span.of(&docker.file.text).to_ascii_uppercase().as_str(),
                        "CMD" | "ENTRYPOINT"
                    ) && keyword_at(docker, error.span) != Some(Keyword::Healthcheck) =>
                {
                    continue;
                }
                ErrorKind::NoStage if error.phase == Phase::Build => {}
                ErrorKind::NoStage => aliases.push("DL3061"),
                ErrorKind::BadOnbuild => aliases.push("DL3043"),
                ErrorKind::BadPort => aliases.extend(too_great(error.span.of(&docker.file.text))),
                ErrorKind::InlineComment => {}
                _ if error.fatal => aliases.push("DL1000"),
                _ => {}
            }
            report(docker, error, &aliases, out);
            if error.kind == ErrorKind::NoStage {
                outside(docker, error.span, out);
            }
        }
        let globals = docker.tree.globals();
        for error in docker.tree.build_errors(&|_| None) {
            let Some(aliases) = resolved(docker, &error, globals) else { continue };
            report(docker, &error, aliases, out);
        }
    }
}

fn report(docker: &DockerfileFact, error: &SyntaxError, aliases: &[&str], out: &mut Sink) {
    let (severity, why) = if error.fatal {
        (Severity::Critical, "BuildKit refuses the file, so nothing can be built")
    } else {
        (Severity::Medium, "BuildKit accepts the line, but builds something else than was meant")
    };
    let help = match error.kind {
        ErrorKind::InlineComment => "move the comment to a line of its own above the instruction",
        ErrorKind::UnterminatedHeredoc => "end the heredoc with its word alone on a line",
        ErrorKind::JsonLike => "write a JSON array with double quotes, or no brackets at all",
        _ => "write what the message says; nothing else in the file is affected",
    };
    // The words behind an `ARG` become arguments nobody asks for, and the build is the same.
    let harmless = error.kind == ErrorKind::InlineComment && !error.fatal && declares(docker, error.span);
    let message = if harmless {
        "the words behind `#` are declared as further arguments, since a comment begins a line".to_owned()
    } else {
        error.message.clone()
    };
    out.finding(message)
        .severity(if harmless { Severity::Low } else { severity })
        .persona(if harmless { Persona::Pedantic } else { Persona::Regular })
        .aliases(aliases)
        .why(why)
        .help(help)
        .at_file(&docker.file, error.span)
        .command(format!("docker build --check -f {} .", docker.file.path));
}

/// Whether an error lies in an `ARG`.
fn declares(docker: &DockerfileFact, place: Span) -> bool {
    keyword_at(docker, place) == Some(Keyword::Arg)
}

/// The instruction a place lies in.
fn keyword_at(docker: &DockerfileFact, place: Span) -> Option<Keyword> {
    let items = &docker.tree.instructions;
    let at = items.partition_point(|item| item.span.start <= place.start);
    Some(items.get(at.checked_sub(1)?)?.keyword)
}

/// The other tools that refuse a port because its number is too great.
fn too_great(text: &str) -> Vec<&'static str> {
    let numbers = text.split('/').next().unwrap_or(text);
    let number = |part: &str| part.parse::<u64>().ok();
    let parts: Vec<Option<u64>> = numbers.split('-').map(number).collect();
    let mut all = Vec::new();
    if parts.len() <= 2
        && parts.iter().all(Option::is_some)
        && parts.iter().flatten().any(|port| *port > 65535)
    {
        all.push("DL3011");
    }
    if number(numbers).is_some_and(|port| port > 65535) {
        all.push("DS-0008");
    }
    all
}

/// hadolint reports every instruction before the first `FROM`; the parser's error is about the first.
fn outside(docker: &DockerfileFact, first: Span, out: &mut Sink) {
    let items = docker.tree.instructions.iter();
    let before = items.take_while(|item| item.keyword != Keyword::From);
    let further = before.filter(|item| !matches!(item.keyword, Keyword::Arg | Keyword::Unknown));
    for item in further.filter(|item| item.keyword_span != first).take(MOST) {
        out.finding(format!("{} stands before the first FROM too", item.keyword))
            .aliases(&["DL3061"])
            .why("BuildKit refuses the file, so nothing can be built")
            .help("write `FROM image` above it")
            .at_file(&docker.file, item.keyword_span)
            .command(format!("docker build --check -f {} .", docker.file.path));
    }
}

/// Further instructions before the first `FROM` that are named.
const MOST: usize = 20;

/// The aliases of an error that shows only with values; none where another rule reports it.
fn resolved(
    docker: &DockerfileFact,
    error: &SyntaxError,
    globals: &scope::Args,
) -> Option<&'static [&'static str]> {
    let items = &docker.tree.instructions;
    let at = items.partition_point(|item| item.span.start <= error.span.start).checked_sub(1)?;
    let item = items.get(at)?;
    match &item.kind {
        // What a default of an argument would mend is told with the argument's name there.
        Kind::From { image, .. } if image.span == error.span => {
            (!image.has_variable()).then_some(&["x/build-error", "InvalidDefaultArgInFrom"])
        }
        Kind::From { .. } => {
            let platform = item.flag_value("platform")?;
            let undeclared = platform.variables().iter().any(|variable| {
                !globals.is_declared(&variable.name) && !scope::is_predefined(&variable.name)
            });
            (!undeclared).then_some(&["x/build-error"])
        }
        // `--from` has a rule of its own.
        Kind::Copy { .. } if item.flag_value("from").is_some_and(|word| word.span == error.span) => None,
        _ => Some(&["x/build-error"]),
    }
}
