//! Reports what a service lacks of the usual hardening, in one finding with one change.

use super::support::{capability, config, insert, option, prepend, services};
use crate::{Cx, Sink};
use seaworthy_facts::{ComposeFact, ComposeService};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "unhardened-service",
    summary: "a service lacks hardening",
    passes: "every service is hardened",
    family: Compose, category: Security, severity: Medium, confidence: High, persona: Pedantic,
    fix: Unsafe,
    aliases: ["CL-0003", "CL-0006", "CL-0007"], refs: ["CIS Docker Benchmark 5.3, 5.12, 5.25"],
}

/// Whether setuid programs gain nothing: the last option of that name holds.
fn locked(service: &ComposeService) -> bool {
    service.security_opt.iter().fold(false, |locked, entry| match option(&entry.value) {
        (key, None) if key == "no-new-privileges" => true,
        (key, Some(value)) if key == "no-new-privileges" => match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => locked,
        },
        _ => locked,
    })
}

/// The change: absent keys in one place at the end of the service, entries in front of lists that are there.
fn change(compose: &ComposeFact, service: &ComposeService, missing: &[&str]) -> Option<Vec<Edit>> {
    let text = &compose.file.text;
    let mut edits = Vec::new();
    let mut lines = Vec::new();
    for alias in missing {
        match *alias {
            "CL-0007" => match &service.read_only {
                // Who wrote `false` meant it.
                Some(_) => return None,
                None => {
                    lines.push("read_only: true".to_owned());
                    if service.tmpfs.is_empty() && !service.mounts.iter().any(|mount| mount.target == "/tmp")
                    {
                        lines.push("tmpfs: [/tmp]".to_owned());
                    }
                }
            },
            "CL-0006" => match service.cap_drop_list.span {
                None => lines.push("cap_drop: [ALL]".to_owned()),
                Some(_) => {
                    let first = service.cap_drop.first().map(|cap| cap.span);
                    edits.push(prepend(&service.cap_drop_list, first, "ALL", text)?);
                }
            },
            _ => match service.security_opt_list.span {
                None => lines.push("security_opt: [\"no-new-privileges:true\"]".to_owned()),
                // An option that switches it off would win or lose by its place.
                Some(_) if service.security_opt.iter().any(|entry| entry.value.starts_with("no-new")) => {
                    return None;
                }
                Some(_) => {
                    let first = service.security_opt.first().map(|entry| entry.span);
                    let entry = "\"no-new-privileges:true\"";
                    edits.push(prepend(&service.security_opt_list, first, entry, text)?);
                }
            },
        }
    }
    if !lines.is_empty() {
        edits.push(insert(service, &lines)?);
    }
    Some(edits)
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx).filter(|(compose, service)| !compose.partial && !service.provider)
    {
        let mut missing = Vec::new();
        let mut words = Vec::new();
        if service.read_only.as_ref().is_none_or(|value| !value.value) {
            missing.push("CL-0007");
            words.push("`read_only: true`");
        }
        if !service.cap_drop.iter().any(|cap| capability(&cap.value) == "ALL") {
            missing.push("CL-0006");
            words.push("`cap_drop: [ALL]`");
        }
        if !locked(service) {
            missing.push("CL-0003");
            words.push("`no-new-privileges`");
        }
        if missing.is_empty() {
            continue;
        }
        let finding = out
            .finding(format!("service `{}` lacks {}", service.name, words.join(", ")))
            .aliases(&missing)
            .why("an intruder may write to the root, use default capabilities and gain more by setuid programs")
            .help("add what is missing, start the service, and give back with `cap_add` and `tmpfs` what it turns out to need")
            .at_file(&compose.file, service.name_span)
            .command(config(compose, service));
        if let Some(edits) = change(compose, service, &missing) {
            finding.fix(Applicability::Unsafe, "Harden the service", &compose.file, edits);
        }
    }
}
