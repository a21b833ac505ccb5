//! Reports a `WORKDIR` inside of a directory of the kernel or the boot files.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "workdir-in-system-directory",
    summary: "`WORKDIR` is a directory of the system",
    passes: "no working directory is one of the system",
    family: Dockerfile, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DS-0030"], refs: ["CVE-2024-21626"],
}

const SYSTEM: [&str; 6] = ["/proc", "/sys", "/dev", "/boot", "/initrd", "/lost+found"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Workdir(word) = &item.kind else { continue };
            let path = word.unquoted();
            let Some(system) = SYSTEM.into_iter().find(|system| {
                path.strip_prefix(system).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }) else {
                continue;
            };
            // The mounted ones are the kernel's; trivy's list has no /sys.
            let below = path.len() > system.len() && system != "/sys";
            out.finding(format!("`WORKDIR {path}` lies in `{system}`"))
                .aliases(if below { &["DS-0030"] } else { &[] })
                .why("what is there belongs to the kernel or the host: files vanish, and `/proc/self/fd` leads out of the container")
                .help("use a directory of the service's own, such as `/app`")
                .at_file(&docker.file, word.span)
                .command(format!("grep -n '^WORKDIR' {}", docker.file.path));
        }
    }
}
