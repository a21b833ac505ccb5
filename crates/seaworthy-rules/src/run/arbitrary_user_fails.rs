//! Reports a service that does not start as a user the image does not know.

use super::ended;
use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "arbitrary-user-fails",
    summary: "the service does not start as an arbitrary user",
    passes: "the service starts as an arbitrary user",
    family: Run, category: Runtime, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: ["OpenShift: creating images, support arbitrary user ids"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(boot) = out.seen(&run.any_user) else { return };
    if boot.ready {
        out.observed(format!("ready after {} as 1234567890:0", format_ms(boot.ms)));
        return;
    }
    let how = boot.exit.map_or_else(|| format!("not ready within {}", format_ms(boot.ms)), ended);
    out.finding(format!("as user 1234567890 in group 0 the service does not become ready: {how}"))
        .why("platforms that give every project its own range of users cannot run it")
        .help(
            "give what it must write to group 0 with the owner's permissions, and look up no user by number",
        )
        .at_observation("any-user")
        .excerpt(boot.log_tail.join("\n"))
        .command("docker run --user 1234567890:0 IMAGE");
}
