//! Reports package managers whose caches stayed in the layer that used them.

use super::history::runs;
use crate::{Cx, Sink};

declare_rule! {
    name: "history-cache-left",
    summary: "an instruction of the image leaves a package manager's cache",
    passes: "no instruction of the image leaves a package manager's cache",
    family: Image, category: Size, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["DKL-DI-0004", "DKL-DI-0005"], refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for run in runs(image) {
        let removed = |folder: &str| {
            run.commands.iter().any(|command| {
                command.program() == "rm"
                    && command.words.iter().any(|word| {
                        folder.starts_with(word.trim_end_matches(['*', '/'])) || word.starts_with(folder)
                    })
            })
        };
        let mounted = |folder: &str| run.text.contains("--mount=type=cache") && run.text.contains(folder);
        for command in &run.commands {
            let (what, alias, help) = match (command.program(), command.verb()) {
                ("apk", Some("add")) => {
                    if command.has("--no-cache")
                        || removed("/var/cache/apk")
                        || mounted("/var/cache/apk")
                        || mounted("/etc/apk/cache")
                    {
                        continue;
                    }
                    ("the package index", "DKL-DI-0004", "write `apk add --no-cache …`")
                }
                ("apt-get" | "apt", Some("install")) => {
                    if removed("/var/lib/apt/lists") || mounted("/var/lib/apt") {
                        continue;
                    }
                    (
                        "the package lists",
                        "DKL-DI-0005",
                        "end the instruction with `rm -rf /var/lib/apt/lists/*`",
                    )
                }
                _ => continue,
            };
            out.finding(format!(
                "history entry {}: `{}` leaves {what} in the layer",
                run.index + 1,
                command.shown()
            ))
            .aliases(&[alias])
            .why("the cache is shipped with every pull and is never used")
            .help(help)
            .at_config(format!("history {}", run.index))
            .command("docker history --no-trunc IMAGE");
            break;
        }
    }
}
