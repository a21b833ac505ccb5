//! Reports passwords of registries written into a workflow.

use crate::{Cx, Sink};

declare_rule! {
    name: "literal-container-password",
    summary: "a registry's password is written into the workflow",
    passes: "no registry's password is written into the workflow",
    family: Workflow, category: Security, severity: Critical, confidence: High, persona: Regular,
    aliases: ["actionlint/credentials"],
    refs: ["GitHub documentation, jobs.<job_id>.container.credentials"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let own =
                job.container.iter().map(|container| (format!("the job `{}`", job.id.value), container));
            let services =
                job.services.iter().map(|(name, found)| (format!("the service `{}`", name.value), found));
            for (who, container) in own.chain(services) {
                let Some(password) = &container.password else { continue };
                if password.is_expression() || password.value.is_empty() {
                    continue;
                }
                let length = password.value.chars().count();
                out.finding(format!("{who} has its registry's password in the file ({length} characters)"))
                    .why(
                        "everyone who can read the repository has it, and so has everyone who ever cloned it",
                    )
                    .help(
                        "change the password, store the new one as a secret, and write `${{ secrets.NAME }}`",
                    )
                    .at_file(&fact.file, password.span)
                    .command(format!("grep -n 'password:' {}", fact.file.path));
            }
        }
    }
}
