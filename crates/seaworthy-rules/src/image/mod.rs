//! Rules over an image's bytes and configuration.

mod debug_symbols;
mod image_problem;
mod missing_image_healthcheck;
mod missing_label;
mod oversized_image;
mod package_manager_left;
mod platform_mismatch;
mod runs_as_root;
mod secret_in_config;
mod secret_in_layer;
mod setuid_file;
mod shell_entrypoint;
mod unresolvable_user;
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
    image_problem,
    platform_mismatch,
    missing_image_healthcheck,
    shell_entrypoint,
    debug_symbols,
    package_manager_left,
];

/// How a secret was told, and what else is known of it.
fn detected(secret: &seaworthy_facts::SecretFact) -> String {
    let mut text = format!("detector `{}`", secret.detector);
    if let Some(note) = &secret.note {
        text.push_str(", ");
        text.push_str(note);
    }
    if let Some(sum) = &secret.sha256 {
        text.push_str(", SHA-256 of the value ");
        text.push_str(sum);
    }
    text
}
