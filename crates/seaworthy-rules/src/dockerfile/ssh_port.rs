//! Reports `EXPOSE 22`.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_finding::Persona;

declare_rule! {
    name: "ssh-port",
    summary: "the image exposes the port of SSH",
    passes: "no image exposes the port of SSH",
    family: Dockerfile, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["CKV_DOCKER_1", "DS-0004"], refs: ["Dockerfile reference, EXPOSE"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let exposed = |item: &Instruction| match &item.kind {
            Kind::Expose { ports } => ports.len(),
            _ => 0,
        };
        // An image with this port alone is a server of SSH on purpose.
        let alone = docker.tree.instructions.iter().map(exposed).sum::<usize>() == 1;
        for item in &docker.tree.instructions {
            let Kind::Expose { ports } = &item.kind else { continue };
            for word in ports {
                let aliases: &[&str] = match word.unquoted().to_ascii_lowercase().as_str() {
                    "22" | "22/tcp" => &["CKV_DOCKER_1", "DS-0004"],
                    "22/udp" => &["DS-0004"],
                    _ => continue,
                };
                out.finding(format!("`EXPOSE {}` is the port of SSH", word.raw))
                    .aliases(aliases)
                    .persona(if alone { Persona::Pedantic } else { Persona::Regular })
                    .why("a shell from outside needs keys, updates and logs of its own in every container")
                    .help("remove it, and use `docker exec` or a debug container")
                    .at_file(&docker.file, word.span)
                    .command(format!("grep -n '^EXPOSE' {}", docker.file.path));
            }
        }
    }
}
