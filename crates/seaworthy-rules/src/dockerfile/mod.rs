//! Rules over the Dockerfile.

mod add_instead_of_copy;
mod add_used;
mod add_without_checksum;
mod base_platform_mismatch;
mod constant_platform;
mod copy_after_user;
mod copy_destination_slash;
mod copy_from_empty_stage;
mod copy_from_number;
mod copy_ignored_path;
mod copy_relative_destination;
mod copy_then_unpack;
mod copy_whole_filesystem;
mod created_user_unused;
mod deprecated_maintainer;
mod duplicate_stage_name;
mod empty_continuation;
mod env_self_reference;
mod from_as_casing;
mod graph;
mod healthcheck_tool_missing;
mod inline_suppression;
mod instruction_casing;
mod invalid_definition_description;
mod invalid_label_key;
mod invalid_label_value;
mod invalid_port;
mod legacy_key_value;
mod misplaced_directive;
mod missing_healthcheck;
mod missing_required_label;
mod mutable_base_tag;
mod named_user;
mod nested_relative_workdir;
mod platform_flag;
mod redundant_platform;
mod relative_workdir;
mod repeated_instruction;
mod reserved_stage_name;
mod root_build_stage;
mod root_user;
mod run_in_scratch;
mod second_instruction;
mod secret_in_environment;
mod secret_like_name;
mod shell_form_command;
mod shell_form_healthcheck;
mod short_stop_grace;
mod spdx;
mod ssh_port;
mod stage_name_casing;
mod stage_without_healthcheck;
mod superfluous_label;
mod syntax_error;
mod uncatchable_stop_signal;
mod undefined_variable;
mod unknown_stage;
mod unpinned_base_digest;
mod unreachable_stage;
mod untrusted_registry;
mod user_group_only;
mod variable_of_base_image;
mod volume_on_system_directory;
mod workdir_in_system_directory;

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
    base_platform_mismatch,
    from_as_casing,
    healthcheck_tool_missing,
    redundant_platform,
    reserved_stage_name,
    stage_name_casing,
    add_used,
    add_without_checksum,
    copy_after_user,
    copy_destination_slash,
    copy_from_empty_stage,
    copy_from_number,
    copy_relative_destination,
    copy_then_unpack,
    copy_whole_filesystem,
    created_user_unused,
    env_self_reference,
    inline_suppression,
    invalid_definition_description,
    invalid_label_key,
    invalid_label_value,
    misplaced_directive,
    missing_required_label,
    named_user,
    nested_relative_workdir,
    platform_flag,
    root_build_stage,
    run_in_scratch,
    secret_like_name,
    shell_form_healthcheck,
    short_stop_grace,
    ssh_port,
    stage_without_healthcheck,
    superfluous_label,
    uncatchable_stop_signal,
    unreachable_stage,
    untrusted_registry,
    user_group_only,
    variable_of_base_image,
    second_instruction,
    volume_on_system_directory,
    workdir_in_system_directory,
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

/// A word as written, without the quotes around it.
pub(crate) fn bare(raw: &str) -> &str {
    let inner = |quote: char| raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(raw)
}

pub(crate) use root_user::final_user;

/// Whether a Dockerfile's path says that its image is for those who develop or test, and is never shipped:
/// `Dockerfile.ci`, `dev.Dockerfile`, `.devcontainer/Dockerfile`, `tests/e2e/Dockerfile`.
pub(crate) fn for_tools(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = lower.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let kind = name.split('.').filter(|part| !matches!(*part, "dockerfile" | "containerfile"));
    let kinds =
        ["ci", "dev", "devel", "development", "devcontainer", "build", "builder", "test", "tests", "lint"];
    let places =
        ["ci", ".ci", ".github", ".gitlab", ".circleci", ".devcontainer", "test", "tests", "e2e", "testdata"];
    kind.clone().any(|part| kinds.contains(&part)) || parts.iter().any(|part| places.contains(part))
}

#[cfg(test)]
mod tests {
    use super::for_tools;

    #[test]
    fn images_of_tools_are_told_by_their_paths() {
        for (path, want) in [
            ("Dockerfile", false),
            ("build/Dockerfile", false),
            ("Dockerfile.prod", false),
            ("docker/Dockerfile.ci", true),
            ("dev.Dockerfile", true),
            (".devcontainer/Dockerfile", true),
            ("tests/e2e/Dockerfile", true),
        ] {
            assert_eq!(for_tools(path), want, "{path}");
        }
    }
}
