//! Reports container names Docker refuses.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "invalid-container-name",
    summary: "a container name is none",
    passes: "every container name is one Docker takes",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["dclint/service-container-name-regex"], refs: ["Compose specification, container_name"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let Some(name) = &service.container_name else { continue };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let text = name.value.as_str();
        let valid = text.len() > 1
            && text.bytes().all(fits)
            && text.starts_with(|ch: char| ch.is_ascii_alphanumeric());
        if valid || text.contains('$') {
            continue;
        }
        out.finding(format!("`{text}` of service `{}` is no container name", service.name))
            .why("Docker refuses it, so the service does not start")
            .help("use letters, digits, `_`, `.` and `-`, two at least, a letter or digit first")
            .at_file(&compose.file, name.span)
            .command(config(compose, service));
    }
}
