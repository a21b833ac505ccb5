//! `seaworthy rules`.

use crate::cli::Global;
use crate::failure::Failure;
use crate::shell::Shell;
use seaworthy_finding::{Applicability, ExitCode, Persona, RuleMeta};
use std::fmt::Write as _;

/// Lists the rules, as a table or as JSON.
pub(crate) fn exec(shell: &Shell, global: &Global) -> Result<ExitCode, Failure> {
    let metas: Vec<_> = seaworthy_rules::rules().map(|rule| rule.meta).collect();
    if global.format.iter().any(|format| format == "json") {
        let text = serde_json::to_string_pretty(&metas).map_err(|error| Failure::of("write JSON", &error))?;
        shell.out(&text)?;
        return Ok(ExitCode::Clean);
    }
    if global.format.iter().any(|format| format == "markdown") {
        shell.out(&markdown(&metas))?;
        return Ok(ExitCode::Clean);
    }
    if let Some(other) = global.format.iter().find(|format| *format != "terminal") {
        return Err(Failure::new(ExitCode::Error, format!("the rules cannot be listed as `{other}`"))
            .hint("`--format` is terminal, json or markdown here"));
    }
    let width = metas.iter().map(|meta| meta.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut family = None;
    for meta in &metas {
        if family != Some(meta.family) {
            family = Some(meta.family);
            let name =
                serde_json::to_value(meta.family).ok().and_then(|value| value.as_str().map(str::to_owned));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, name.unwrap_or_default());
        }
        let gate = if meta.gate { " [gate]" } else { "" };
        let _ = writeln!(text, "  {:width$}  {:8}  {}{gate}", meta.name, meta.severity.word(), meta.summary);
    }
    let _ = writeln!(text, "\n{} rules; `seaworthy explain RULE` shows a rule's page", metas.len());
    shell.out(&text)?;
    Ok(ExitCode::Clean)
}

/// One table with everything that helps to choose: the names in other tools, too.
fn markdown(metas: &[&RuleMeta]) -> String {
    let mut text = String::from(
        "| rule | fails when | severity | persona | fix | elsewhere |\n|---|---|---|---|---|---|\n",
    );
    for meta in metas {
        let persona = match meta.persona {
            Persona::Regular => "regular",
            Persona::Pedantic => "pedantic",
            Persona::Auditor => "auditor",
        };
        let fix = match meta.fix {
            Some(Applicability::Safe) => "safe",
            Some(Applicability::Unsafe) => "unsafe",
            Some(Applicability::Display) => "shown",
            None => "",
        };
        let gate = if meta.gate { ", gate" } else { "" };
        let _ = writeln!(
            text,
            "| `{}` | {} | {}{gate} | {persona} | {fix} | {} |",
            meta.name,
            meta.summary.replace('|', "\\|"),
            meta.severity.word(),
            meta.aliases.join(", ")
        );
    }
    text
}
