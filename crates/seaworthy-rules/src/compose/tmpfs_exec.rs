//! Reports temporary file systems programs can be run from.

use crate::{Cx, Sink};

declare_rule! {
    name: "tmpfs-exec",
    summary: "a temporary file system allows programs",
    passes: "no temporary file system allows programs",
    family: Compose, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CL-0022"], refs: ["mount(8), noexec"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            for mount in &service.tmpfs {
                let options = mount.value.split_once(':').map_or("", |(_, options)| options);
                // Docker mounts noexec unless `exec` is given.
                if !options.split(',').any(|option| option == "exec") {
                    continue;
                }
                out.finding(format!("service `{}` mounts `{}` with `exec`", service.name, mount.value))
                    .why("on a read-only root it is the one place an intruder can put a program")
                    .help("remove `exec`, or write `noexec`")
                    .at_file(&compose.file, mount.span)
                    .command(format!("docker compose -f {} config {}", compose.file.path, service.name));
            }
        }
    }
}
