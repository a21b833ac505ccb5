//! Reports what a service lacks of the usual hardening, in one finding.

use crate::{Cx, Sink};

declare_rule! {
    name: "unhardened-service",
    summary: "a service lacks hardening",
    passes: "every service is hardened",
    family: Compose, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["CL-0003", "CL-0006", "CL-0007"], refs: ["CIS Docker Benchmark 5.3, 5.12, 5.25"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let mut missing: Vec<(&str, &str, &str)> = Vec::new();
            if service.read_only.as_ref().is_none_or(|value| !value.value) {
                missing.push(("`read_only: true`", "read_only: true", "CL-0007"));
            }
            if !service.cap_drop.iter().any(|cap| cap.value.eq_ignore_ascii_case("all")) {
                missing.push(("`cap_drop: [ALL]`", "cap_drop: [ALL]", "CL-0006"));
            }
            let locked = service.security_opt.iter().any(|option| {
                let value = option.value.replace('=', ":");
                value == "no-new-privileges" || value == "no-new-privileges:true"
            });
            if !locked {
                missing.push((
                    "`no-new-privileges`",
                    "security_opt: [\"no-new-privileges:true\"]",
                    "CL-0003",
                ));
            }
            if missing.is_empty() || (service.image.is_none() && service.build.is_none()) {
                continue;
            }
            let words: Vec<&str> = missing.iter().map(|(words, ..)| *words).collect();
            let lines: Vec<String> = missing.iter().map(|(_, line, _)| format!("    {line}")).collect();
            let aliases: Vec<&str> = missing.iter().map(|(.., alias)| *alias).collect();
            out.finding(format!("service `{}` lacks {}", service.name, words.join(", ")))
                .aliases(&aliases)
                .why("an intruder may write to the root, use default capabilities and gain more by setuid programs")
                .help(format!("add to the service:\n{}", lines.join("\n")))
                .at_file(&compose.file, service.name_span)
                .command(format!("docker compose -f {} config {}", compose.file.path, service.name));
        }
    }
}
