//! Reports compose files that compose refuses: broken YAML, unknown keys, values of the wrong kind.

use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "invalid-compose",
    summary: "the compose file does not read",
    passes: "the compose file reads",
    family: Compose, category: Runtime, severity: Critical, confidence: High, persona: Regular,
    gate: true, fix: Unsafe,
    aliases: [], refs: ["Compose specification"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        let why = "compose refuses the file, so nothing starts";
        let command = format!("docker compose -f {} config --quiet", compose.file.path);
        for problem in &compose.problems {
            out.finding(problem.message.clone())
                .why(why)
                .help("write what the message says; the rest of the file is judged as far as it reads")
                .at_file(&compose.file, problem.span)
                .command(command.clone());
        }
        let services = compose
            .services
            .iter()
            .flat_map(|service| service.unknown_keys.iter().map(move |key| (Some(service), key)));
        for (service, (key, near)) in services.chain(compose.unknown_keys.iter().map(|key| (None, key))) {
            let place = service.map_or_else(String::new, |service| format!(" in service `{}`", service.name));
            let help = near.as_ref().map_or_else(
                || format!("remove it, or call it `x-{}` where it is for another tool", key.value),
                |near| format!("did you mean `{near}`?"),
            );
            let finding = out
                .finding(format!("`{}`{place} is no key of the compose specification", key.value))
                .why(why)
                .help(help)
                .at_file(&compose.file, key.span)
                .command(command.clone());
            if let Some(near) = near
                && key.span.of(&compose.file.text) == key.value
            {
                finding.fix(
                    Applicability::Unsafe,
                    format!("Write `{near}`"),
                    &compose.file,
                    vec![Edit { span: key.span, text: near.clone() }],
                );
            }
        }
    }
}
