//! Rules over CI workflows: GitHub's and GitLab's.

mod action_from_branch;
mod all_secrets_exposed;
mod cache_poisoning;
mod caches;
mod cli;
mod dangerous_trigger;
mod default_permissions;
mod edit;
mod environment_file_injection;
mod environment_files;
mod excessive_permissions;
mod expression_in_script;
mod expressions;
mod flow;
mod hardcoded_container_credentials;
mod images;
mod inherited_secrets;
mod insecure_commands;
mod invalid_pipeline;
mod job_default_permissions;
mod job_image_without_digest;
mod leaked_checkout_credentials;
mod literal_pipeline_secret;
mod mutable_job_image;
mod persisted_checkout_credentials;
mod pipeline;
mod secret_build_argument;
mod shared_tag_from_any_branch;
mod steps;
mod template_injection;
mod unencrypted_docker_daemon;
mod unknown_environment;
mod unpinned_action;
mod unredacted_secret;

rules![
    template_injection,
    expression_in_script,
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
    invalid_pipeline,
    shared_tag_from_any_branch,
    secret_build_argument,
    literal_pipeline_secret,
    unencrypted_docker_daemon,
];
