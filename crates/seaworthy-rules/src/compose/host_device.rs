//! Reports devices of the host that give away its disks or its kernel.

use super::support::{below, capability, config, host_paths, services};
use crate::text::clean_path;
use crate::{Cx, Sink};
use seaworthy_facts::{ComposeFact, ComposeService};

declare_rule! {
    name: "host-device",
    summary: "a service gets a disk or a kernel device of the host",
    passes: "no service gets a disk or a kernel device of the host",
    family: Compose, category: Security, severity: Critical, confidence: High, persona: Regular,
    aliases: ["CL-0016"], refs: ["CIS Docker Benchmark 5.17"],
}

/// What a device gives, where it gives something with the capabilities a container has by itself.
fn danger(path: &str) -> Option<&'static str> {
    let name = path.strip_prefix("/dev")?;
    let Some(name) = name.strip_prefix('/') else {
        return name.is_empty().then_some("every device of the host");
    };
    let letter = |rest: &str| rest.starts_with(|ch: char| ch.is_ascii_lowercase());
    let digit = |rest: &str| rest.starts_with(|ch: char| ch.is_ascii_digit());
    let after = |start: &str| name.strip_prefix(start);
    let old =
        after("hd").is_some_and(|rest| letter(rest) && rest[1..].bytes().all(|byte| byte.is_ascii_digit()));
    let disk = ["sd", "vd", "xvd"].iter().any(|start| after(start).is_some_and(letter))
        || ["md", "zd", "nbd"].iter().any(|start| after(start).is_some_and(digit))
        || ["nvme", "mmcblk", "md/", "disk/", "block/", "loop", "dm-", "mapper/", "rbd", "zvol/", "mtdblock"]
            .iter()
            .any(|start| name.starts_with(start))
        || name == "zfs"
        || name == "char/10:237"
        || old;
    if disk {
        return Some("a disk of the host, whatever its files' rights say");
    }
    matches!(name, "kmsg" | "char/1:11").then_some("the kernel's log")
}

/// What a device cgroup rule opens.
fn rule(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [kind, numbers, access] = words.as_slice() else { return None };
    let (major, minor) = numbers.split_once(':')?;
    let fits =
        |text: &str| text == "*" || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let known = (1..=3).contains(&access.len()) && access.bytes().all(|byte| b"rwm".contains(&byte));
    if !known || !fits(major) || !fits(minor) || !access.contains(['r', 'w']) {
        return None;
    }
    match *kind {
        "a" => Some("every device of the host".to_owned()),
        "b" if major == "*" => Some("every disk of the host".to_owned()),
        "b" => Some(format!("every disk of the host with the major number {major}")),
        "c" => [("1", "11", "/dev/kmsg"), ("10", "237", "/dev/loop-control")]
            .into_iter()
            .find(|(one, two, _)| (major == "*" || major == *one) && (minor == "*" || minor == *two))
            .map(|(.., path)| format!("the host's `{path}`")),
        _ => None,
    }
}

/// Whether the container can have a node to open: it may make one, or one is mounted.
fn reachable(compose: &ComposeFact, service: &ComposeService) -> bool {
    let named = |list: &[seaworthy_facts::Spanned<String>]| {
        list.iter().any(|cap| matches!(capability(&cap.value).as_str(), "MKNOD" | "ALL"))
    };
    service.privileged.as_ref().is_some_and(|flag| flag.value)
        || named(&service.cap_add)
        || !named(&service.cap_drop)
        || host_paths(compose, service).iter().any(|host| below(&host.clean, "/dev"))
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let mut found = Vec::new();
        for device in &service.devices {
            let path = format!("/{}", clean_path(&device.source));
            let used = device
                .permissions
                .as_deref()
                .is_none_or(|letters| letters.trim().is_empty() || letters.contains(['r', 'w', 'W']));
            if let Some(gives) = danger(&path).filter(|_| used && device.source.starts_with('/')) {
                found.push((device.source.clone(), gives.to_owned(), device.span));
            }
        }
        for entry in &service.device_cgroup_rules {
            if let Some(gives) = rule(&entry.value).filter(|_| reachable(compose, service)) {
                found.push((entry.value.clone(), gives, entry.span));
            }
        }
        for (what, gives, span) in found {
            out.finding(format!("service `{}` gets `{what}`: {gives}", service.name))
                .why("a device is used past the file system and its permissions")
                .help("mount the directory it needs instead, or leave the device to a service of the host")
                .at_file(&compose.file, span)
                .command(config(compose, service));
        }
    }
}
