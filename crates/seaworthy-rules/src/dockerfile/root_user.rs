//! Reports a final stage that runs as root.

use super::{final_chain, for_tools};
use crate::{Cx, Sink, bases};
use seaworthy_dockerfile::{Base, Command, Dockerfile, Instruction, Keyword, Kind, Stage, Word};
use seaworthy_finding::{Confidence, Persona, Severity};

declare_rule! {
    name: "root-user",
    summary: "the final stage runs as root",
    passes: "the final stage sets a user that is not root",
    family: Dockerfile, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["DL3002", "CIS-DI-0001", "CKV_DOCKER_3", "CKV_DOCKER_8", "DS-0002", "run-as-root"], refs: ["Dockerfile reference, USER", "CIS Docker Benchmark 4.1"],
}

/// Commands that wait for somebody to type, and the script official images put before them.
const PROMPTS: [&str; 12] = [
    "sh",
    "bash",
    "ash",
    "node",
    "python",
    "python3",
    "irb",
    "iex",
    "erl",
    "jshell",
    "perl",
    "docker-entrypoint.sh",
];
/// Programs that start another one as another user.
const DROPPERS: [&str; 6] = ["gosu", "su-exec", "setpriv", "s6-overlay", "s6-setuidgid", "runuser"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let chain = final_chain(&docker.tree);
        let why =
            "root in the container owns every file in it and is one kernel bug away from root on the host";
        let help = "end the last stage with a numeric user, such as `USER 65532:65532`";
        // What the last `USER` of the whole file says is what most other tools look at.
        let mut users = docker.tree.instructions.iter().rev().filter_map(user);
        let shared: Vec<&str> = match users.next() {
            Some(word) if word.raw == "root" => vec!["DS-0002", "CKV_DOCKER_8"],
            Some(word) if is_root(&word.raw) => vec!["DS-0002"],
            Some(_) => Vec::new(),
            None => vec!["DS-0002", "CKV_DOCKER_3"],
        };
        if let Some(word) = final_user(&docker.tree) {
            let name = word.unquoted();
            if matches!(name.split(':').next(), Some("root" | "0")) {
                let mut aliases = vec!["CIS-DI-0001", "run-as-root"];
                aliases.extend(is_root(&word.raw).then_some("DL3002"));
                aliases.extend(shared);
                // An entrypoint that gives root up has to begin as root.
                let dropped = gives_root_up(&chain, &docker.file.text) || for_tools(&docker.file.path);
                out.finding(format!("the last `USER` of the final stage is `{name}`"))
                    .aliases(&aliases)
                    .persona(if dropped { Persona::Pedantic } else { Persona::Regular })
                    .why(why)
                    .help(help)
                    .at_file(&docker.file, word.span)
                    .command(format!("grep -n '^USER' {}", docker.file.path));
            }
            continue;
        }
        let (Some(stage), Some(root)) = (chain.first(), chain.last()) else { continue };
        let base = match &root.base {
            Base::Image(name) if name.contains("nonroot") => continue,
            Base::Image(name) => name.split('@').next().unwrap_or(name),
            _ => "scratch",
        };
        let certain = root.base == Base::Scratch;
        let known = certain || bases::ends_with_root(base);
        let message = if known {
            format!("the final stage has no `USER`, and `{base}` sets none, so it runs as root")
        } else {
            format!("the final stage has no `USER`, so it runs as root unless `{base}` sets one")
        };
        let text = &docker.file.text;
        let shown = known && serves(&chain) && !gives_root_up(&chain, text) && !is_system(&chain, text);
        let mut aliases = vec!["CIS-DI-0001", "run-as-root"];
        aliases.extend(shared);
        out.finding(message)
            .aliases(&aliases)
            .persona(if shown && !for_tools(&docker.file.path) {
                Persona::Regular
            } else {
                Persona::Pedantic
            })
            .severity(if certain { Severity::High } else { Severity::Medium })
            .confidence(if certain { Confidence::High } else { Confidence::Medium })
            .why(why)
            .help(help)
            .at_file(&docker.file, stage.from.span)
            .command(format!("grep -n '^USER' {}", docker.file.path));
    }
}

fn user(item: &Instruction) -> Option<&Word> {
    match &item.kind {
        Kind::User(word) if !item.broken => Some(word),
        _ => None,
    }
}

/// Whether an image is run for what it does: it has a command that is more than a prompt, or a port.
///
/// Images of tools, of languages and of mere files are begun with or copied from.
fn serves(chain: &[Stage<'_>]) -> bool {
    let mut items = chain.iter().flat_map(|stage| stage.instructions);
    items.any(|item| match &item.kind {
        Kind::Expose { .. } => true,
        Kind::Cmd(Command::Exec(words)) | Kind::Entrypoint(Command::Exec(words)) => {
            let first = words.first().map(Word::unquoted).unwrap_or_default();
            let name = first.rsplit('/').next().unwrap_or_default();
            words.len() > 1 || !(name.is_empty() || PROMPTS.contains(&name))
        }
        Kind::Cmd(Command::Shell { script, .. }) | Kind::Entrypoint(Command::Shell { script, .. }) => {
            let name = script.trim().rsplit('/').next().unwrap_or_default();
            !(name.is_empty() || PROMPTS.contains(&name))
        }
        _ => false,
    })
}

/// Whether an image is a whole system: its first process has to be root.
fn is_system(chain: &[Stage<'_>], text: &str) -> bool {
    let mut items = chain.iter().flat_map(|stage| stage.instructions);
    items.any(|item| {
        matches!(item.keyword, Keyword::Cmd | Keyword::Entrypoint)
            && ["/sbin/init", "/systemd/systemd"].iter().any(|init| item.span.of(text).contains(init))
    })
}

/// Whether the build brings a program whose only use is to give root up when the container starts.
fn gives_root_up(chain: &[Stage<'_>], text: &str) -> bool {
    let mut items = chain.iter().flat_map(|stage| stage.instructions);
    items.any(|item| {
        let copies =
            matches!(item.keyword, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Entrypoint);
        copies && DROPPERS.iter().any(|name| item.span.of(text).contains(name))
    })
}

/// The user the final image runs as, where the file says it.
pub(crate) fn final_user(tree: &Dockerfile) -> Option<&Word> {
    final_chain(tree).iter().find_map(|stage| stage.instructions.iter().rev().find_map(user))
}

/// Whether a `USER` is written as root.
pub(crate) fn is_root(raw: &str) -> bool {
    matches!(raw.split(':').next(), Some("root" | "0"))
}
