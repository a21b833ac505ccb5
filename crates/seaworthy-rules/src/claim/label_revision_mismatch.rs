//! Reports an image whose revision label is not the commit it was built from.

use crate::{Cx, Sink};
use seaworthy_finding::Severity;

declare_rule! {
    name: "label-revision-mismatch",
    summary: "the image's revision label is not the commit of the work tree",
    passes: "the image's revision label is the commit of the work tree",
    family: Claim, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: ["OCI image specification, annotations: org.opencontainers.image.revision"],
}

const LABEL: &str = "org.opencontainers.image.revision";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(git) = cx.project().and_then(|project| project.git.as_ref()) else {
        out.not_applicable("the project is in no git repository");
        return;
    };
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    let Some(revision) = image.config.config.labels.get(LABEL).filter(|value| !value.is_empty()) else {
        out.not_applicable(format!("the image has no label `{LABEL}`"));
        return;
    };
    let clean = revision.trim_end_matches("-dirty");
    let same = !clean.is_empty() && (git.commit.starts_with(clean) || clean.starts_with(&git.commit));
    if !same {
        out.finding(format!("`{LABEL}` is `{revision}`, the work tree is at `{}`", git.commit))
            .why("whoever looks up the source of this image finds other code")
            .help("build the image again at this commit, or check the commit the label names out")
            .at_config(format!("config.Labels {LABEL}"))
            .command("git rev-parse HEAD");
    } else if git.dirty && !revision.ends_with("-dirty") {
        out.finding(format!("`{LABEL}` is `{revision}`, but tracked files differ from that commit"))
            .severity(Severity::Low)
            .why(
                "the label promises exactly this source, and the work tree has changes that are in no commit",
            )
            .help("commit the changes and build again, or let the label end in `-dirty`")
            .at_config(format!("config.Labels {LABEL}"))
            .command("git status --porcelain");
    } else {
        out.observed(format!("commit {}", git.commit.get(..12).unwrap_or(&git.commit)));
    }
}
