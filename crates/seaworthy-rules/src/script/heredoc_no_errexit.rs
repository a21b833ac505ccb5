//! Reports heredocs of `RUN` in which a failing line is passed over.

use super::Simple;
use super::environment::{self, has_option, has_switch};
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Heredoc, Instruction, Kind};
use seaworthy_finding::{Applicability, Edit, Span};
use seaworthy_shell::{Text, is_shell, texts};

declare_rule! {
    name: "heredoc-no-errexit",
    summary: "a failing line of a heredoc is passed over",
    passes: "every failing line of a heredoc fails the build",
    family: Dockerfile, category: Truth, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["x/heredoc-no-errexit"], refs: ["Dockerfile reference, RUN, here-documents"],
}

/// Commands that do not fail, or whose failure is not worth a word.
const STEADY: [&str; 9] = ["", ":", "echo", "printf", "export", "readonly", "set", "true", "umask"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        environment::each(&docker.tree, |item, environment| {
            let inner = match &item.kind {
                Kind::Onbuild(inner) => inner.as_ref(),
                _ => item,
            };
            let [heredoc, ..] = inner.heredocs.as_slice() else { return };
            let found = cx.commands(docker, item);
            let Some(body) = body(inner, heredoc, found, environment.errexit || environment.shell.is_none())
            else {
                return;
            };
            let Some(passed) = passed_over(&body) else { return };
            let at = docker.file.lines.line_col(&docker.file.text, passed.span.start).0;
            let start = heredoc.content_span.start + shebang_length(heredoc);
            out.finding(format!("when `{}` of line {at} fails, the build goes on", passed.program()))
                .why("a shell goes on behind a failing line, and a `RUN` is judged by its last one")
                .help("begin the heredoc with `set -e`")
                .at_file(&docker.file, heredoc.span)
                .command("printf 'false\\ntrue\\n' | sh; echo $?")
                .fix(
                    Applicability::Unsafe,
                    "begin the heredoc with `set -e`",
                    &docker.file,
                    vec![Edit { span: Span::new(start, start), text: "set -e\n".to_owned() }],
                );
        });
    }
}

/// The commands of the heredoc where it is a script whose shell goes on behind failing lines.
fn body<'a>(
    item: &Instruction,
    heredoc: &Heredoc,
    found: &'a [Simple],
    judged: bool,
) -> Option<Vec<&'a Simple>> {
    let own = |simple: &&Simple| {
        heredoc.content_span.start <= simple.span.start && simple.span.end <= heredoc.content_span.end
    };
    let alone = texts(item).into_iter().any(|text| match text {
        Text::Script { text, .. } => text == heredoc.content,
        Text::Words(_) => false,
    });
    if alone {
        let line = heredoc.content.lines().next().filter(|line| line.starts_with("#!"));
        let stops = match line {
            Some(line) => {
                line.split_whitespace().skip(1).any(|word| has_switch(word, 'e') || word == "errexit")
            }
            None => judged,
        };
        return (!stops).then(|| found.iter().filter(own).collect());
    }
    // The reader of the heredoc is a shell where its commands are known.
    let reader = found.iter().filter(own).find_map(|simple| found.get(simple.parent?))?;
    let words = reader.rest();
    let stops = words.iter().skip(1).any(|word| has_switch(word, 'e')) || has_option(words, "errexit");
    (is_shell(reader.program()) && !stops).then(|| found.iter().filter(own).collect())
}

/// The first command whose failure nobody sees.
fn passed_over<'a>(body: &[&'a Simple]) -> Option<&'a Simple> {
    let body: Vec<&Simple> = body.iter().copied().filter(|simple| !simple.place.substitution).collect();
    let (_, before) = body.split_last()?;
    let sets = |simple: &Simple| {
        simple.program() == "set"
            && (simple.rest().iter().any(|word| has_switch(word, 'e'))
                || has_option(simple.rest(), "errexit"))
    };
    before
        .iter()
        .copied()
        .take_while(|simple| !sets(simple))
        .find(|simple| simple.then == ";" && !simple.place.condition && !STEADY.contains(&simple.program()))
}

/// How long the line that names the interpreter is.
fn shebang_length(heredoc: &Heredoc) -> usize {
    if !heredoc.content.starts_with("#!") {
        return 0;
    }
    heredoc.content.find('\n').map_or(heredoc.content.len(), |at| at + 1)
}
