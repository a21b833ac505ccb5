//! Reports services whose seccomp, AppArmor or SELinux profile is switched off.

use super::support::{config, option, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "disabled-security-profile",
    summary: "a service switches a protection of the kernel off",
    passes: "every service keeps the kernel's protections",
    family: Compose, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["CL-0009"], refs: ["CIS Docker Benchmark 5.1, 5.2, 5.21"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let options: Vec<(String, String)> = service
            .security_opt
            .iter()
            .map(|entry| {
                let (key, value) = option(&entry.value);
                (key, value.unwrap_or_default())
            })
            .collect();
        for (entry, (key, value)) in service.security_opt.iter().zip(&options) {
            let off = match key.as_str() {
                // The last entry of a key is the one that holds.
                "seccomp" | "apparmor" => {
                    value == "unconfined"
                        && options
                            .iter()
                            .rfind(|(other, _)| other == key)
                            .is_some_and(|(_, last)| last == value)
                }
                "label" => value == "disable",
                _ => false,
            };
            if !off {
                continue;
            }
            out.finding(format!("service `{}` switches a protection off: `{}`", service.name, entry.value))
                .why("the filter keeps rarely used system calls and files from a process that was taken over")
                .help("remove the line, or write a profile that allows what it needs")
                .at_file(&compose.file, entry.span)
                .command(config(compose, service));
        }
    }
}
