//! `seaworthy explain RULE`.

use crate::cli::ExplainArgs;
use crate::failure::Failure;
use crate::shell::Shell;
use seaworthy_finding::{ExitCode, did_you_mean};

/// Prints a rule's page.
pub(crate) fn exec(shell: &Shell, args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let known = seaworthy_rules::rules;
    let wanted = args.rule.as_str();
    let by_alias =
        || known().find(|rule| rule.meta.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(wanted)));
    let rule = seaworthy_rules::find(wanted).or_else(by_alias);
    let Some(page) = rule.and_then(|rule| seaworthy_rules::page(rule.meta.name)) else {
        let names =
            known().flat_map(|rule| std::iter::once(rule.meta.name).chain(rule.meta.aliases.iter().copied()));
        let near = did_you_mean(wanted, names);
        let hint = near.map_or_else(
            || "`seaworthy rules` lists every rule".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::new(ExitCode::Error, format!("unknown rule `{wanted}`")).hint(hint));
    };
    // Another tool's rule may be more than one of ours.
    let others: Vec<String> = known()
        .map(|rule| rule.meta)
        .filter(|meta| meta.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(wanted)))
        .filter(|meta| rule.is_none_or(|rule| rule.meta.name != meta.name))
        .map(|meta| format!("`{}`", meta.name))
        .collect();
    if !others.is_empty() {
        shell.note(&format!("`{wanted}` is part of {} too", others.join(", ")));
    }
    shell.out(page)?;
    Ok(ExitCode::Clean)
}
