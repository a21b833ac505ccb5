//! Rules over CI workflows: GitHub's and GitLab's.

mod action_from_branch;
mod all_secrets_exposed;
mod anonymous_workflow;
mod archived_action;
mod attestation_without_name;
mod broad_app_token;
mod cache_poisoning;
mod caches;
mod cli;
mod condition_always_true;
mod conditions;
mod contexts;
mod dangerous_trigger;
mod default_permissions;
mod deprecated_workflow_command;
mod discouraged_feature;
mod edit;
mod environment_file_injection;
mod environment_files;
mod excessive_permissions;
mod expression_in_script;
mod expressions;
mod flow;
mod hardcoded_container_credentials;
mod ignores;
mod images;
mod inherited_secrets;
mod inputs;
mod insecure_commands;
mod invalid_event;
mod invalid_expression;
mod invalid_job_needs;
mod invalid_matrix;
mod invalid_metadata_tag;
mod invalid_permission;
mod invalid_pipeline;
mod invalid_workflow;
mod invalid_workflow_call;
mod invalid_workflow_id;
mod job_default_permissions;
mod job_image_without_digest;
mod leaked_checkout_credentials;
mod literal_pipeline_secret;
mod load_multi_platform;
mod login_password_argument;
mod long_lived_token;
mod masked_check;
mod matrix_overwrites_tag;
mod missing_concurrency;
mod missing_token_permission;
mod mixed_case_image_name;
mod mutable_job_image;
mod obscured_expression;
mod occasion;
mod persisted_checkout_credentials;
mod pipeline;
mod provenance_switched_off;
mod publish;
mod push_on_pull_request;
mod secret_build_argument;
mod secret_outside_environment;
mod self_hosted_runner;
mod shared_tag_from_any_branch;
mod signature_by_tag;
mod skipped_with_needs;
mod spoofable_bot_condition;
mod steps;
mod substring_condition;
mod superfluous_action;
mod taint;
mod template_injection;
mod unchecked_download;
mod unencrypted_docker_daemon;
mod unexplained_permission;
mod unknown_action_input;
mod unknown_environment;
mod unpinned_action;
mod unpinned_tool;
mod unread_include;
mod unredacted_secret;
mod unrestricted_token;
mod unsigned_publication;
mod unsound_ternary;
mod untagged_image_deletion;
mod untrusted_checkout;
mod untrusted_expression;

rules![
    invalid_workflow,
    invalid_workflow_id,
    invalid_job_needs,
    invalid_workflow_call,
    invalid_permission,
    invalid_event,
    invalid_expression,
    unknown_action_input,
    invalid_matrix,
    deprecated_workflow_command,
    missing_token_permission,
    attestation_without_name,
    push_on_pull_request,
    invalid_metadata_tag,
    matrix_overwrites_tag,
    load_multi_platform,
    signature_by_tag,
    masked_check,
    untagged_image_deletion,
    unsigned_publication,
    provenance_switched_off,
    mixed_case_image_name,
    login_password_argument,
    unrestricted_token,
    untrusted_expression,
    template_injection,
    expression_in_script,
    untrusted_checkout,
    excessive_permissions,
    default_permissions,
    job_default_permissions,
    action_from_branch,
    unpinned_action,
    leaked_checkout_credentials,
    persisted_checkout_credentials,
    dangerous_trigger,
    environment_file_injection,
    insecure_commands,
    unknown_environment,
    hardcoded_container_credentials,
    inherited_secrets,
    all_secrets_exposed,
    unredacted_secret,
    mutable_job_image,
    job_image_without_digest,
    cache_poisoning,
    condition_always_true,
    spoofable_bot_condition,
    substring_condition,
    unsound_ternary,
    unpinned_tool,
    archived_action,
    broad_app_token,
    discouraged_feature,
    superfluous_action,
    missing_concurrency,
    secret_outside_environment,
    self_hosted_runner,
    unexplained_permission,
    anonymous_workflow,
    invalid_pipeline,
    shared_tag_from_any_branch,
    secret_build_argument,
    literal_pipeline_secret,
    unencrypted_docker_daemon,
    skipped_with_needs,
    unchecked_download,
    long_lived_token,
    obscured_expression,
    unread_include,
];

pub(crate) use ignores::scopes;
pub(crate) use publish::{commands, word as word_place};
pub(crate) use unsigned_publication::signs_keyless;
