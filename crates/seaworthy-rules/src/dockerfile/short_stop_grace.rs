//! Reports servers that are told to wait longer for open requests than Docker waits for them.

use super::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Command, Kind, Word};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::parse_duration_ms;

declare_rule! {
    name: "short-stop-grace",
    summary: "the server's grace period is longer than Docker's",
    passes: "the server's grace period fits into Docker's",
    family: Dockerfile, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["stop-grace"],
    refs: ["Docker documentation, docker stop", "uvicorn documentation, settings"],
}

/// Seconds that Docker and compose wait between the stop signal and the kill, where nothing else is said.
const DEFAULT: u64 = 10;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let Some((option, seconds, word)) = grace(docker).filter(|(_, seconds, _)| *seconds > DEFAULT) else {
            continue;
        };
        let long_enough = cx.composes().iter().any(|compose| {
            compose.services.iter().any(|service| {
                let period =
                    service.stop_grace_period.as_ref().and_then(|text| parse_duration_ms(&text.value));
                period.is_some_and(|ms| ms >= seconds.saturating_mul(1000))
                    && cx
                        .service_dockerfile(compose, service)
                        .is_some_and(|found| std::ptr::eq(found, docker))
            })
        });
        if long_enough {
            continue;
        }
        out.finding(format!("`{option}` is {seconds} seconds, and Docker kills after {DEFAULT}"))
            .why("what is still open after Docker's grace period is cut off, and the exit code is 137")
            .help(format!("run it with `--stop-timeout {seconds}`, in compose `stop_grace_period: {seconds}s`, or write less than {DEFAULT} here"))
            .at_file(&docker.file, word.span)
            .command(format!("grep -n -e '{option}' {}", docker.file.path));
    }
}

/// The option of a server's main process that says how long it waits, and its value.
fn grace(docker: &DockerfileFact) -> Option<(&'static str, u64, &Word)> {
    const OPTIONS: [(&str, &str); 3] = [
        ("uvicorn", "--timeout-graceful-shutdown"),
        ("hypercorn", "--graceful-timeout"),
        ("gunicorn", "--graceful-timeout"),
    ];
    let tree = &docker.tree;
    let stages = final_chain(tree).into_iter().map(|stage| stage.instructions);
    let words = stages.flat_map(|items| items.iter().rev()).find_map(|item| match &item.kind {
        Kind::Cmd(Command::Exec(words)) | Kind::Entrypoint(Command::Exec(words)) => Some(words),
        _ => None,
    })?;
    let (_, option) = OPTIONS.iter().find(|(server, option)| {
        words.iter().any(|word| word.raw.rsplit('/').next() == Some(server))
            && words.iter().any(|word| word.raw == *option)
    })?;
    let at = words.iter().position(|word| word.raw == *option)?;
    let word = words.get(at + 1)?;
    Some((option, word.raw.parse().ok()?, word))
}
