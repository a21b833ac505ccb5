//! Reports a package manager or a shell in an image that should be minimal.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "package-manager-left",
    summary: "the image contains a package manager or a shell",
    passes: "the image contains neither package manager nor shell",
    family: Image, category: Security, severity: Info, confidence: High, persona: Pedantic,
    aliases: [], refs: ["CIS Docker Benchmark 4.3"],
}

const TOOLS: [&str; 12] = [
    "/bin/bash",
    "/bin/busybox",
    "/bin/sh",
    "/sbin/apk",
    "/usr/bin/apt",
    "/usr/bin/apt-get",
    "/usr/bin/bash",
    "/usr/bin/dnf",
    "/usr/bin/dpkg",
    "/usr/bin/pip",
    "/usr/bin/sh",
    "/usr/bin/yum",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let found: Vec<&str> = TOOLS.iter().copied().filter(|path| image.file(path).is_some()).collect();
    let Some(first) = found.first() else { return };
    out.finding(format!("the image contains {}", text::names(&found, 6)))
        .why("they are the first thing an intruder uses, and the service does not need them")
        .help("end with a stage `FROM scratch` or on a distroless base and copy only what runs")
        .at_layer("", *first)
        .command("docker run --rm --entrypoint sh IMAGE -c true");
}
