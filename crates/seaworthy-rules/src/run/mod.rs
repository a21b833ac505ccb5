//! Rules over what the booted container did.

mod accepts_wrong_value;
mod arbitrary_user_fails;
mod blind_healthcheck;
mod busy_idle;
mod descriptor_leak;
mod dropped_request;
mod egress_attempt;
mod failed_expectation;
mod hidden_write;
mod late_healthcheck;
mod log_file_in_container;
mod log_flood;
mod loopback_only_port;
mod memory_leak;
mod needs_capability;
mod needs_network;
mod not_ready;
mod out_of_memory;
mod password_in_log;
mod privileges_left;
mod process_limit_reached;
mod read_only_root_fails;
mod replica_fails;
mod restart_fails;
mod root_process;
mod secret_in_log;
mod silent_default;
mod silent_port;
mod slow_start;
mod stops_answering;
mod undeclared_port;
mod unhandled_interrupt;
mod unhandled_stop_signal;
mod unhealthy_healthcheck;
mod unnamed_variable;
mod unused_expose;
mod unwritable_fresh_volume;
mod verification_failed;
mod zombie_processes;

rules![
    not_ready,
    slow_start,
    root_process,
    privileges_left,
    unhandled_stop_signal,
    dropped_request,
    silent_default,
    unnamed_variable,
    needs_network,
    read_only_root_fails,
    hidden_write,
    undeclared_port,
    unused_expose,
    loopback_only_port,
    secret_in_log,
    log_file_in_container,
    unhealthy_healthcheck,
    blind_healthcheck,
    failed_expectation,
    zombie_processes,
    busy_idle,
    out_of_memory,
    process_limit_reached,
    descriptor_leak,
    memory_leak,
    stops_answering,
    silent_port,
    egress_attempt,
    needs_capability,
    unwritable_fresh_volume,
    arbitrary_user_fails,
    unhandled_interrupt,
    restart_fails,
    replica_fails,
    accepts_wrong_value,
    late_healthcheck,
    log_flood,
    password_in_log,
    verification_failed,
];

use seaworthy_facts::Exit;
use std::collections::BTreeSet;

/// How a process ended, in words.
pub(crate) fn ended(exit: Exit) -> String {
    let memory = if exit.oom_killed { " (out of memory)" } else { "" };
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit {code}{memory}"),
        (None, Some(signal)) => format!("killed by signal {signal}{memory}"),
        (None, None) => format!("ended{memory}"),
    }
}

/// The port and protocol pairs the image declares.
pub(crate) fn exposed(facts: &seaworthy_facts::Facts) -> Option<BTreeSet<(u16, String)>> {
    let config = &facts.image.as_ref()?.config.config;
    let ports = config.exposed_ports.keys().filter_map(|key| {
        let (port, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
        Some((port.parse().ok()?, protocol.to_owned()))
    });
    Some(ports.collect())
}

/// Whether the service never became ready, which `not-ready` judges alone; notes that the rule did not run.
pub(crate) fn never_ready(run: &seaworthy_facts::RunFacts, out: &mut crate::Sink) -> bool {
    let never = run.ready.seen().is_some_and(|ready| !ready.boot.ready);
    if never {
        out.not_run("the service does not become ready at all");
    }
    never
}
