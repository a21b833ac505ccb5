//! Reports a main process that was seen running as root.

use crate::{Cx, Sink};

declare_rule! {
    name: "root-process",
    summary: "the main process runs as root",
    passes: "the main process does not run as root",
    family: Run, category: Security, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: ["run-as-root"], refs: ["CIS Docker Benchmark 4.1"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(privileges) = out.seen(&run.privileges) else { return };
    if privileges.uid != 0 {
        out.observed(format!("uid {}, gid {}", privileges.uid, privileges.gid));
        return;
    }
    out.finding(format!("process 1 runs with uid 0 and gid {}", privileges.gid))
        .why("root in the container owns every file in it and is one kernel bug away from root on the host")
        .help("set a numeric user in the image, such as `USER 65532:65532`")
        .at_observation("privileges")
        .observation(format!("`Uid:` of /proc/1/status is 0 under {}", run.engine))
        .command("seaworthy test IMAGE --project .");
}
