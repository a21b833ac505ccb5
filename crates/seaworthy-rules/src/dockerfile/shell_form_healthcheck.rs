//! Reports `HEALTHCHECK CMD` in shell form.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Command, Healthcheck, Kind};

declare_rule! {
    name: "shell-form-healthcheck",
    summary: "`HEALTHCHECK CMD` is in shell form",
    passes: "`HEALTHCHECK CMD` is in exec form",
    family: Dockerfile, category: Runtime, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL3025"], refs: ["Dockerfile reference, HEALTHCHECK"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Healthcheck(Healthcheck::Cmd(Command::Shell { script, span, .. })) = &item.kind else {
                continue;
            };
            if item.broken || script.trim().is_empty() {
                continue;
            }
            out.finding("the health check needs a shell")
                .why("each check starts a shell as well, and an image without one is never healthy")
                .help("write a JSON array: `HEALTHCHECK CMD [\"program\", \"argument\"]`")
                .at_file(&docker.file, *span)
                .command("docker image inspect --format '{{json .Config.Healthcheck}}' IMAGE");
        }
    }
}
