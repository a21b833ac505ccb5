//! Reports images of CI jobs without a tag or with the tag `latest`, on GitHub and GitLab.

use super::cli::{self, Act};
use super::images::{Pin, images};
use super::pipeline::{commands, jobs};
use crate::{Cx, Sink};
use seaworthy_facts::{PipelineFact, PipelineImage, PipelineJob};
use seaworthy_finding::Severity;
use std::collections::BTreeSet;

declare_rule! {
    name: "mutable-job-image",
    summary: "a CI job runs in an image that moves",
    passes: "every CI job runs in an image with a fixed tag",
    family: Workflow, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["zizmor/unpinned-images"],
    refs: ["GitHub workflow syntax, jobs.<job_id>.container", "GitLab CI/CD YAML syntax reference, image"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for image in images(cx).into_iter().filter(|image| image.pin == Pin::Moving) {
        let name = &image.name;
        out.finding(format!("{} runs `{name}`, whatever that is on the day", image.owner))
            .why("whoever moves the tag runs code in this workflow, and a run cannot be repeated")
            .help("name a version, best with its digest: `image:1.2@sha256:…`")
            .at_file(image.file, image.span)
            .command(format!("grep -n '{name}' {}", image.file.path));
    }
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in jobs(pipeline) {
            let builds = commands(job).iter().any(|simple| {
                cli::acts(simple).iter().any(|act| matches!(act, Act::Push(_) | Act::Build { .. }))
            });
            for image in job.image.iter().chain(&job.services) {
                if seen.insert(image.name.span.start) {
                    one(pipeline, job, image, builds, out);
                }
            }
        }
    }
}

fn one(pipeline: &PipelineFact, job: &PipelineJob, image: &PipelineImage, builds: bool, out: &mut Sink) {
    let name = cli::expand(&image.name.value, pipeline, job);
    if name.contains(['@', '$']) {
        return;
    }
    let last = name.rsplit('/').next().unwrap_or(&name);
    let what = match last.split_once(':') {
        None => "without a tag, which means `latest`",
        Some((_, "latest")) => "under the tag `latest`",
        Some(_) => return,
    };
    let finding = out
        .finding(format!("the job `{}` runs `{name}` {what}", job.name.value))
        .why(if builds {
            "what builds the image changes from day to day, and a bad release of it is published as yours"
        } else {
            "the job may pass today and fail tomorrow with nothing changed here"
        })
        .help(format!(
            "name a version, best with its digest: `{}:1.2@sha256:…`",
            last.split(':').next().unwrap_or(last)
        ))
        .at_file(&pipeline.file, image.name.span)
        .command(format!("grep -n '{}' {}", image.name.value, pipeline.file.path));
    if !builds {
        finding.severity(Severity::Low);
    }
}
