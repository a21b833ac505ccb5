//! Podman asks for 1,048,576 open files and 4,194,304 processes for every container. Where its service may not raise
//! limits (no `CAP_SYS_RESOURCE`, as inside a container) the start fails. An engine of this machine is therefore asked
//! for no more than this process itself may have.

use serde_json::{Value, json};
use std::fs;

/// Podman's defaults: name in the API, name in `/proc/self/limits`, value, and the most to ask for instead. The service
/// lowers its own number of processes to 32,768 where it cannot raise it (measured with 4.3.1), so more cannot be had.
const DEFAULTS: [(&str, &str, u64, u64); 2] =
    [("nofile", "Max open files", 1_048_576, 1_048_576), ("nproc", "Max processes", 4_194_304, 32_768)];

/// `HostConfig.Ulimits` for a local Podman; empty where its defaults can be had.
pub(crate) fn podman_ulimits() -> Vec<Value> {
    fs::read_to_string("/proc/self/limits").map(|text| below_defaults(&text)).unwrap_or_default()
}

fn below_defaults(limits: &str) -> Vec<Value> {
    DEFAULTS
        .iter()
        .filter_map(|(name, label, default, most)| {
            let rest = limits.lines().find_map(|line| line.strip_prefix(label))?;
            // Soft limit, hard limit, unit. `unlimited` is no number and needs nothing.
            let hard: u64 = rest.split_whitespace().nth(1)?.parse().ok()?;
            let value = hard.min(*most);
            (hard < *default).then(|| json!({ "Name": name, "Soft": value, "Hard": value }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_out_of_reach_is_lowered() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             96365                96365                processes \n\
                    Max open files            1024                 1048576              files     \n";
        assert_eq!(below_defaults(text), [json!({ "Name": "nproc", "Soft": 32768, "Hard": 32768 })]);
        assert!(below_defaults("Max processes  unlimited  unlimited  processes").is_empty());
    }
}
