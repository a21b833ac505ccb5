//! Reports pipes whose left side may fail unseen.

use super::Simple;
use super::environment::{self, Environment, has_option};
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Applicability, Edit, Persona, Span};
use seaworthy_shell::Dialect;

declare_rule! {
    name: "missing-pipefail",
    summary: "a pipe hides that its first command failed",
    passes: "no pipe hides that its first command failed",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    fix: Unsafe,
    aliases: ["DL4006"], refs: ["Dockerfile best practices, using pipes"],
}

/// Commands that do not fail.
const STEADY: [&str; 4] = ["echo", "printf", "true", "yes"];
/// Commands that fail when nothing comes.
const NOTICES: [&str; 11] =
    ["tar", "bsdtar", "unzip", "gunzip", "gpg", "xz", "unxz", "zstd", "bunzip2", "sha256sum", "jq"];
const FETCHERS: [&str; 2] = ["curl", "wget"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        // SHELL holds for the rest of the stage, so one is enough.
        let mut mended = None;
        environment::each(&docker.tree, |item, environment| {
            if environment.shell.is_none() || environment.pipefail {
                return;
            }
            let found = cx.commands(docker, item);
            let Some(at) = hidden(found, item) else { return };
            // Dash's `echo` reads backslashes and Bash's does not, so there the shell is not changed.
            let first = mended != Some(environment.stage);
            let echoes = first
                && environment.sh == Dialect::Dash
                && docker
                    .tree
                    .instructions
                    .iter()
                    .filter(|other| other.span.start >= item.span.start)
                    .any(|other| cx.commands(docker, other).iter().any(echoes_backslash));
            let mendable = first && !echoes;
            report(docker, item, environment, &found[at..], mendable, out);
            if !matches!(item.kind, Kind::Onbuild(_)) {
                mended = Some(environment.stage);
            }
        });
    }
}

/// Whether what a command prints depends on the shell.
fn echoes_backslash(simple: &Simple) -> bool {
    simple.program() == "echo" && simple.words.iter().any(|word| word.contains('\\'))
}

/// The first command whose failure is lost in a pipe.
fn hidden(found: &[Simple], item: &Instruction) -> Option<usize> {
    let shebang = item.heredocs.iter().any(|heredoc| {
        heredoc.content.lines().next().is_some_and(|line| line.starts_with("#!") && line.contains("pipefail"))
    });
    let sets = |simple: &Simple| match simple.program() {
        "set" => has_option(simple.rest(), "pipefail"),
        "shopt" => simple.has("pipefail"),
        _ => false,
    };
    let pipes = |simple: &Simple| simple.then == "|" && !simple.place.nested;
    let at = found.iter().position(|simple| pipes(simple) || sets(simple)).filter(|_| !shebang)?;
    pipes(&found[at]).then_some(at)
}

fn report(
    docker: &DockerfileFact,
    item: &Instruction,
    environment: &Environment,
    pipe: &[Simple],
    mendable: bool,
    out: &mut Sink,
) {
    let Some(first) = pipe.first() else { return };
    let length = pipe.iter().take_while(|simple| simple.then == "|").count();
    let (left, last) = (&pipe[..length], pipe.get(length));
    let persona = if left.iter().all(|simple| STEADY.contains(&simple.program())) {
        Persona::Auditor
    } else if left.iter().any(|simple| FETCHERS.contains(&simple.program()))
        && !left.iter().skip(1).chain(last).any(|simple| NOTICES.contains(&simple.program()))
    {
        Persona::Regular
    } else {
        Persona::Pedantic
    };
    let words = match environment.sh {
        Dialect::Busybox => "[\"/bin/ash\", \"-eo\", \"pipefail\", \"-c\"]",
        _ => "[\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
    };
    let name = match first.program() {
        "" => "a command",
        name => name,
    };
    let finding = out
        .finding(format!("the pipe hides whether `{name}` fails"))
        .persona(persona)
        .why("a shell asks only the last command of a pipe, so the build goes on with half of the data or none")
        .help(format!("write `SHELL {words}` before it, or begin the script with `set -o pipefail`"))
        .at_file(&docker.file, first.span)
        .command("sh -c 'false | true'; echo $?");
    // Which shells an unknown image has, and what a chosen one was chosen for, is not for us to say.
    let known = matches!(environment.sh, Dialect::Busybox | Dialect::Dash | Dialect::BashAsSh);
    if known && !environment.chosen && mendable && !matches!(item.kind, Kind::Onbuild(_)) {
        let line = docker.file.text[..item.span.start].rfind('\n').map_or(0, |at| at + 1);
        let text = format!("SHELL {words}\n");
        finding.fix(
            Applicability::Unsafe,
            "let every pipe of the stage fail with its first failing command",
            &docker.file,
            vec![Edit { span: Span::new(line, line), text }],
        );
    }
}
