//! Reports images of jobs that are named by a tag, or by what cannot be seen.

use super::images::{Pin, images};
use crate::{Cx, Sink};

declare_rule! {
    name: "job-image-without-digest",
    summary: "a job's image is not pinned by digest",
    passes: "every job's image is pinned by digest",
    family: Workflow, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["zizmor/unpinned-images"], refs: ["GitHub workflow syntax, jobs.<job_id>.container"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for image in images(cx) {
        let name = &image.name;
        let message = match image.pin {
            Pin::Moving => continue,
            Pin::Tag => format!("{} runs `{name}`, a tag that can be moved", image.owner),
            Pin::Unknown => format!("{} runs whatever image `{name}` gives", image.owner),
        };
        out.finding(message)
            .why("whoever moves the tag runs code in this workflow")
            .help("name the digest: `image:1.2@sha256:…`")
            .at_file(image.file, image.span)
            .command(format!("grep -n 'image:' {}", image.file.path));
    }
}
