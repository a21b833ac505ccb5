//! Reports a health check that calls a program the final stage does not have.

use super::final_chain;
use crate::bases;
use crate::script::{Simple, shell};
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Command, Healthcheck, Kind, OffsetMap, Stage};

declare_rule! {
    name: "healthcheck-tool-missing",
    summary: "the health check calls a program the image does not have",
    passes: "the health check's programs are in the image, as far as it shows",
    family: Dockerfile, category: Runtime, severity: High, confidence: Medium, persona: Regular,
    aliases: ["x/health-tool-missing", "healthcheck.binary-exists"], refs: ["Dockerfile reference, HEALTHCHECK"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let chain = final_chain(&docker.tree);
        let mut items = chain.iter().flat_map(|stage| stage.instructions.iter().rev());
        let Some((item, command)) = items.find_map(|item| match &item.kind {
            Kind::Healthcheck(Healthcheck::Cmd(command)) => Some((item, command)),
            _ => None,
        }) else {
            continue;
        };
        let Some(root) = chain.last() else { continue };
        let lacks = bases::of_base(&root.base).map_or(&[][..], |facts| facts.lacks);
        let base = match &root.base {
            Base::Image(reference) => reference.as_str(),
            Base::Scratch | Base::Stage(_) => "scratch",
        };
        let (mut needed, shell_form) = programs(command);
        if shell_form {
            needed.insert(0, "sh".to_owned());
        }
        let missing = needed.iter().find(|name| lacks.contains(&name.as_str()) && !brought(&chain, name));
        let Some(missing) = missing else { continue };
        let what = if missing == "sh" && shell_form {
            "is in shell form, and".to_owned()
        } else {
            format!("calls `{missing}`, and")
        };
        out.finding(format!("the health check {what} `{base}` has no `{missing}`"))
            .why("the check fails for ever, so the container is unhealthy although the service works")
            .help("use a subcommand of the program itself in exec form, such as `HEALTHCHECK CMD [\"/app\", \"health\"]`")
            .at_file(&docker.file, item.span)
            .command(format!("docker run --rm --entrypoint {missing} IMAGE --version"));
    }
}

/// The programs of the command, and whether a shell has to run it.
fn programs(command: &Command) -> (Vec<String>, bool) {
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let split = |script: &str| {
        let mut found = Vec::new();
        shell::split(script, &OffsetMap::contiguous(0), &mut found);
        found.iter().map(|simple| simple.program().to_owned()).collect::<Vec<_>>()
    };
    match command {
        Command::Shell { script, .. } => (split(script), true),
        Command::Exec(words) => {
            let words: Vec<&str> = words.iter().map(|word| word.raw.as_str()).collect();
            match words.as_slice() {
                [shell, "-c", script, ..] if matches!(name(shell).as_str(), "sh" | "bash") => {
                    let mut all = vec![name(shell)];
                    all.extend(split(script));
                    (all, false)
                }
                [program, ..] => (vec![name(program)], false),
                [] => (Vec::new(), false),
            }
        }
    }
}

/// Whether a command may install anything: a script or a program of the project, or a list that is not written out.
fn hides(simple: &Simple) -> bool {
    let rest = simple.rest();
    let program = rest.first().map_or("", String::as_str);
    let system =
        ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"].iter().any(|start| program.starts_with(start));
    let script =
        |word: &str| word.contains('/') && !word.starts_with(['-', '>', '<']) && !word.contains("://");
    let installs = rest.iter().any(|word| matches!(word.as_str(), "install" | "add"));
    (script(program) && !system)
        || matches!(program, "ansible-playbook" | "puppet" | "chef-client" | "make")
        || (matches!(program, "sh" | "bash" | "dash")
            && rest.get(1).is_some_and(|word| script(word) || word.rsplit('.').next() == Some("sh")))
        || (installs && rest.iter().skip(1).any(|word| word.starts_with(['$', '@']) || word.contains("$(")))
        || (program == "xargs" && installs)
}

/// Whether an instruction of the final stages may bring the program: it, or busybox, is installed or copied.
fn brought(chain: &[Stage<'_>], program: &str) -> bool {
    let package = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word).split(['=', '@']).next().unwrap_or(word);
        name == program
            || name.starts_with("busybox")
            || (program == "nc" && name.starts_with("netcat"))
            || (program == "pg_isready" && name.starts_with("postgresql"))
    };
    chain.iter().flat_map(|stage| stage.instructions).any(|item| match &item.kind {
        Kind::Run(_) => shell::commands(item)
            .iter()
            .any(|simple| hides(simple) || simple.rest().iter().skip(1).any(|word| package(word))),
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            let system = |text: &str| {
                matches!(text.trim_end_matches('/'), "" | "/bin" | "/usr" | "/usr/bin" | "/usr/local/bin")
            };
            sources.iter().any(|word| package(&word.unquoted()) || system(&word.unquoted()))
                || dest.iter().any(|word| package(&word.unquoted()))
        }
        _ => false,
    })
}
