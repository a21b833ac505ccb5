//! Reports volumes on directories of the kernel or of the system.

use crate::{Cx, Sink};

declare_rule! {
    name: "sensitive-volume",
    summary: "the image declares a volume on a system directory",
    passes: "no volume lies on a system directory",
    family: Image, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DKL-DI-0002"], refs: ["Dockerfile reference, VOLUME"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    const KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];
    const SYSTEM: [&str; 9] = ["/", "/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr", "/var/run"];
    let Some(image) = cx.image_facts() else { return };
    for volume in image.config.config.volumes.keys() {
        let path = volume.trim_end_matches('/');
        let path = if path.is_empty() { "/" } else { path };
        let aliases: &[&str] = if KERNEL.contains(&path) {
            &["DKL-DI-0002"]
        } else if SYSTEM.contains(&path) {
            &[]
        } else {
            continue;
        };
        out.finding(format!("`{volume}` is declared a volume"))
            .aliases(aliases)
            .why("every container gets a copy of a system directory that no update of the image reaches")
            .help("declare only directories of data, or none and leave mounts to whoever runs the container")
            .at_config(format!("config.Volumes {volume}"))
            .command("docker image inspect --format '{{json .Config.Volumes}}' IMAGE");
    }
}
