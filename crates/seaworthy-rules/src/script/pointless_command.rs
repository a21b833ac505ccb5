//! Reports commands that do nothing useful while an image is built.

use super::call::{base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "pointless-command",
    summary: "a command does nothing useful in a build",
    passes: "no command is without use in a build",
    family: Dockerfile, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["DL3001"],
    refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple) else { continue };
                let program = simple.words.get(at).map_or("", |word| base(word));
                let verb = simple.words.get(at + 1).map_or("", String::as_str);
                let (why, help, peer) = match program {
                    "ssh" => (
                        "there is no agent and no terminal",
                        "use `RUN --mount=type=ssh` with the program that needs it",
                        true,
                    ),
                    "vim" | "top" => ("there is no terminal", "edit with `sed`, or copy the file", true),
                    "shutdown" | "kill" => (
                        "nothing runs in a build that was not started by the same `RUN`",
                        "leave it out",
                        true,
                    ),
                    "service" => {
                        ("what it starts ends with the layer", "start it in `ENTRYPOINT` or `CMD`", true)
                    }
                    "ps" | "free" => ("it tells of the machine that builds", "leave it out", true),
                    "mount" => ("a mount is not part of a layer", "use `RUN --mount` or a volume", true),
                    "systemctl"
                        if matches!(verb, "start" | "restart" | "reload" | "stop" | "daemon-reload") =>
                    {
                        (
                            "no systemd runs in a build",
                            "use `systemctl enable`, or start it in `ENTRYPOINT`",
                            false,
                        )
                    }
                    _ => continue,
                };
                out.finding(format!("`{program}` has no use in a build"))
                    .aliases(if peer { &["DL3001"] } else { &[] })
                    .why(why)
                    .help(help)
                    .at_file(&docker.file, place_of(simple, at))
                    .command(format!("grep -nw '{program}' {}", docker.file.path));
            }
        }
    }
}
