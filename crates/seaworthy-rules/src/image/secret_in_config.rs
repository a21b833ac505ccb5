//! Reports a secret in a variable, a label or the history of the image.

use crate::{Cx, Sink, text};
use seaworthy_facts::SecretPlace;
use seaworthy_finding::{Confidence, Severity};

declare_rule! {
    name: "secret-in-config",
    summary: "the image's configuration contains a secret",
    passes: "the image's configuration contains no secret",
    family: Image, category: Security, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: ["CIS-DI-0010"], refs: ["CWE-538"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for secret in &image.secrets {
        let (field, place) = match &secret.place {
            SecretPlace::File { .. } => continue,
            SecretPlace::Env { name } => (format!("config.Env {name}"), format!("variable `{name}`")),
            SecretPlace::Label { name } => (format!("config.Labels {name}"), format!("label `{name}`")),
            SecretPlace::History { index } => {
                (format!("history {index}"), format!("history entry {}", index + 1))
            }
            SecretPlace::Field { name } => (name.clone(), format!("`{name}`")),
        };
        out.finding(format!("{place} holds {}: {}", text::a(&secret.what), secret.redacted))
            .why("the configuration is readable by everyone who can pull the image, and shown by `docker inspect`")
            .help("revoke the secret and give it to the container when it starts, as a file or a variable")
            .at_config(field)
            .severity(if secret.proven { Severity::Critical } else { Severity::High })
            .confidence(if secret.proven { Confidence::High } else { Confidence::Medium })
            .observation(super::detected(secret))
            .command("docker image inspect IMAGE; docker history --no-trunc IMAGE");
    }
}
