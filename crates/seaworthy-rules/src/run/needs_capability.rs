//! Reports capabilities without which the service does not become ready.

use super::ended;
use crate::{Cx, Sink};

declare_rule! {
    name: "needs-capability",
    summary: "the service needs capabilities",
    passes: "the service needs no capability beyond those granted",
    family: Run, category: Security, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["capabilities(7)", "CIS Docker Benchmark 5.3"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(need) = out.seen(&run.capabilities) else { return };
    if need.needed.is_empty() {
        out.observed(run.hardening.join(", "));
        return;
    }
    let names: Vec<String> = need.needed.iter().map(|name| format!("`{name}`")).collect();
    let list: Vec<String> = need.needed.iter().map(|name| format!("\"{name}\"")).collect();
    let how = need.without.exit.map_or_else(|| "it does not become ready".to_owned(), ended);
    let port = (need.needed.len() == 1 && need.needed[0] == "NET_BIND_SERVICE")
        .then_some("listen on a port from 1024 on, and map it when publishing, or ");
    let adds: Vec<String> = need.needed.iter().map(|name| format!("--cap-add {name}")).collect();
    out.finding(format!("without {} the service does not start: {how}", names.join(", ")))
        .why("what drops all capabilities, as hardened platforms do, cannot run it")
        .help(format!(
            "{}grant them to the test too: `cap-add = [{}]` in `[image.test]`",
            port.unwrap_or("start as the final user without changing owners or users, or "),
            list.join(", ")
        ))
        .at_observation("capabilities")
        .observation(format!("{} boots, each without one of an engine's default capabilities", need.boots))
        .excerpt(need.without.log_tail.join("\n"))
        .command(format!("docker run --cap-drop ALL {} IMAGE", adds.join(" ")));
}
