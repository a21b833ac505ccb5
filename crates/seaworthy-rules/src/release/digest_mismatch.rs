//! Reports a published image that is not the tested one.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "digest-mismatch",
    summary: "what was published is not what was tested",
    passes: "what was published is what was tested",
    family: Release, category: SupplyChain, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["OCI distribution specification, pulling manifests"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(release) = cx.release() else { return };
    let Some(read) = &release.read_back else {
        out.not_run("the image was not read back from the destination");
        return;
    };
    let mut wrong: Vec<(String, &str)> = Vec::new();
    if *read != release.tested {
        wrong.push((release.destination.clone(), read));
    }
    for tag in &release.tags {
        if let Some(digest) = tag.digest.as_deref().filter(|digest| *digest != release.tested) {
            wrong.push((format!("{}:{}", release.destination, tag.tag), digest));
        }
    }
    for (place, digest) in &wrong {
        out.finding(format!(
            "`{place}` is {}, the tested image is {}",
            text::short(digest),
            text::short(&release.tested)
        ))
        .why("every check of this report is about another image than the one users pull")
        .help("publish again; if it stays so, somebody else moves the tag")
        .at_registry(place.clone())
        .observation(format!("tested {}\nread back {digest}", release.tested))
        .command("seaworthy publish");
    }
    if wrong.is_empty() {
        out.observed(format!("{} read back", text::short(read)));
    }
}
