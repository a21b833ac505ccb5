//! Reports a final stage that serves a port and has no health check.

use super::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Dockerfile, Keyword};

declare_rule! {
    name: "missing-healthcheck",
    summary: "the final stage has no health check",
    passes: "the final stage has a health check",
    family: Dockerfile, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["DL3057", "CIS-DI-0006", "CKV_DOCKER_2", "DS-0026"], refs: ["Dockerfile reference, HEALTHCHECK", "CIS Docker Benchmark 4.6"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let Some(last) = docker.tree.final_stage().filter(|_| lacks(&docker.tree)) else { continue };
        let anywhere = docker.tree.instructions.iter().any(|item| item.keyword == Keyword::Healthcheck);
        out.finding("the final stage exposes a port and has no `HEALTHCHECK`")
            .aliases(if anywhere { &["DL3057", "CIS-DI-0006"] } else { RULE.aliases })
            .why("Docker and compose cannot tell a service that hangs from one that works")
            .help(
                "add a check that calls the program itself, such as `HEALTHCHECK CMD [\"/app\", \"health\"]`",
            )
            .at_file(&docker.file, last.from.span)
            .command(format!("grep -n '^HEALTHCHECK' {}", docker.file.path));
    }
}

/// Whether the final image serves a port and has no health check.
pub(crate) fn lacks(tree: &Dockerfile) -> bool {
    let chain = final_chain(tree);
    let has = |keyword: Keyword| {
        chain.iter().flat_map(|stage| stage.instructions).any(|item| item.keyword == keyword)
    };
    !has(Keyword::Healthcheck) && has(Keyword::Expose)
}
