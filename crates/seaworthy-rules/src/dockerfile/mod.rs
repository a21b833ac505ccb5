//! Rules over the Dockerfile.

mod add_instead_of_copy;
mod constant_platform;
mod copy_ignored_path;
mod deprecated_maintainer;
mod duplicate_stage_name;
mod empty_continuation;
mod from_as_casing;
mod healthcheck_tool_missing;
mod instruction_casing;
mod invalid_port;
mod legacy_key_value;
mod missing_healthcheck;
mod mutable_base_tag;
mod redundant_platform;
mod relative_workdir;
mod repeated_instruction;
mod reserved_stage_name;
mod root_user;
mod secret_in_environment;
mod shell_form_command;
mod stage_name_casing;
mod syntax_error;
mod undefined_variable;
mod unknown_stage;
mod unpinned_base_digest;

rules![
    syntax_error,
    mutable_base_tag,
    unpinned_base_digest,
    relative_workdir,
    root_user,
    shell_form_command,
    secret_in_environment,
    missing_healthcheck,
    add_instead_of_copy,
    repeated_instruction,
    unknown_stage,
    undefined_variable,
    invalid_port,
    deprecated_maintainer,
    instruction_casing,
    copy_ignored_path,
    legacy_key_value,
    duplicate_stage_name,
    empty_continuation,
    constant_platform,
    from_as_casing,
    healthcheck_tool_missing,
    redundant_platform,
    reserved_stage_name,
    stage_name_casing,
];

use seaworthy_dockerfile::{Base, Dockerfile, Stage};
use seaworthy_finding::Span;

/// The stages whose layers are in the final image: the last one and those it begins with, the last one first.
pub(crate) fn final_chain(tree: &Dockerfile) -> Vec<Stage<'_>> {
    let stages = tree.stages();
    let mut chain = Vec::new();
    let mut at = stages.len().checked_sub(1);
    while let Some(index) = at {
        let Some(stage) = stages.get(index) else { break };
        chain.push(stage.clone());
        at = match stage.base {
            // A stage begins with an earlier one only, so this ends.
            Base::Stage(earlier) if earlier < index => Some(earlier),
            _ => None,
        };
    }
    chain
}

/// The whole lines of a span, with the last line end: what to remove when the statement goes.
pub(crate) fn whole_lines(text: &str, span: Span) -> Span {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end =
        text.get(span.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| span.end + at + 1);
    Span::new(start, end)
}
