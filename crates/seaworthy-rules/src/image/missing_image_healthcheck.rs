//! Reports an image without a health check.

use crate::{Cx, Sink};

declare_rule! {
    name: "missing-image-healthcheck",
    summary: "the image has no health check",
    passes: "the image has a health check",
    family: Image, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CIS-DI-0006"], refs: ["Dockerfile reference, HEALTHCHECK", "CIS Docker Benchmark 4.6"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let config = &image.config.config;
    if config.exposed_ports.is_empty() {
        out.not_applicable("the image declares no port, so it is no server");
        return;
    }
    match &config.healthcheck {
        Some(health) if !matches!(health.test.first().map(String::as_str), None | Some("NONE")) => {
            out.observed(format!("`{}`", health.test.join(" ")));
        }
        _ => {
            out.finding("the image declares a port but no health check")
                .why("Docker and compose cannot tell a service that hangs from one that works")
                .help("add `HEALTHCHECK CMD [\"/app\", \"health\"]`, best with a subcommand of the program itself")
                .at_config("config.Healthcheck")
                .command("docker image inspect --format '{{json .Config.Healthcheck}}' IMAGE");
        }
    }
}
