//! Reports packages that are installed in whatever version is the newest.

use super::call::Operand;
use super::managers::Kind;
use super::runs::{place_of, runs};
use crate::text::names;
use crate::{Cx, Sink};
use seaworthy_finding::Persona;

declare_rule! {
    name: "unpinned-package",
    summary: "a package is installed without a version",
    passes: "every package is installed in a fixed version",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062"],
    refs: ["Dockerfile best practices, RUN", "manual pages of the package managers"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for (_, simple, managed) in run.managed() {
                let (manager, call) = (managed.manager, &managed.call);
                // A constraints or requirements file says the versions, and so does `--version` of a single package.
                let said = match manager.kind {
                    Kind::Pip => call.has(&["r", "requirement", "c", "constraint"]),
                    Kind::Gem => call.has(&["v", "version", "g", "file"]),
                    Kind::Cargo => true,
                    _ => false,
                };
                if !managed.installs() || said {
                    continue;
                }
                // Only the first operand of `go run` is a package, the others are its program's arguments.
                let most = if managed.verb() == "run" { 1 } else { usize::MAX };
                let (unknown, loose): (Vec<&Operand<'_>>, Vec<&Operand<'_>>) = call
                    .operands
                    .iter()
                    .take(most)
                    // Behind `--` gem is told how to compile.
                    .filter(|operand| !operand.behind || manager.kind != Kind::Gem)
                    .filter(|operand| !operand.text.is_empty())
                    .filter(|operand| !manager.pinned(operand.text, managed.noun))
                    .partition(|operand| operand.text.starts_with(['$', '`']));
                let Some(first) = loose.first().or(unknown.first()) else { continue };
                let texts: Vec<&str> = loose.iter().map(|operand| operand.text).collect();
                // hadolint knows `apt-get` only.
                let peers = managed.program == "apt-get" || manager.kind != Kind::Apt;
                // What a variable holds is not known here, which only an auditor wants to hear.
                let (message, persona) = if loose.is_empty() {
                    let message = format!(
                        "whether `{}` gives {} a version is not seen here",
                        managed.words(),
                        first.text
                    );
                    (message, Persona::Auditor)
                } else {
                    let message = format!("`{}` takes {} in any version", managed.words(), names(&texts, 3));
                    (message, Persona::Pedantic)
                };
                out.finding(message)
                    .persona(persona)
                    .aliases(if peers { manager.unpinned } else { &[] })
                    .why("two builds of the same file give two different images")
                    .help(format!("write `{}`", manager.example(first.text)))
                    .at_file(&docker.file, place_of(simple, first.at))
                    .command(format!("grep -n '{}' {}", managed.words(), docker.file.path));
            }
        }
    }
}
