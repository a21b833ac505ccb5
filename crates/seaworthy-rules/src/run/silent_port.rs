//! Reports a port that takes connections and never says anything.

use crate::{Cx, Sink};

declare_rule! {
    name: "silent-port",
    summary: "a declared port takes connections and never answers",
    passes: "what connects to the service gets an answer",
    family: Run, category: Runtime, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(load) = out.seen(&run.load) else { return };
    let (Some(error), true) = (&load.error, load.answered == 0 && load.sent <= 1) else {
        out.observed(format!("`{}` was answered", load.request));
        return;
    };
    out.finding(format!("`{}` got no answer: {error}", load.request))
        .why("a port that is open looks ready to an orchestrator, and whoever connects waits for ever")
        .help("answer, or close the connection; name a request with `ready` in `[image.test]` where it speaks no HTTP")
        .at_observation("load")
        .command("seaworthy test IMAGE --ready 'GET :8080/'");
}
