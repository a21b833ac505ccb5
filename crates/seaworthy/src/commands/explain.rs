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
        let near = did_you_mean(wanted, known().map(|rule| rule.meta.name));
        let hint = near.map_or_else(
            || "`seaworthy rules` lists every rule".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::new(ExitCode::Error, format!("unknown rule `{wanted}`")).hint(hint));
    };
    shell.out(page)?;
    Ok(ExitCode::Clean)
}
