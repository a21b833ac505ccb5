//! Reports volumes with names of one letter, which compose takes for drives.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "drive-letter-volume",
    summary: "a volume's name of one letter is read as a drive",
    passes: "no volume's name is read as a drive",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Compose specification, volumes"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for mount in service.mounts.iter().filter(|mount| mount.short) {
            let text = if mount.source.is_empty() { &mount.target } else { &mount.source };
            let mut chars = text.chars();
            let letter = chars.next().filter(char::is_ascii_alphabetic);
            let (Some(letter), true) = (letter, chars.as_str().starts_with(":/")) else { continue };
            // A drive of Windows has its path in backslashes, or is mounted somewhere else.
            if !compose.volumes.iter().any(|volume| volume.value.chars().eq([letter])) {
                continue;
            }
            out.finding(format!(
                "service `{}` mounts `{text}`: `{letter}` is read as a drive, not as the volume",
                service.name
            ))
            .why("the volume is never mounted, and the data goes with the container")
            .help("give the volume a name of two letters or more, or use the long form")
            .at_file(&compose.file, mount.span)
            .command(config(compose, service));
        }
    }
}
