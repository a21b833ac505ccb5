//! Reports services that are told to run as root.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "root-service",
    summary: "a service is told to run as root",
    passes: "no service is told to run as root",
    family: Compose, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["CL-0018"], refs: ["CIS Docker Benchmark 4.1"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let Some(user) = &service.user else { continue };
        let lower = user.value.trim().to_ascii_lowercase();
        let name = lower.split(':').next().unwrap_or_default();
        let digits = name.trim_start_matches(['+', '-']);
        let zero =
            !digits.is_empty() && name.len() - digits.len() <= 1 && digits.bytes().all(|byte| byte == b'0');
        if name != "root" && !zero {
            continue;
        }
        out.finding(format!("service `{}` is told to run as root: `user: {}`", service.name, user.value))
            .why("root in the container owns every file in it and is one kernel bug away from root on the host")
            .help("remove `user` and let the image name one that is not root")
            .at_file(&compose.file, user.span)
            .command(config(compose, service));
    }
}
