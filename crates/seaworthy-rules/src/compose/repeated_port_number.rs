//! Reports port numbers that stand on the host's side of two entries, though both can be published.

use super::ports::meetings;
use crate::{Cx, Sink};

declare_rule! {
    name: "repeated-port-number",
    summary: "a port number is named on the host's side twice",
    passes: "every port number is named on the host's side once",
    family: Compose, category: Truth, severity: Info, confidence: Medium, persona: Auditor,
    aliases: ["dclint/no-duplicate-exported-ports"], refs: ["Compose specification, ports"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for meeting in meetings(cx).into_iter().filter(|meeting| !meeting.conflict) {
        let number = meeting.port.published.as_deref().unwrap_or(&meeting.port.target);
        out.finding(format!(
            "service `{}` names port {number}, as `{}` does",
            meeting.service.name, meeting.other
        ))
        .why("who reads the file takes the two for the same port")
        .help("use another number, or say with an address that they are two")
        .at_file(&meeting.compose.file, meeting.port.span)
        .command(format!("docker compose -f {} config", meeting.compose.file.path));
    }
}
