//! Rules over the scripts of `RUN`: package managers, downloads, and the shell itself.

mod build_stage_cache;
mod build_time_password;
mod call;
mod consecutive_run;
mod credential_in_run;
mod directory_change;
mod distribution_upgrade;
mod environment;
mod heredoc_no_errexit;
mod interactive_apt;
mod lost_directory_change;
mod managers;
mod missing_assume_yes;
mod missing_pipefail;
mod mutable_git_clone;
mod package_cache_left;
mod pointless_command;
mod recommended_packages;
mod runs;
mod scripts;
pub(crate) mod shell;
mod shell_script;
mod shell_symlink;
mod sparse_login_log;
mod sudo;
mod tls_verification_off;
mod two_downloaders;
mod unlocked_install;
mod unpinned_download;
mod unpinned_package;
mod unsigned_packages;
mod update_alone;
mod verbose_download;
mod world_writable_mode;

rules![
    package_cache_left,
    unpinned_download,
    shell_script,
    heredoc_no_errexit,
    missing_pipefail,
    shell_symlink,
    sudo,
    missing_assume_yes,
    update_alone,
    tls_verification_off,
    unsigned_packages,
    build_time_password,
    credential_in_run,
    lost_directory_change,
    sparse_login_log,
    world_writable_mode,
    unpinned_package,
    recommended_packages,
    interactive_apt,
    distribution_upgrade,
    directory_change,
    pointless_command,
    mutable_git_clone,
    unlocked_install,
    two_downloaders,
    verbose_download,
    consecutive_run,
    build_stage_cache,
];

pub(crate) use scripts::Scripts;
pub(crate) use shell::Simple;
pub(crate) use unpinned_download::{fetches, runs_at_once};
