//! Reports CI jobs that talk to a Docker daemon without TLS.

use super::pipeline::jobs;
use crate::{Cx, Sink};
use seaworthy_facts::{PipelineFact, PipelineJob, PipelineVariable};
use std::collections::BTreeSet;

declare_rule! {
    name: "unencrypted-docker-daemon",
    summary: "the Docker daemon of a CI job listens without TLS",
    passes: "the Docker daemon of every CI job listens with TLS",
    family: Workflow, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["GitLab documentation, Docker-in-Docker with TLS enabled"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in jobs(pipeline) {
            let dind = job.services.iter().any(|service| service.name.value.contains("dind"));
            if !dind {
                continue;
            }
            let Some((variable, what)) = plain(pipeline, job) else { continue };
            if !seen.insert(variable.name.span.start) {
                continue;
            }
            out.finding(format!("the Docker daemon of the job `{}` listens without TLS: {what}", job.name.value))
                .why("whoever reaches the runner's network gets a root shell on the build and can change the image")
                .help("set `DOCKER_TLS_CERTDIR: \"/certs\"` and let the client use port 2376")
                .at_file(&pipeline.file, variable.name.span)
                .command(format!("grep -n '{}' {}", variable.name.value, pipeline.file.path));
        }
    }
}

/// The variable that turns TLS off, and what it says.
fn plain<'a>(pipeline: &'a PipelineFact, job: &'a PipelineJob) -> Option<(&'a PipelineVariable, String)> {
    let of_services = |name: &str| {
        let all = job.services.iter().flat_map(|service| &service.variables);
        all.into_iter().find(|known| known.name.value == name)
    };
    let of = |name: &str| of_services(name).or_else(|| pipeline.variable(job, name));
    let value = |known: &PipelineVariable| known.value.as_ref().map(|value| value.value.clone());
    if let Some(known) = of("DOCKER_TLS_CERTDIR")
        && value(known).is_some_and(|value| value.trim().is_empty())
    {
        return Some((known, "`DOCKER_TLS_CERTDIR` is empty".to_owned()));
    }
    let host = of("DOCKER_HOST")?;
    let text = value(host)?;
    let certs = of("DOCKER_TLS_CERTDIR").is_some();
    (text.starts_with("tcp://") && text.ends_with(":2375") && !certs)
        .then(|| (host, format!("`DOCKER_HOST` is `{text}`")))
}
