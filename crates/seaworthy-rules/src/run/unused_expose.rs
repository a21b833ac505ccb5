//! Reports a declared port nobody listens on.

use super::exposed;
use crate::{Cx, Sink, text};

declare_rule! {
    name: "unused-expose",
    summary: "the image declares a port nobody listens on",
    passes: "somebody listens on every declared port",
    family: Run, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, EXPOSE"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(sockets) = out.seen(&run.sockets) else { return };
    let Some(exposed) = exposed(cx.facts) else {
        out.not_run("no image was inspected");
        return;
    };
    if super::never_ready(run, out) {
        return;
    }
    if exposed.is_empty() {
        out.not_applicable("the image declares no port");
        return;
    }
    for (port, protocol) in &exposed {
        if sockets.iter().any(|socket| socket.port == *port && socket.protocol == *protocol) {
            continue;
        }
        let open: Vec<String> =
            sockets.iter().map(|socket| format!("{}/{}", socket.port, socket.protocol)).collect();
        out.finding(format!(
            "`EXPOSE {port}/{protocol}` is declared, and nobody listens there; open: {}",
            text::names(&open, 5)
        ))
        .why("who publishes the declared port gets refused connections")
        .help(format!("remove {port}/{protocol} from `EXPOSE`, or let the service listen there"))
        .at_observation(format!("sockets {port}/{protocol}"))
        .command("seaworthy test IMAGE --project .");
    }
    out.observed(text::count(exposed.len(), "declared port"));
}
