//! Reports a port the service listens on that the image does not declare.

use super::exposed;
use crate::{Cx, Sink, text};

declare_rule! {
    name: "undeclared-port",
    summary: "the service listens on a port the image does not declare",
    passes: "every port the service listens on is declared",
    family: Run, category: Truth, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["Dockerfile reference, EXPOSE"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(sockets) = out.seen(&run.sockets) else { return };
    let Some(exposed) = exposed(cx.facts) else {
        out.not_run("no image was inspected");
        return;
    };
    let mut seen = Vec::new();
    for socket in sockets.iter().filter(|socket| !socket.loopback) {
        let key = (socket.port, socket.protocol.clone());
        if exposed.contains(&key) || seen.contains(&key) {
            continue;
        }
        out.finding(format!(
            "the service listens on {}/{} ({}), which `EXPOSE` does not name",
            socket.port, socket.protocol, socket.address
        ))
        .why("a debug or admin port nobody knows of is reachable from every container on the network")
        .help(format!(
            "declare it with `EXPOSE {}{}`, or bind it to 127.0.0.1, or do not open it",
            socket.port,
            if socket.protocol == "udp" { "/udp" } else { "" }
        ))
        .at_observation(format!("sockets {}/{}", socket.port, socket.protocol))
        .command("seaworthy test IMAGE --project .");
        seen.push(key);
    }
    out.observed(text::count(sockets.len(), "listening socket"));
}
