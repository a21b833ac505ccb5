//! Reports a service that does not end by itself, or not cleanly, on the stop signal.

use super::ended;
use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "unhandled-stop-signal",
    summary: "the service does not stop cleanly on its stop signal",
    passes: "the service stops cleanly on its stop signal",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: ["stop-signal"], refs: ["docker stop", "signal(7)", "pid_namespaces(7)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(stop) = out.seen(&run.stop) else { return };
    let expected: Vec<i32> = cx
        .param_list("expect")
        .map(|list| list.iter().filter_map(|item| item.parse().ok()).collect())
        .unwrap_or_else(|| vec![0]);
    let status = stop.exit.status();
    if stop.early {
        out.finding(format!(
            "the service ended by itself before `{}` was sent: {}",
            stop.signal,
            ended(stop.exit)
        ))
        .why("a service that ends without being asked is restarted over and over")
        .help("find out in its log why it ends; a job that is meant to end is no service to be tested")
        .at_observation("stop")
        .command("seaworthy test IMAGE --project .");
        return;
    }
    if !stop.forced && expected.contains(&status) {
        out.observed(format!("{} {} after `{}`", ended(stop.exit), format_ms(stop.ms), stop.signal));
        return;
    }
    let what = if stop.forced {
        format!(
            "was killed after the whole grace of {}: it ignored `{}`",
            format_ms(stop.grace_ms),
            stop.signal
        )
    } else {
        let wanted: Vec<String> = expected.iter().map(ToString::to_string).collect();
        format!(
            "ended with status {status} {} after `{}`, expected {}",
            format_ms(stop.ms),
            stop.signal,
            wanted.join(" or ")
        )
    };
    let handler = match stop.handler {
        Some(true) => format!("; process 1 (`{}`) has a handler for it", stop.pid1),
        Some(false) => format!(
            "; process 1 (`{}`) has no handler for it, and the kernel gives process 1 no default",
            stop.pid1
        ),
        None => format!("; process 1 is `{}`", stop.pid1),
    };
    let shell = is_shell(&stop.pid1);
    let help = if shell {
        "start the program itself: exec form `CMD [\"program\"]`, or `exec program` as the script's last line"
    } else {
        "handle the signal and end with status 0, or set the signal the program handles with `STOPSIGNAL`"
    };
    let mut finding = out
        .finding(format!("the service {what}{handler}"))
        .why("every deployment waits out the grace, then cuts off requests and writes under way")
        .help(help)
        .at_observation("stop");
    for note in &stop.diagnosis {
        finding = finding.observation(note.clone());
    }
    finding.command("seaworthy test IMAGE --project .");
}

/// Whether a command line begins with a shell.
fn is_shell(command: &str) -> bool {
    let program =
        command.split_whitespace().next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    matches!(program, "sh" | "bash" | "dash" | "ash" | "busybox" | "zsh")
}
