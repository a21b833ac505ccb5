//! Reports workflows and jobs without a name.

use crate::{Cx, Sink};

declare_rule! {
    name: "anonymous-workflow",
    summary: "a workflow or a job has no name",
    passes: "workflows and jobs have names",
    family: Workflow, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["zizmor/anonymous-definition"], refs: ["GitHub workflow syntax, name"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let workflow = &fact.workflow;
        let first = workflow.root.as_ref().and_then(|root| root.entries().first());
        let unnamed =
            first.filter(|_| workflow.name.is_none()).map(|(key, _)| (key.span, "the workflow".to_owned()));
        let jobs = workflow.jobs.iter().filter(|job| job.uses.is_none() && job.name.is_none());
        let jobs = jobs.map(|job| (job.id.span, format!("the job `{}`", job.id.value)));
        for (place, what) in unnamed.into_iter().chain(jobs) {
            out.finding(format!("{what} has no `name`"))
                .why("lists of runs and required checks show the file's path or the id instead")
                .help("write `name: Publish the image`")
                .at_file(&fact.file, place)
                .command(format!("grep -n 'name:' {}", fact.file.path));
        }
    }
}
