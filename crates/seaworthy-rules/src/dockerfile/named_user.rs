//! Reports a `USER` that is a name.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "named-user",
    summary: "`USER` is a name instead of a number",
    passes: "every `USER` is a number",
    family: Dockerfile, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL3066"], refs: ["Kubernetes, Pod security context: runAsNonRoot"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let scopes = docker.tree.scopes();
        for (index, stage) in docker.tree.stages().iter().enumerate() {
            for item in stage.instructions {
                let Kind::User(word) = &item.kind else { continue };
                let numeric = |text: &str| {
                    let user = text.split(':').next().unwrap_or(text);
                    !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_digit())
                };
                let known = word.has_variable()
                    && scopes.get(index).is_some_and(|scope| numeric(&scope.expand(word)));
                if item.broken || item.inline_comment.is_some() || numeric(&word.raw) || known {
                    continue;
                }
                out.finding(format!("`USER {}` is a name", word.raw))
                    .why("Kubernetes cannot tell from a name that it is not root, and refuses it under `runAsNonRoot`")
                    .help("write the number: `USER 65532:65532`")
                    .at_file(&docker.file, word.span)
                    .command("docker image inspect --format '{{.Config.User}}' IMAGE");
            }
        }
    }
}
