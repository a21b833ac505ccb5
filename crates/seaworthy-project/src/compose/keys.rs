//! The keys of the compose specification.

use crate::yaml::Node;
use seaworthy_facts::Spanned;
use seaworthy_finding::did_you_mean;

/// At the top.
pub(crate) const TOP: &[&str] =
    &["version", "name", "services", "networks", "volumes", "configs", "secrets", "include", "models"];

/// Of a service.
pub(crate) const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Of a health check.
pub(crate) const HEALTHCHECK: &[&str] =
    &["disable", "interval", "retries", "start_interval", "start_period", "test", "timeout"];

/// The keys of a mapping that are not among the known ones and no extension, each with the nearest known one.
pub(crate) fn unknown(node: &Node, known: &[&str]) -> Vec<(Spanned<String>, Option<String>)> {
    node.entries()
        .iter()
        .filter_map(|(key, _)| key.text().map(|text| (key, text)))
        .filter(|(_, text)| !known.contains(text) && !text.starts_with("x-"))
        .map(|(key, text)| {
            let near = did_you_mean(text, known.iter().copied()).map(str::to_owned);
            (Spanned { value: text.to_owned(), span: key.span }, near)
        })
        .collect()
}
