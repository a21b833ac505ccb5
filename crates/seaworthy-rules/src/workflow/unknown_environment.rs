//! Reports environments that are one expression: what they set cannot be seen.

use super::insecure_commands::each_environment;
use crate::{Cx, Sink};

declare_rule! {
    name: "unknown-environment",
    summary: "a whole environment is computed",
    passes: "environments are written out",
    family: Workflow, category: Security, severity: Low, confidence: Low, persona: Auditor,
    aliases: ["zizmor/insecure-commands"], refs: ["GitHub, deprecating set-env and add-path commands"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    each_environment(cx, &mut |file, env, _| {
        let Some(text) = &env.expression else { return };
        out.finding(format!("the environment is whatever `{}` gives", text.value))
            .why("it may set `PATH`, `NODE_OPTIONS` or `ACTIONS_ALLOW_UNSECURE_COMMANDS`, and nobody sees it here")
            .help("name the variables and give their values by expressions")
            .at_file(file, env.key.unwrap_or(text.span))
            .command(format!("grep -n 'env:' {}", file.path));
    });
}
