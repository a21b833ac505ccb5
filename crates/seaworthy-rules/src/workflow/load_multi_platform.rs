//! Reports builds for several platforms that are to be loaded into the engine.

use crate::{Cx, Sink};
use seaworthy_workflow::Text;

declare_rule! {
    name: "load-multi-platform",
    summary: "an image for several platforms is to be loaded into the engine",
    passes: "no image for several platforms is to be loaded into the engine",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["x/load-multi-platform"],
    refs: ["Docker documentation, build drivers"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            if !step.uses("docker/build-push-action") {
                continue;
            }
            let platforms = step.input_str("platforms");
            let names = platforms.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty());
            let count = names.count();
            let output = step.input("outputs").filter(|entry| entry.as_str().contains("type=docker"));
            let load = step.input("load").filter(|entry| entry.text().and_then(Text::as_bool) == Some(true));
            let Some(entry) = load.or(output).filter(|_| count > 1 && !platforms.contains("${{")) else {
                continue;
            };
            out.finding(format!("`{}` is set in a build for {count} platforms", entry.key.value))
                .why("the engine's image store takes one platform: the step fails after everything was built")
                .help("load in a build for one platform, which tests use, and push in another one for all")
                .at_file(&fact.file, entry.value.span)
                .command(format!("grep -n -e 'load:' -e 'platforms:' {}", fact.file.path));
        }
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            if step.run.as_ref().is_none_or(|run| !run.value.contains("--load")) {
                continue;
            }
            for command in super::publish::commands(&fact.file, step) {
                let words = command.rest();
                let platforms = words.iter().enumerate().find_map(|(at, word)| {
                    let value = word.strip_prefix("--platform=").map(str::to_owned);
                    value.or_else(|| (word == "--platform").then(|| words.get(at + 1).cloned()).flatten())
                });
                let several = platforms.is_some_and(|value| value.contains(','));
                if command.program() == "docker" && command.has("--load") && several {
                    out.finding("`--load` is set in a build for several platforms")
                        .why("the engine's image store takes one platform: the command fails after everything was built")
                        .help("load in a build for one platform, which tests use, and push in another one for all")
                        .at_file(&fact.file, super::publish::word(&fact.file, command.span, "--load"))
                        .command(format!("grep -n -e '--load' {}", fact.file.path));
                }
            }
        }
    }
}
