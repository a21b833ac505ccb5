//! Reports ports that two entries publish on the same port of the host.

use super::ports::meetings;
use crate::{Cx, Sink};

declare_rule! {
    name: "duplicate-published-port",
    summary: "two services publish the same port of the host",
    passes: "no port of the host is published twice",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["dclint/no-duplicate-exported-ports"], refs: ["Compose specification, ports"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for meeting in meetings(cx).into_iter().filter(|meeting| meeting.conflict) {
        let published = meeting.port.published.as_deref().unwrap_or_default();
        let other = if meeting.other == meeting.service.name {
            "an earlier entry".to_owned()
        } else {
            format!("service `{}`", meeting.other)
        };
        out.finding(format!(
            "service `{}` publishes port {published}, which {other} publishes already",
            meeting.service.name
        ))
        .why("the second one does not start: the port is in use")
        .help("give one of them another port on the host, or an address of its own")
        .at_file(&meeting.compose.file, meeting.port.span)
        .command(format!("docker compose -f {} up --dry-run", meeting.compose.file.path));
    }
}
