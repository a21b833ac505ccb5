//! Reports a service that starts, hangs or dawdles when a required variable is missing.

use super::ended;
use crate::{Cx, Sink, text};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "silent-default",
    summary: "the service does not refuse to start without a required variable",
    passes: "the service refuses to start without each required variable",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: ["fail-closed"], refs: ["The twelve-factor app, III"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(missing) = out.seen(&run.missing) else { return };
    let mut slowest = 0;
    for variable in missing {
        let boot = &variable.boot;
        let what = match boot.exit {
            _ if boot.ready => "the service starts and becomes ready".to_owned(),
            None => format!("the service neither becomes ready nor ends within {}", format_ms(boot.ms)),
            Some(exit) if exit.status() == 0 => {
                format!("the service ends with {}, which means success", ended(exit))
            }
            Some(exit) if boot.ms > variable.limit_ms => {
                format!(
                    "the service takes {} to refuse ({}), the limit is {}",
                    format_ms(boot.ms),
                    ended(exit),
                    format_ms(variable.limit_ms)
                )
            }
            Some(_) => {
                slowest = slowest.max(boot.ms);
                continue;
            }
        };
        out.finding(format!("without `{}` {what}", variable.name))
            .why("a forgotten setting becomes an insecure default in production, and nobody notices")
            .help(format!("check `{}` first thing at start, name it on standard error and exit with a status other than 0", variable.name))
            .at_observation(format!("missing {}", variable.name))
            .observation(format!("required by {}", variable.required_by))
            .excerpt(boot.log_tail.join("\n"))
            .command("seaworthy test IMAGE --project .");
    }
    if missing.is_empty() {
        out.not_applicable("no required variable is known");
    } else {
        out.observed(format!(
            "{} tried, slowest refusal {}",
            text::count(missing.len(), "variable"),
            format_ms(slowest)
        ));
    }
}
