//! Reports a health check that calls a program the final stage does not have.

use super::final_chain;
use crate::script::shell;
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
        let Some(base) = chain.last().and_then(|root| lacking(&root.base)) else { continue };
        let (mut needed, shell_form) = programs(command);
        if shell_form {
            needed.insert(0, "sh".to_owned());
        }
        let missing =
            needed.iter().find(|name| base.lacks.contains(&name.as_str()) && !brought(&chain, name));
        let Some(missing) = missing else { continue };
        let what = if missing == "sh" && shell_form {
            "is in shell form, and".to_owned()
        } else {
            format!("calls `{missing}`, and")
        };
        out.finding(format!("the health check {what} {} has no `{missing}`", base.name))
            .why("the check fails for ever, so the container is unhealthy although the service works")
            .help("use a subcommand of the program itself in exec form, such as `HEALTHCHECK CMD [\"/app\", \"health\"]`")
            .at_file(&docker.file, item.span)
            .command(format!("docker run --rm --entrypoint {missing} IMAGE --version"));
    }
}

/// A base image and well-known programs it lacks.
struct Known {
    name: String,
    lacks: &'static [&'static str],
}

/// What is known of a base; nothing where it may have everything.
fn lacking(base: &Base) -> Option<Known> {
    const NOTHING: &[&str] =
        &["sh", "bash", "curl", "wget", "nc", "python", "python3", "node", "pg_isready", "grep"];
    let Base::Image(full) = base else {
        return matches!(base, Base::Scratch).then(|| Known { name: "`scratch`".to_owned(), lacks: NOTHING });
    };
    let image = full.split('@').next().unwrap_or(full);
    let (path, tag) = match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (image, ""),
    };
    let last = path.rsplit('/').next().unwrap_or(path);
    let lacks: &[&str] = if path.contains("distroless") {
        if tag.contains("debug") {
            return None;
        }
        if path.contains("python") {
            &["sh", "bash", "curl", "wget", "nc", "node", "pg_isready", "grep"]
        } else if path.contains("nodejs") {
            &["sh", "bash", "curl", "wget", "nc", "python", "python3", "pg_isready", "grep"]
        } else {
            NOTHING
        }
    } else if last == "alpine" || tag.contains("alpine") {
        &["curl"]
    } else if last == "busybox" {
        &["curl", "bash", "python", "python3"]
    } else if matches!(last, "debian" | "ubuntu")
        || (tag.contains("slim") && matches!(last, "python" | "node" | "ruby" | "rust" | "openjdk"))
    {
        &["curl", "wget", "nc"]
    } else {
        return None;
    };
    Some(Known { name: format!("`{full}`"), lacks })
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
        Kind::Run(_) => {
            shell::commands(item).iter().any(|simple| simple.rest().iter().skip(1).any(|word| package(word)))
        }
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
