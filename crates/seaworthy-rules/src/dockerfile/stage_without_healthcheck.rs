//! Reports stages without a health check, and a file without any.

use super::missing_healthcheck;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Keyword};

declare_rule! {
    name: "stage-without-healthcheck",
    summary: "a stage has no health check",
    passes: "every stage has a health check",
    family: Dockerfile, category: Runtime, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL3057", "CKV_DOCKER_2", "DS-0026"], refs: ["CIS Docker Benchmark 4.6"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        let Some(last) = stages.len().checked_sub(1) else { continue };
        let has: Vec<bool> = stages
            .iter()
            .map(|stage| stage.instructions.iter().any(|item| item.keyword == Keyword::Healthcheck))
            .collect();
        let anywhere = docker.tree.instructions.iter().any(|item| item.keyword == Keyword::Healthcheck);
        // A stage is well when the ones it begins with, or one that begins with it, has a check.
        let mut well = has.clone();
        for stage in &stages {
            if let Base::Stage(earlier) = stage.base
                && well.get(earlier) == Some(&true)
            {
                well[stage.index] = true;
            }
        }
        for stage in stages.iter().rev() {
            if let Base::Stage(earlier) = stage.base
                && well[stage.index]
                && let Some(earlier) = well.get_mut(earlier)
            {
                *earlier = true;
            }
        }
        let reported = missing_healthcheck::lacks(&docker.tree);
        for stage in &stages {
            if well[stage.index] || (stage.index == last && reported) {
                continue;
            }
            let aliases: &[&str] = if stage.index == last && !anywhere {
                &["DL3057", "CKV_DOCKER_2", "DS-0026"]
            } else {
                &["DL3057"]
            };
            out.finding(format!("stage {} has no `HEALTHCHECK`", stage.index))
                .aliases(aliases)
                .why("Docker and compose cannot tell a service that hangs from one that works")
                .help("add `HEALTHCHECK CMD [\"/app\", \"health\"]`, or `HEALTHCHECK NONE` where there is nothing to check")
                .at_file(&docker.file, stage.from.span)
                .command(format!("grep -n '^HEALTHCHECK' {}", docker.file.path));
        }
    }
}
