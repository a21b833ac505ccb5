//! Reports features that work against whoever reads or checks the workflow.

use super::steps::{Group, groups};
use crate::{Cx, Sink};
use seaworthy_finding::Span;
use seaworthy_workflow::{Step, Text};
use std::collections::BTreeSet;

declare_rule! {
    name: "discouraged-feature",
    summary: "a step uses a feature that hides what it does",
    passes: "no step uses a feature that hides what it does",
    family: Workflow, category: Security, severity: Info, confidence: High, persona: Auditor,
    aliases: ["zizmor/misfeature"], refs: ["GitHub workflow syntax, jobs.<job_id>.steps[*].shell"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        let mut seen = BTreeSet::new();
        for step in group.steps {
            let Some((place, message)) = found(&group, step) else { continue };
            if !seen.insert(place.start) {
                continue;
            }
            out.finding(message)
                .why("neither people nor tools can tell what such a step does")
                .help("use `bash` or `pwsh`, and an environment of the project's own for packages")
                .at_file(group.file, place)
                .command(format!("grep -n -e 'shell:' -e 'pip-install' {}", group.file.path));
        }
    }
}

fn found(group: &Group<'_>, step: &Step) -> Option<(Span, String)> {
    if step.uses("actions/setup-python") {
        let entry = step.input("pip-install")?;
        return Some((entry.key.span, "`pip-install` installs into the Python of the machine".to_owned()));
    }
    step.run.as_ref()?;
    let of_job = group.job.and_then(|job| job.defaults.shell.as_ref());
    let of_workflow = group.workflow.and_then(|workflow| workflow.defaults.shell.as_ref());
    let shell: &Text = step.shell.as_ref().or(of_job).or(of_workflow)?;
    if shell.has_expression() {
        return None;
    }
    let path = shell.value.split(' ').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "bash" | "pwsh" | "python" | "sh" | "powershell" => None,
        "cmd" | "cmd.exe" => Some((shell.span, "`cmd` has no grammar that tools could read".to_owned())),
        other => Some((shell.span, format!("`{other}` is no shell that the platform knows"))),
    }
}
