//! Reports CI jobs of any branch that push to a tag all branches share.

use super::cli::{self, Act};
use super::pipeline::{commands, jobs, on_any_branch, word};
use crate::{Cx, Sink};
use seaworthy_facts::{PipelineFact, PipelineJob};
use std::collections::BTreeSet;

declare_rule! {
    name: "shared-tag-from-any-branch",
    summary: "every branch pushes to the same tag",
    passes: "a tag is pushed from its own branch only",
    family: Workflow, category: SupplyChain, severity: High, confidence: Medium, persona: Regular,
    aliases: [], refs: ["GitLab CI/CD YAML syntax reference, rules"],
}

/// A script that asks for the ref itself decides by itself.
const ASKED: [&str; 5] = [
    "CI_DEFAULT_BRANCH",
    "CI_COMMIT_TAG",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_REF_NAME\" =",
    "CI_COMMIT_REF_PROTECTED",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in jobs(pipeline).filter(|job| on_any_branch(pipeline, job)) {
            let asks = job.script.iter().any(|line| {
                let tests =
                    ["if ", "[ ", "[[ ", "test ", "case "].iter().any(|word| line.text.contains(word));
                tests && ASKED.iter().any(|name| line.text.contains(name))
            });
            if asks {
                continue;
            }
            for simple in commands(job) {
                for act in cli::acts(&simple) {
                    let Act::Push(image) = act else { continue };
                    let Some(tag) = shared(image, pipeline, job) else { continue };
                    if !seen.insert((simple.span.start, image.to_owned())) {
                        continue;
                    }
                    out.finding(format!(
                        "the job `{}` runs on every branch and pushes `{image}` to the tag `{tag}`",
                        job.name.value
                    ))
                    .why("the last branch to run wins, and unreviewed code is published under the tag people pull")
                    .help(
                        "push that tag under `rules: - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH`, or use `$CI_COMMIT_REF_SLUG` as the tag",
                    )
                    .at_file(&pipeline.file, word(&pipeline.file, simple.span, image))
                    .command(format!("grep -n 'push' {}", pipeline.file.path));
                }
            }
        }
    }
}

/// The tag of an image, where it is the same on every branch.
fn shared(image: &str, pipeline: &PipelineFact, job: &PipelineJob) -> Option<String> {
    let name = cli::expand(image, pipeline, job);
    // Only what GitLab itself sets is known to hold no tag.
    let known = [
        "$CI_REGISTRY_IMAGE",
        "${CI_REGISTRY_IMAGE}",
        "$CI_REGISTRY",
        "${CI_REGISTRY}",
        "$CI_PROJECT_NAME",
        "${CI_PROJECT_NAME}",
        "$CI_PROJECT_PATH",
        "${CI_PROJECT_PATH}",
        "$CI_PROJECT_NAMESPACE",
        "${CI_PROJECT_NAMESPACE}",
        "$CI_REGISTRY_USER",
        "${CI_REGISTRY_USER}",
    ];
    let mut plain = name;
    let mut known = known.to_vec();
    known.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for variable in known {
        plain = plain.replace(variable, "x");
    }
    if plain.contains(['$', '`', '@', '(']) || plain.is_empty() {
        return None;
    }
    let last = plain.rsplit('/').next().unwrap_or(&plain);
    Some(last.split_once(':').map_or("latest", |(_, tag)| tag).to_owned())
}
