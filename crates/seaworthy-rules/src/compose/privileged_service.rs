//! Reports services that get the host's rights.

use crate::{Cx, Sink};
use seaworthy_finding::Severity;

declare_rule! {
    name: "privileged-service",
    summary: "a service gets the host's rights",
    passes: "no service gets the host's rights",
    family: Compose, category: Security, severity: Critical, confidence: High, persona: Regular,
    aliases: ["CL-0002", "CL-0008", "CL-0009", "CL-0018", "CL-0024"], refs: ["CIS Docker Benchmark 5.4, 5.9"],
}

const STRONG: [&str; 9] = [
    "ALL",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "BPF",
    "SYS_BOOT",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let command = format!("docker compose -f {} config {}", compose.file.path, service.name);
            if let Some(flag) = service.privileged.as_ref().filter(|flag| flag.value) {
                out.finding(format!("service `{}` is privileged", service.name))
                    .aliases(&["CL-0002"])
                    .why("it may do everything root may do on the host")
                    .help("remove `privileged` and add the one capability or device it needs")
                    .at_file(&compose.file, flag.span)
                    .command(command.clone());
            }
            if let Some(user) = service
                .user
                .as_ref()
                .filter(|user| matches!(user.value.split(':').next(), Some("0" | "root")))
            {
                out.finding(format!("service `{}` is told to run as root", service.name))
                    .aliases(&["CL-0018"])
                    .severity(Severity::High)
                    .why("root in the container owns every file in it and is one kernel bug away from root on the host")
                    .help("remove `user` and let the image name one that is not root")
                    .at_file(&compose.file, user.span)
                    .command(command.clone());
            }
            if let Some(mode) = service.network_mode.as_ref().filter(|mode| mode.value == "host") {
                out.finding(format!("service `{}` uses the host's network", service.name))
                    .aliases(&["CL-0008"])
                    .severity(Severity::High)
                    .why("it sees and may open every port of the host, loopback services included")
                    .help("use a network of its own and publish the ports it needs")
                    .at_file(&compose.file, mode.span)
                    .command(command.clone());
            }
            for cap in &service.cap_add {
                let name = cap.value.to_ascii_uppercase();
                let name = name.trim_start_matches("CAP_");
                if STRONG.contains(&name) {
                    out.finding(format!("service `{}` gets `{name}`", service.name))
                        .aliases(&["CL-0024"])
                        .severity(Severity::High)
                        .why("with this capability a process can take over the host or its network")
                        .help("remove it, or use a smaller capability")
                        .at_file(&compose.file, cap.span)
                        .command(command.clone());
                }
            }
            for option in service.security_opt.iter().filter(|option| option.value.ends_with("unconfined")) {
                out.finding(format!(
                    "service `{}` switches a protection off: `{}`",
                    service.name, option.value
                ))
                .aliases(&["CL-0009"])
                .severity(Severity::High)
                .why("the filter keeps rarely used system calls and files from a process that was taken over")
                .help("remove the line, or write a profile")
                .at_file(&compose.file, option.span)
                .command(command.clone());
            }
        }
    }
}
