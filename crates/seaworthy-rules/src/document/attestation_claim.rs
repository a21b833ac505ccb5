//! Reports statements about signatures, SBOMs and provenance that no workflow keeps.

use super::published::Published;
use crate::{Cx, Sink, text};
use seaworthy_facts::{DocumentFact, WorkflowFact};
use seaworthy_finding::Span;
use seaworthy_workflow::{Step, Uses};

declare_rule! {
    name: "attestation-claim",
    summary: "a document promises a signature, an SBOM or provenance that no workflow makes",
    passes: "promised signatures, SBOMs and provenance are made by a workflow",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/readme-attestation"],
    refs: ["docker/build-push-action, sbom and provenance", "SLSA 1.0, provenance"],
}

/// What may be promised.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    Signature,
    Sbom,
    Provenance,
}

impl Promise {
    fn noun(self) -> &'static str {
        match self {
            Self::Signature => "signs the images",
            Self::Sbom => "makes an SBOM",
            Self::Provenance => "makes provenance",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Signature => "add `cosign sign --yes NAME@DIGEST` behind the push, or correct the document",
            Self::Sbom => "write `sbom: true` at the build step, or correct the document",
            Self::Provenance => "write `provenance: mode=max` at the build step, or correct the document",
        }
    }

    /// Words in the workflows that keep the promise.
    fn kept_by(self) -> &'static [&'static str] {
        match self {
            Self::Signature => &[
                "cosign",
                "sigstore",
                "notation",
                "attest",
                "slsa",
                "gpg",
                "docker trust",
                "DOCKER_CONTENT_TRUST",
            ],
            Self::Sbom => &["syft", "sbom", "cyclonedx", "spdx", "docker scout", "bom generate"],
            Self::Provenance => &["attest", "slsa", "provenance", "cosign"],
        }
    }
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let published = Published::of(cx);
    if published.workflows.is_empty() {
        out.not_applicable("no workflow is known to publish the image");
        return;
    }
    let project = cx.project();
    // What others do for this project is not known.
    let open =
        project.is_none_or(|project| !project.pipelines.is_empty()) || cx.workflows().iter().any(elsewhere);
    if open {
        out.not_applicable("a part of the publication is made where nothing is read");
        return;
    }
    let called = project.map_or(&[][..], |project| &project.called);
    let facts: Vec<&WorkflowFact> = cx.workflows().iter().chain(called).collect();
    for document in cx.documents() {
        for (span, promise) in promises(document) {
            let kept = facts.iter().any(|fact| {
                fact.workflow.jobs.iter().any(|job| job.steps.iter().any(|step| keeps(fact, step, promise)))
            }) || cx
                .actions()
                .iter()
                .any(|action| action.action.steps.iter().any(|step| mentions(step, promise)));
            if kept {
                continue;
            }
            out.finding(format!(
                "no workflow {}: {} publishes",
                promise.noun(),
                text::names(&published.workflows, 2)
            ))
            .why("who relies on it finds nothing to check, or believes that somebody did")
            .help(promise.help())
            .at_file(&document.file, span)
            .command(format!(
                "grep -n -i -e sbom -e cosign -e attest -e provenance {}",
                published.workflows.join(" ")
            ));
        }
    }
}

/// Whether a workflow leaves a part of the work to tools or workflows that are not read.
fn elsewhere(fact: &WorkflowFact) -> bool {
    fact.workflow.jobs.iter().any(|job| {
        let called = job.uses.as_ref().is_some_and(|uses| !uses.text.value.starts_with("./"));
        called
            || job.steps.iter().any(|step| {
                let name = step.uses.as_ref().and_then(Uses::action).unwrap_or_default();
                let tool = ["goreleaser", "ko-build", "earthly", "dagger", "jib", "nixpkgs", "depot/"]
                    .iter()
                    .any(|word| name.contains(word));
                let local = step.uses.as_ref().is_some_and(|uses| uses.text.value.starts_with("./"));
                let script = step.run.as_ref().map_or("", |run| run.value.as_str());
                let hidden = script.lines().any(|line| {
                    let mut words = line.split_whitespace();
                    let tool = words.next().unwrap_or_default();
                    matches!(
                        tool,
                        "make"
                            | "just"
                            | "task"
                            | "mage"
                            | "bazel"
                            | "nix"
                            | "earthly"
                            | "dagger"
                            | "goreleaser"
                            | "ko"
                    ) || (tool.starts_with("./") || tool == "bash" || tool == "sh")
                        && words.clone().chain([tool]).any(|word| {
                            ["release", "publish", "docker", "image", "sign", "sbom"]
                                .iter()
                                .any(|name| word.contains(name))
                        })
                });
                tool || local || hidden
            })
    })
}

