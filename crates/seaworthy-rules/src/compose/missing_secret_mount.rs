//! Reports variables that point to a secret the service does not get.

use super::support::services;
use crate::{Cx, Sink};

declare_rule! {
    name: "missing-secret-mount",
    summary: "a variable points to a secret the service does not get",
    passes: "every secret a variable points to is mounted",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Compose specification, secrets"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx).filter(|(compose, _)| !compose.partial) {
        for (name, value) in &service.environment {
            let Some(secret) = value.as_deref().and_then(|value| value.strip_prefix("/run/secrets/")) else {
                continue;
            };
            let mounted = service.mounts.iter().any(|mount| mount.target.starts_with("/run"))
                || service.configs.iter().any(|config| config.value == secret);
            // A long form may give the secret another name in the container.
            let given = service.secrets.iter().any(|known| known.value == secret)
                || compose.file.text.contains(&format!("target: {secret}"))
                || compose.file.text.contains(&format!("target: /run/secrets/{secret}"));
            if mounted || given || secret.contains(['$', '/']) || secret.is_empty() {
                continue;
            }
            out.finding(format!(
                "service `{}` reads `/run/secrets/{secret}` for `{}`, but does not get that secret",
                service.name, name.value
            ))
            .why("the file is not there, so the service does not start, or starts without the secret")
            .help(format!("add `secrets: [{secret}]` to the service"))
            .at_file(&compose.file, name.span)
            .command(format!("docker compose -f {} config {}", compose.file.path, service.name));
        }
    }
}
