//! Reports a stop signal that is none, or that nobody can catch.

use crate::{Cx, Sink};

declare_rule! {
    name: "invalid-stop-signal",
    summary: "the stop signal is none, or cannot be caught",
    passes: "the stop signal can be caught",
    family: Image, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["signal(7)", "Dockerfile reference, STOPSIGNAL"],
}

const SIGNALS: [&str; 30] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CONT", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
    "WINCH", "IO", "PWR", "SYS",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let Some(signal) = image.config.config.stop_signal.as_deref().filter(|signal| !signal.is_empty()) else {
        return;
    };
    let name = signal.trim_start_matches("SIG").to_ascii_uppercase();
    let number = signal.parse::<u8>().ok();
    let problem = if matches!(name.as_str(), "KILL" | "STOP") || matches!(number, Some(9 | 19)) {
        "cannot be caught, so the service is never asked to stop"
    } else if SIGNALS.contains(&name.as_str())
        || name.strip_prefix("RTMIN").or_else(|| name.strip_prefix("RTMAX")).is_some()
        || number.is_some_and(|number| (1..=64).contains(&number))
    {
        return;
    } else {
        "is no signal"
    };
    out.finding(format!("the stop signal `{signal}` {problem}"))
        .why("`docker stop` fails, or ends the service in the middle of a request")
        .help("leave `STOPSIGNAL` out for SIGTERM, or name the signal the service handles")
        .at_config("config.StopSignal")
        .command("docker image inspect --format '{{.Config.StopSignal}}' IMAGE");
}
