//! Reports temporary file systems programs can be run from.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "tmpfs-exec",
    summary: "a temporary file system allows programs",
    passes: "no temporary file system allows programs",
    family: Compose, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CL-0022"], refs: ["mount(8), noexec"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for mount in &service.tmpfs {
            let options = mount.value.split_once(':').map_or("", |(_, options)| options);
            // Docker mounts noexec and nosuid unless these are given.
            let open: Vec<&str> =
                options.split(',').filter(|option| matches!(*option, "exec" | "suid")).collect();
            if open.is_empty() {
                continue;
            }
            let open = open.join("` and `");
            out.finding(format!("service `{}` mounts `{}` with `{open}`", service.name, mount.value))
                .why("on a read-only root it is the one place an intruder can put a program")
                .help(format!("remove `{open}`"))
                .at_file(&compose.file, mount.span)
                .command(config(compose, service));
        }
    }
}
