//! Reports capabilities that reach beyond the container.

use super::support::{capability, config, services};
use crate::{Cx, Sink};
use seaworthy_finding::Severity;

declare_rule! {
    name: "dangerous-capability",
    summary: "a service gets a capability that reaches beyond it",
    passes: "no service gets a capability that reaches beyond it",
    family: Compose, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["CL-0011", "CL-0024", "CL-0027", "CL-0028", "CL-0029", "CL-0030"], refs: ["capabilities(7)"],
}

/// The capability, the peer's code, how bad it is, and what it gives.
const KNOWN: [(&str, &str, Severity, &str); 15] = [
    ("ALL", "CL-0024", Severity::Critical, "it is half of what `privileged` gives"),
    ("SYS_ADMIN", "CL-0024", Severity::Critical, "it mounts file systems and is close to root on the host"),
    ("SYS_MODULE", "CL-0024", Severity::Critical, "it loads modules into the host's kernel"),
    ("SYS_RAWIO", "CL-0024", Severity::Critical, "it reads and writes memory and disks past the kernel"),
    ("NET_ADMIN", "CL-0011", Severity::High, "it changes interfaces, routes and firewall rules"),
    ("BPF", "CL-0011", Severity::High, "it loads programs into the host's kernel"),
    ("SYS_BOOT", "CL-0011", Severity::High, "it restarts the host or loads another kernel"),
    ("SYS_PTRACE", "CL-0027", Severity::Medium, "it reads and changes the memory of other processes"),
    ("DAC_READ_SEARCH", "CL-0027", Severity::Medium, "it reads files whatever their permissions say"),
    ("PERFMON", "CL-0028", Severity::High, "it measures the host's kernel and every process on it"),
    ("SYS_TIME", "CL-0028", Severity::High, "it sets the host's clock"),
    ("SYS_NICE", "CL-0029", Severity::High, "its threads go before every process of the host"),
    ("IPC_LOCK", "CL-0029", Severity::High, "it pins memory of the host without a limit"),
    ("LEASE", "CL-0029", Severity::High, "it makes the host wait for files that are mounted into it"),
    ("SYSLOG", "CL-0030", Severity::High, "it reads the host's kernel log"),
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for cap in &service.cap_add {
            let name = capability(&cap.value);
            // Docker knows `ALL`, but no `CAP_ALL`.
            if name == "ALL" && !cap.value.trim().eq_ignore_ascii_case("ALL") {
                continue;
            }
            let Some((name, alias, severity, why)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
                continue;
            };
            out.finding(format!("service `{}` gets the capability `{name}`", service.name))
                .aliases(&[alias])
                .severity(*severity)
                .why(*why)
                .help("remove it, or use a smaller capability; where the service is made for it, say so in a waiver")
                .at_file(&compose.file, cap.span)
                .command(config(compose, service));
        }
    }
}
