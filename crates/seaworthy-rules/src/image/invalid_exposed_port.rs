//! Reports exposed ports that are no ports.

use crate::{Cx, Sink};

declare_rule! {
    name: "invalid-exposed-port",
    summary: "an exposed port is no port",
    passes: "every exposed port is one",
    family: Image, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["OCI image configuration, ExposedPorts"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for port in image.config.config.exposed_ports.keys() {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        let good = number.parse::<u16>().is_ok_and(|number| number > 0)
            && !number.starts_with('+')
            && matches!(protocol, "tcp" | "udp" | "sctp");
        if !good {
            out.finding(format!("`{port}` is no port"))
                .why("engines refuse the image, or publish nothing for it")
                .help("write a number from 1 to 65535 and `tcp`, `udp` or `sctp`, such as `EXPOSE 8080/tcp`")
                .at_config(format!("config.ExposedPorts {port}"))
                .command("docker image inspect --format '{{json .Config.ExposedPorts}}' IMAGE");
        }
    }
}
