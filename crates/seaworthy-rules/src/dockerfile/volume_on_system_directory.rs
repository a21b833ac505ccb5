//! Reports `VOLUME` on a directory of the system.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "volume-on-system-directory",
    summary: "`VOLUME` covers a directory of the system",
    passes: "no `VOLUME` covers a directory of the system",
    family: Dockerfile, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DKL-DI-0002"], refs: ["Dockerfile reference, VOLUME"],
}

const SYSTEM: [&str; 8] = ["/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr", "/bin"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Volume { paths, .. } = &item.kind else { continue };
            for word in paths {
                let path = word.unquoted();
                let path = if path.len() > 1 { path.trim_end_matches('/') } else { path.as_str() };
                let kernel = ["/proc/", "/sys/", "/dev/"].iter().any(|start| path.starts_with(start));
                if !kernel && !SYSTEM.contains(&path) && path != "/" {
                    continue;
                }
                out.finding(format!("`VOLUME {path}` puts a volume over the system's own files"))
                    .why(
                        "the container sees what the volume was made with, also after an update of the image",
                    )
                    .help("name the directory of the data alone, such as `/var/lib/app`")
                    .at_file(&docker.file, word.span)
                    .command("docker image inspect --format '{{json .Config.Volumes}}' IMAGE");
            }
        }
    }
}
