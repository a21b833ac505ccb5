//! Reports a compose health check that replaces another one of the Dockerfile.

use super::last_of;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Command, Healthcheck, Kind};

declare_rule! {
    name: "healthcheck-shadowed",
    summary: "compose replaces the image's health check by another one",
    passes: "compose and Dockerfile agree on the health check",
    family: Document, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: ["compose.healthcheck-shadows-image"], refs: ["Compose specification, healthcheck"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let Some(health) = &service.healthcheck else { continue };
            let Some(docker) = cx.service_dockerfile(compose, service) else { continue };
            let found = last_of(docker, |item| match &item.kind {
                Kind::Healthcheck(health) => Some(health),
                _ => None,
            });
            let own = match found {
                Some(Healthcheck::Cmd(Command::Exec(words))) => std::iter::once("CMD".to_owned())
                    .chain(words.iter().map(|word| word.raw.clone()))
                    .collect(),
                Some(Healthcheck::Cmd(Command::Shell { script, .. })) => {
                    vec!["CMD-SHELL".to_owned(), script.clone()]
                }
                Some(Healthcheck::None) | None => continue,
            };
            if own == health.test || (health.test.is_empty() && !health.disabled) {
                continue;
            }
            let how = if health.disabled {
                "switches off".to_owned()
            } else {
                format!("replaces by `{}`", health.test.join(" "))
            };
            out.finding(format!(
                "service `{}` {how} the `HEALTHCHECK` of `{}`: `{}`",
                service.name,
                docker.file.path,
                own.join(" ")
            ))
            .why("what was tested with the image is not what decides in operation")
            .help("remove `test` and keep only the times, or change the Dockerfile")
            .at_file(&compose.file, health.span)
            .command(format!("grep -n HEALTHCHECK {}", docker.file.path));
        }
    }
}
