//! Reports GPUs that are asked for in the old way, or in a way compose refuses.

use super::support::{config, services};
use crate::{Cx, Sink};
use seaworthy_finding::Severity;

declare_rule! {
    name: "gpu-request",
    summary: "a GPU is asked for in a way that does not work everywhere",
    passes: "GPUs are asked for as devices",
    family: Compose, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: ["Compose deploy specification, devices"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        if let Some(runtime) = service.runtime.as_ref().filter(|runtime| runtime.value == "nvidia") {
            out.finding(format!("service `{}` asks for a GPU with `runtime: nvidia`", service.name))
                .why("the runtime has to be set up on every host; a device request says what is needed")
                .help("write `gpus: all`, or `deploy.resources.reservations.devices` with `capabilities: [gpu]`")
                .at_file(&compose.file, runtime.span)
                .command(config(compose, service));
        }
        for request in &service.device_requests {
            if request.count.is_some() && !request.device_ids.is_empty() {
                out.finding(format!("service `{}` asks for devices by number and by name", service.name))
                    .severity(Severity::High)
                    .why("compose refuses `count` beside `device_ids`")
                    .help("leave one of them")
                    .at_file(&compose.file, request.span)
                    .command(config(compose, service));
            }
        }
    }
}
