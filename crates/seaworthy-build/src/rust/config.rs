//! The image configuration of a packaged crate.

use super::metadata::Package;
use super::rootfs::User;
use crate::{BuildError, Epoch, EpochSource};
use seaworthy_facts::GitFact;
use seaworthy_finding::{Command, HealthConfig, RustConfig};
use seaworthy_oci::{ContainerConfig, Digest, Healthcheck, History, ImageConfig, Platform, RootFs};
use std::collections::BTreeMap;

/// Docker's default search path, so that the image behaves like others under `docker exec`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the configuration is made from.
pub(super) struct Parts<'a> {
    pub package: &'a Package,
    pub binary: &'a str,
    pub rust: &'a RustConfig,
    pub git: Option<&'a GitFact>,
    pub user: User,
    pub epoch: Epoch,
    pub platform: &'a Platform,
    /// The layers, lowest first: digest of the tar, and what made it.
    pub layers: Vec<(Digest, String)>,
}

/// The configuration.
pub(super) fn image_config(parts: &Parts<'_>) -> Result<ImageConfig, BuildError> {
    let rust = parts.rust;
    let created = Some(parts.epoch.rfc3339());
    let mut env = vec![format!("PATH={}", rust.env.get("PATH").map_or(PATH, String::as_str))];
    env.extend(
        rust.env.iter().filter(|(name, _)| *name != "PATH").map(|(name, value)| format!("{name}={value}")),
    );
    let config = ContainerConfig {
        user: format!("{}:{}", parts.user.uid, parts.user.gid),
        exposed_ports: rust.expose.iter().map(|port| exposed(port)).collect::<Result<_, _>>()?,
        env,
        entrypoint: rust.entrypoint.as_ref().map_or_else(|| vec![parts.binary.to_owned()], words),
        cmd: rust.cmd.as_ref().map(words).unwrap_or_default(),
        working_dir: "/".to_owned(),
        labels: labels(parts),
        stop_signal: Some(rust.stop_signal.clone().unwrap_or_else(|| "SIGTERM".to_owned())),
        healthcheck: rust.healthcheck.as_ref().map(healthcheck),
        ..ContainerConfig::default()
    };
    let history = parts.layers.iter().map(|(_, created_by)| History {
        created: created.clone(),
        created_by: Some(created_by.clone()),
        comment: Some("seaworthy".to_owned()),
        ..History::default()
    });
    Ok(ImageConfig {
        created: created.clone(),
        architecture: parts.platform.architecture.clone(),
        os: parts.platform.os.clone(),
        variant: parts.platform.variant.clone(),
        config,
        history: history.collect(),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: parts.layers.iter().map(|(digest, _)| digest.clone()).collect(),
        },
        author: None,
    })
}

fn words(command: &Command) -> Vec<String> {
    match command {
        Command::Exec(words) => words.clone(),
        Command::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
    }
}

/// `8080` → `8080/tcp`.
fn exposed(port: &str) -> Result<(String, serde_json::Value), BuildError> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    if number.parse::<u16>().is_ok_and(|number| number > 0) && ["tcp", "udp", "sctp"].contains(&protocol) {
        return Ok((format!("{number}/{protocol}"), serde_json::json!({})));
    }
    Err(BuildError::input(
        format!("`{port}` under `rust.expose` is no port"),
        "write a number from 1 to 65535, with `/udp` or `/sctp` where it is not TCP",
    ))
}

fn healthcheck(health: &HealthConfig) -> Healthcheck {
    let nanoseconds = |ms: Option<u64>| ms.unwrap_or(0).saturating_mul(1_000_000);
    let mut test = match &health.cmd {
        Command::Exec(words) => words.clone(),
        Command::Shell(text) => vec![text.clone()],
    };
    let form = if matches!(health.cmd, Command::Shell(_)) { "CMD-SHELL" } else { "CMD" };
    test.insert(0, form.to_owned());
    Healthcheck {
        test,
        interval: nanoseconds(health.interval),
        timeout: nanoseconds(health.timeout),
        start_period: nanoseconds(health.start_period),
        start_interval: 0,
        retries: health.retries.unwrap_or(0),
    }
}

/// The labels of the OCI annotations specification that Cargo and git can fill, then the policy's own.
fn labels(parts: &Parts<'_>) -> BTreeMap<String, String> {
    let Parts { package, git, .. } = parts;
    let remote = git.and_then(|git| git.remote.clone());
    let commit = git.map(|git| git.commit.clone()).filter(|commit| !commit.is_empty());
    let known = [
        ("title", Some(package.name.clone())),
        ("description", package.description.clone()),
        ("version", Some(package.version.clone())),
        ("licenses", package.license.clone()),
        ("source", package.repository.clone().or(remote)),
        ("revision", commit),
        ("created", (parts.epoch.source != EpochSource::Fixed).then(|| parts.epoch.rfc3339())),
    ];
    let mut labels: BTreeMap<String, String> = known
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value?.trim().to_owned();
            (!value.is_empty()).then(|| (format!("org.opencontainers.image.{name}"), value))
        })
        .collect();
    for dropped in &parts.rust.without_labels {
        labels.remove(dropped);
        labels.remove(&format!("org.opencontainers.image.{dropped}"));
    }
    labels.extend(parts.rust.labels.clone());
    labels
}

/// What the reader should know of commands that need a shell the image does not have.
pub(super) fn shell_notes(rust: &RustConfig, has_shell: bool) -> Vec<String> {
    let shell = |command: Option<&Command>| matches!(command, Some(Command::Shell(_)));
    let uses = [
        ("rust.entrypoint", shell(rust.entrypoint.as_ref())),
        ("rust.cmd", shell(rust.cmd.as_ref())),
        ("rust.healthcheck.cmd", shell(rust.healthcheck.as_ref().map(|health| &health.cmd))),
    ];
    uses.iter()
        .filter(|(_, used)| *used && !has_shell)
        .map(|(key, _)| {
            format!("`{key}` is run by /bin/sh, which the image does not have: write it as a list of words")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_get_their_protocol() {
        assert_eq!(exposed("8080").unwrap().0, "8080/tcp");
        assert_eq!(exposed("53/udp").unwrap().0, "53/udp");
        assert!(exposed("0").is_err());
        assert!(exposed("80/http").is_err());
    }

    #[test]
    fn health_times_become_nanoseconds() {
        let config = HealthConfig {
            cmd: Command::Exec(vec!["/x".to_owned(), "health".to_owned()]),
            interval: Some(1500),
            timeout: None,
            start_period: None,
            retries: Some(2),
        };
        let health = healthcheck(&config);
        assert_eq!(health.test, ["CMD", "/x", "health"]);
        assert_eq!((health.interval, health.timeout, health.retries), (1_500_000_000, 0, 2));
    }

    #[test]
    fn a_shell_form_without_a_shell_is_told() {
        let rust = RustConfig { cmd: Some(Command::Shell("run".to_owned())), ..RustConfig::default() };
        assert_eq!(shell_notes(&rust, false).len(), 1);
        assert!(shell_notes(&rust, true).is_empty());
        assert_eq!(words(&Command::Shell("a b".to_owned())), ["/bin/sh", "-c", "a b"]);
    }
}
