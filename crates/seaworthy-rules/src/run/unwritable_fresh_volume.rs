//! Reports a declared volume the service may not write to.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "unwritable-fresh-volume",
    summary: "a declared volume is not writable for the service",
    passes: "every declared volume is writable for the service",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, VOLUME"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(volumes) = out.seen(&run.volumes) else { return };
    if volumes.is_empty() {
        out.not_applicable("the image declares no volume");
        return;
    }
    let user = run.privileges.seen().map(|seen| format!(" ({}:{})", seen.uid, seen.gid)).unwrap_or_default();
    for volume in volumes.iter().filter(|volume| !volume.writable) {
        out.finding(format!(
            "a fresh volume at `{}` belongs to {}:{} with mode {:04o}: the service's user{user} cannot write there",
            volume.path, volume.uid, volume.gid, volume.mode
        ))
        .why("the first thing it stores fails, wherever no volume was prepared by hand")
        .help(format!(
            "make the directory in the image before `VOLUME`, owned by the user: `install -d -o UID -g GID {}`",
            volume.path
        ))
        .at_observation(format!("volume {}", volume.path))
        .command("docker run --rm --volume fresh:PATH IMAGE");
    }
    out.observed(text::count(volumes.len(), "volume"));
}
