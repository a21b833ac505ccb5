//! Reports that the service was refused further processes.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "process-limit-reached",
    summary: "the service reaches its limit of processes",
    passes: "the service stays below its limit of processes",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["cgroups(7)", "docker run --pids-limit"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(idle) = out.seen(&run.idle) else { return };
    if idle.refused == 0 {
        out.observed(format!(
            "{} and {}, limit {}",
            text::processes(idle.processes),
            text::count(usize::try_from(idle.threads).unwrap_or(usize::MAX), "thread"),
            idle.process_limit
        ));
        return;
    }
    out.finding(format!(
        "the service wanted more than {} processes and threads, and was refused {} times; it has {}",
        idle.process_limit,
        idle.refused,
        text::processes(idle.processes)
    ))
    .why("without a limit it takes every process number of the machine, and with one it cannot work")
    .help("bound the number of workers and threads, and reap what has ended")
    .at_observation("idle")
    .command("docker run --pids-limit 512 IMAGE");
}
