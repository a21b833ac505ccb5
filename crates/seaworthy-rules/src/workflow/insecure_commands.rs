//! Reports workflows that switch the commands `set-env` and `add-path` on again.

use super::edit::remove_entry;
use super::steps::{Group, groups};
use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use seaworthy_finding::Applicability;
use seaworthy_workflow::{Env, Node};

declare_rule! {
    name: "insecure-commands",
    summary: "whatever a step prints may set the environment",
    passes: "what a step prints cannot set the environment",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Regular, fix: Unsafe,
    aliases: ["zizmor/insecure-commands", "CKV_GHA_1"], refs: ["GitHub, deprecating set-env and add-path commands"],
}

const NAME: &str = "ACTIONS_ALLOW_UNSECURE_COMMANDS";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    each_environment(cx, &mut |file, env, node| {
        let Some(entry) = env.get(NAME) else { return };
        if !entry.as_str().trim().eq_ignore_ascii_case("true") {
            return;
        }
        let place = env.key.unwrap_or(entry.key.span);
        let finding = out
            .finding(format!("`{NAME}: true` lets every line a step prints set variables"))
            .why("a build that prints a file or a log it does not control hands over `PATH` and the token")
            .help("remove it, and write to `$GITHUB_ENV` and `$GITHUB_PATH`")
            .at_file(file, place)
            .command(format!("grep -n {NAME} {}", file.path));
        let mapping = node.and_then(|node| node.get("env"));
        let known =
            mapping.and_then(|mapping| mapping.entry(&entry.key.value).map(|(key, _)| (mapping, key)));
        if let Some(edit) = known.and_then(|(mapping, key)| remove_entry(&file.text, place, mapping, key)) {
            finding.fix(Applicability::Unsafe, format!("Remove `{NAME}`"), file, vec![edit]);
        }
    });
}

/// The environments a runner's commands depend on: of workflows, of their jobs with steps, and of `run` steps.
pub(super) fn each_environment(cx: &Cx<'_>, visit: &mut dyn FnMut(&TextFile, &Env, Option<&Node>)) {
    for fact in cx.workflows() {
        visit(&fact.file, &fact.workflow.env, fact.workflow.root.as_deref());
        for job in fact.workflow.jobs.iter().filter(|job| job.uses.is_none()) {
            visit(&fact.file, &job.env, Some(&job.node));
        }
    }
    for group in groups(cx) {
        let Group { file, steps, .. } = group;
        for step in steps.iter().filter(|step| step.run.is_some()) {
            visit(file, &step.env, Some(&step.node));
        }
    }
}
