//! Reports a compose service that runs the image as another user than its Dockerfile says.

use super::last_of;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::Severity;

declare_rule! {
    name: "user-mismatch",
    summary: "compose runs the image as another user than the Dockerfile says",
    passes: "compose and Dockerfile agree on the user",
    family: Document, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: ["Compose specification, user"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let Some(user) = service.user.as_ref().filter(|user| !user.value.contains('$')) else { continue };
            let Some(docker) = cx.service_dockerfile(compose, service) else { continue };
            let Some(word) = last_of(docker, |item| match &item.kind {
                Kind::User(word) => Some(word),
                _ => None,
            }) else {
                continue;
            };
            let own = word.unquoted();
            let name = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
            if name(&own) == name(&user.value) || own.contains('$') {
                continue;
            }
            let root = matches!(name(&user.value).as_str(), "0" | "root");
            out.finding(format!(
                "service `{}` runs as `{}`, `{}` says `USER {own}`",
                service.name, user.value, docker.file.path
            ))
            .severity(if root { Severity::High } else { Severity::Low })
            .why("files the image gives its own user are not this user's")
            .help("remove `user`, or change the Dockerfile")
            .at_file(&compose.file, user.span)
            .command(format!("grep -n '^USER' {}", docker.file.path));
        }
    }
}
