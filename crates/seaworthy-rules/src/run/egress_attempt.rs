//! Reports attempts to reach other machines.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "egress-attempt",
    summary: "the service tries to reach other machines",
    passes: "the service tries to reach no other machine",
    family: Run, category: Security, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(egress) = out.seen(&run.egress) else { return };
    if egress.direct == 0 {
        out.observed(match egress.lookups {
            0 => "no attempt, and no name looked up".to_owned(),
            count => format!(
                "no attempt; {} to the name server",
                text::count(usize::try_from(count).unwrap_or(usize::MAX), "packet")
            ),
        });
        return;
    }
    out.finding(format!(
        "the service tried to reach addresses outside {}, from its start to its stop",
        text::times(egress.direct)
    ))
    .why("what calls home at start tells others where it runs, and waits where the way out is closed")
    .help("turn off telemetry and update checks in the image, such as by a variable, or waive this where it is its work")
    .at_observation("egress")
    .observation(format!("{} packets went to the name server, which is not there", egress.lookups))
    .command("docker run --network none IMAGE; nsenter --target PID --net grep Ip: /proc/net/snmp");
}