/// Whether a step keeps a promise.
fn keeps(fact: &WorkflowFact, step: &Step, promise: Promise) -> bool {
    let name = step.uses.as_ref().and_then(Uses::action).unwrap_or_default();
    if name == "docker/build-push-action" || name == "docker/bake-action" {
        let said = |input: &str| {
            let text = step.input_str(input).trim().to_ascii_lowercase();
            (!text.is_empty()).then_some(!matches!(text.as_str(), "false" | "off" | "no"))
        };
        let attests = step.input_str("attests");
        return match promise {
            Promise::Signature => false,
            Promise::Sbom => said("sbom") == Some(true) || attests.contains("type=sbom"),
            // It makes some by itself.
            Promise::Provenance => said("provenance") != Some(false),
        };
    }
    let _ = fact;
    mentions(step, promise)
}

/// Whether what a step runs names what keeps a promise; comments count for nothing.
fn mentions(step: &Step, promise: Promise) -> bool {
    let has = |text: &str| {
        let lower = text.to_ascii_lowercase();
        promise.kept_by().iter().any(|word| lower.contains(&word.to_ascii_lowercase()))
    };
    let name = step.uses.as_ref().map(|uses| uses.text.value.as_str()).unwrap_or_default();
    if has(name) && !name.contains("cosign-installer") {
        return true;
    }
    if name.starts_with("aquasecurity/trivy-action") && promise == Promise::Sbom {
        return has(step.input_str("format"));
    }
    let script = step.run.as_ref().map_or("", |run| run.value.as_str());
    let mut lines = script.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.any(|line| has(line) || (promise == Promise::Sbom && line.contains("--attest")))
}

/// Where a document promises something about the image.
fn promises(document: &DocumentFact) -> Vec<(Span, Promise)> {
    let text = &document.file.text;
    let mut out = Vec::new();
    for stretch in &document.prose {
        let body = stretch.of(text);
        let lower = body.to_ascii_lowercase();
        if lower.len() > 2000 || !stated(&lower) {
            continue;
        }
        for (word, promise) in found(&lower) {
            let start = stretch.start + word.start;
            // Lower case has other lengths in few scripts; the words themselves are ASCII.
            let place = Span::new(start, start + word.len());
            let exact = text
                .get(place.start..place.end)
                .is_some_and(|shown| shown.eq_ignore_ascii_case(&lower[word.start..word.end]));
            out.push((if exact { place } else { *stretch }, promise));
        }
    }
    out
}

/// Words that promise something, in a sentence about the image.
fn found(lower: &str) -> Vec<(Span, Promise)> {
    let about = ["image", "container", "ghcr", "release", "registry", "docker"]
        .iter()
        .any(|word| lower.contains(word));
    if !about {
        return Vec::new();
    }
    let at = |words: &[&str]| {
        words.iter().find_map(|word| lower.find(word).map(|start| Span::new(start, start + word.len())))
    };
    let verb = [
        "are ", "is ", "with ", "include", "attach", "publish", "generat", "ship", "provid", "contain",
        "carr", "has ", "have ", "[x]", "each ", "every ", "all ", ":",
    ]
    .iter()
    .any(|word| lower.contains(word));
    let mut out = Vec::new();
    if !verb {
        return out;
    }
    let signed = [
        "signed with cosign",
        "signed with sigstore",
        "signed with notation",
        "signed by cosign",
        "signed using cosign",
        "cosign-signed",
        "images are signed",
        "image is signed",
        "keyless-signed",
        "signed keyless",
        "signed images",
        "signed image",
    ];
    let unsigned = lower.contains("commit") || lower.contains("signed-off") || lower.contains("unsigned");
    out.extend(at(&signed).filter(|_| !unsigned).map(|span| (span, Promise::Signature)));
    out.extend(at(&["sbom", "software bill of materials"]).map(|span| (span, Promise::Sbom)));
    let origin = ["slsa provenance", "build provenance", "provenance attestation", "signed provenance"];
    out.extend(at(&origin).map(|span| (span, Promise::Provenance)));
    out
}

/// Whether words state what is, rather than what could be, what is not, or how to do it.
fn stated(lower: &str) -> bool {
    let unsure = [
        "you can",
        "could",
        " not ",
        "n't ",
        "no sbom",
        "without",
        "planned",
        "todo",
        "- [ ]",
        "roadmap",
        "future",
        "if you",
        "optional",
        "to generate",
        "generate an",
        "generate a ",
        "how to",
        "will be",
        "should",
        "example",
        "e.g.",
        "want to",
        "to sign",
        "to create",
        "must",
        "recommend",
        "consider",
        "would",
        "unsigned",
        "support for",
        "supports ",
        "scan",
        "analy",
        "tool",
        "compare",
        "upload",
        "import",
        "parse",
        "ingest",
        "yet",
        "need",
        "deprecat",
        "remove",
        "when ",
        "http",
    ];
    !unsure.iter().any(|word| lower.contains(word)) && !lower.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::{found, stated};

    #[test]
    fn promises_are_told_from_advice() {
        for (text, count) in [
            ("all images are signed with cosign and ship an sbom.", 2),
            ("- [x] container images carry slsa provenance", 1),
            ("you can generate an sbom of the image with syft", 0),
            ("images are not signed", 0),
            ("this tool scans the sbom of an image", 0),
            ("# sbom of the image", 0),
        ] {
            let got = if stated(text) { found(text).len() } else { 0 };
            assert_eq!(got, count, "{text}");
        }
    }
}
