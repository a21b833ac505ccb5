//! Reports a service that answers at first and then no more.

use crate::{Cx, Sink};

declare_rule! {
    name: "stops-answering",
    summary: "the service answers at first and then no more",
    passes: "the service keeps answering",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(load) = out.seen(&run.load) else { return };
    let Some(error) = &load.error else {
        out.observed(format!("`{}` was answered {} times", load.request, load.answered));
        return;
    };
    // A port that never says anything is judged as such.
    if load.answered == 0 && load.sent <= 1 {
        out.observed("no answer to begin with");
        return;
    }
    out.finding(format!(
        "`{}` was answered {} times, and then no more: {error}",
        load.request, load.answered
    ))
    .why("the service was ready, gets traffic, and leaves it hanging")
    .help("look for a lock, a pool or a queue that is never given back, and for a worker that ended")
    .at_observation("load")
    .command("seaworthy test IMAGE --project .");
}
