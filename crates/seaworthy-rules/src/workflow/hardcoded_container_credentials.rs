//! Reports passwords of job containers and services that are written out.

use crate::{Cx, Sink};

declare_rule! {
    name: "hardcoded-container-credentials",
    summary: "the password of a registry is written into the workflow",
    passes: "no password of a registry is written into a workflow",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["zizmor/hardcoded-container-credentials", "actionlint/credentials"],
    refs: ["GitHub workflow syntax, jobs.<job_id>.container.credentials"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let container =
                job.container.iter().map(|container| (format!("the job `{}`", job.id.value), container));
            let services = job
                .services
                .iter()
                .map(|(name, container)| (format!("the service `{}`", name.value), container));
            for (owner, container) in container.chain(services) {
                let Some(password) = &container.password else { continue };
                if super::steps::whole_expression(&password.value) || password.is_null() {
                    continue;
                }
                out.finding(format!(
                    "the registry password of {owner} is written out ({} characters)",
                    password.value.chars().count()
                ))
                .why("everyone who can read the repository has it")
                .help(
                    "revoke it, store it as a secret, and write `password: ${{ secrets.REGISTRY_PASSWORD }}`",
                )
                .at_file(&fact.file, password.span)
                .command(format!("grep -n 'password:' {}", fact.file.path));
            }
        }
    }
}
