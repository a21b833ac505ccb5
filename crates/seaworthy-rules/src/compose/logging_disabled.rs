//! Reports services whose output goes nowhere.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "logging-disabled",
    summary: "the output of a service is thrown away",
    passes: "no service throws its output away",
    family: Compose, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CL-0014"], refs: ["Compose specification, logging"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let Some(driver) = &service.logging_driver else { continue };
        if !driver.value.eq_ignore_ascii_case("none") {
            continue;
        }
        out.finding(format!("service `{}` has the logging driver `none`", service.name))
            .why("when it fails nobody can see why, and what an intruder did is not recorded")
            .help("remove `driver: none`, or bound the log with `max-size` and `max-file`")
            .at_file(&compose.file, driver.span)
            .command(config(compose, service));
    }
}
