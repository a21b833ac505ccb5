//! Reports registry passwords among the arguments of a command.

use super::cli::{self, Act};
use super::{pipeline, publish};
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "login-password-argument",
    summary: "a registry's password is an argument of `docker login`",
    passes: "no registry's password is an argument of `docker login`",
    family: Workflow, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["x/login-password-argument"],
    refs: ["Docker documentation, docker login: provide a password using STDIN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let jobs = fact.workflow.jobs.iter().flat_map(|job| &job.steps);
        for step in jobs.filter(|step| step.run.as_ref().is_some_and(|run| run.value.contains("login"))) {
            let commands = publish::commands(&fact.file, step);
            for command in &commands {
                let login = cli::acts(command).into_iter().find_map(|act| match act {
                    Act::Login { password } => Some(password.to_owned()),
                    _ => None,
                });
                let Some(password) = login else { continue };
                let word = publish::word(&fact.file, command.span, &password);
                out.finding(format!("`{} login` gets the password as an argument", command.program()))
                    .why("every process of the machine can read the arguments of the others, and a failing command is printed with them")
                    .help("write `printf '%s' \"$PASSWORD\" | docker login --username NAME --password-stdin REGISTRY`, or use docker/login-action")
                    .at_file(&fact.file, word)
                    .command(format!("grep -n 'login' {}", fact.file.path));
            }
        }
    }
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in pipeline::jobs(pipeline) {
            for command in pipeline::commands(job) {
                for act in cli::acts(&command) {
                    let Act::Login { password } = act else { continue };
                    if !seen.insert(command.span.start) {
                        continue;
                    }
                    out.finding(format!("`{} login` gets the password as an argument", command.program()))
                        .why("every process of the machine can read the arguments of the others, and a failing command is printed with them")
                        .help("write `printf '%s' \"$CI_REGISTRY_PASSWORD\" | docker login --username \"$CI_REGISTRY_USER\" --password-stdin \"$CI_REGISTRY\"`")
                        .at_file(&pipeline.file, pipeline::word(&pipeline.file, command.span, password))
                        .command(format!("grep -n 'login' {}", pipeline.file.path));
                }
            }
        }
    }
}
