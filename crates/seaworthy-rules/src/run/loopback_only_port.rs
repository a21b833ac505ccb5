//! Reports a declared port that only the container itself can reach.

use super::exposed;
use crate::{Cx, Sink};

declare_rule! {
    name: "loopback-only-port",
    summary: "a declared port listens on the loopback address only",
    passes: "no declared port is bound to the loopback address only",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(sockets) = out.seen(&run.sockets) else { return };
    let Some(exposed) = exposed(cx.facts) else {
        out.not_run("no image was inspected");
        return;
    };
    for (port, protocol) in &exposed {
        let mut here =
            sockets.iter().filter(|socket| socket.port == *port && socket.protocol == *protocol).peekable();
        let Some(first) = here.peek().copied() else { continue };
        if here.all(|socket| socket.loopback) {
            out.finding(format!("port {port}/{protocol} is declared, but listens on {} only", first.address))
                .why("publishing the port connects to nothing: the address belongs to the container alone")
                .help("bind 0.0.0.0 or [::] inside the container and restrict the published address on the host")
                .at_observation(format!("sockets {port}/{protocol}"))
                .command("seaworthy test IMAGE --project .");
        }
    }
}
