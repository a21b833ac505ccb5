//! Rules over an image's bytes and configuration.

mod credential_file;
mod dangling_link;
mod debug_symbols;
mod developer_tool_left;
mod duplicate_identity;
mod empty_password;
mod file_capabilities;
pub(crate) mod history;
mod history_add;
mod history_cache_left;
mod history_sudo;
mod history_update_alone;
mod history_upgrade;
mod image_problem;
mod inefficient_layers;
mod invalid_exposed_port;
mod invalid_stop_signal;
mod latest_image_tag;
mod leftover_file;
mod missing_image_healthcheck;
mod missing_label;
mod missing_start_command;
mod oversized_image;
mod ownerless_file;
mod package_manager_left;
mod platform_mismatch;
mod runs_as_root;
mod secret_in_config;
mod secret_in_layer;
mod sensitive_volume;
mod setuid_file;
mod shell_entrypoint;
mod source_control_left;
mod unknown_contents;
mod unresolvable_user;
pub(crate) mod unstartable_command;
mod wasted_bytes;
mod world_writable_file;

rules![
    runs_as_root,
    unresolvable_user,
    secret_in_layer,
    secret_in_config,
    setuid_file,
    world_writable_file,
    missing_label,
    oversized_image,
    wasted_bytes,
    inefficient_layers,
    image_problem,
    platform_mismatch,
    missing_image_healthcheck,
    shell_entrypoint,
    debug_symbols,
    package_manager_left,
    history_sudo,
    history_upgrade,
    history_update_alone,
    history_cache_left,
    history_add,
    sensitive_volume,
    latest_image_tag,
    empty_password,
    duplicate_identity,
    source_control_left,
    leftover_file,
    credential_file,
    ownerless_file,
    dangling_link,
    developer_tool_left,
    missing_start_command,
    unstartable_command,
    invalid_exposed_port,
    invalid_stop_signal,
    file_capabilities,
    unknown_contents
];

/// How a secret was told, and what else is known of it.
fn detected(secret: &seaworthy_facts::SecretFact) -> String {
    let mut text = format!("detector `{}`", secret.detector);
    if let Some(note) = &secret.note {
        text.push_str(", ");
        text.push_str(note);
    }
    if let Some(sum) = &secret.sha256 {
        text.push_str(", ");
        text.push_str(crate::text::SHA256_OF_VALUE);
        text.push_str(sum);
    }
    text
}
