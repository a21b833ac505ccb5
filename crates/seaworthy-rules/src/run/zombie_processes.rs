//! Reports processes that have ended and that nobody reaps.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "zombie-processes",
    summary: "ended processes are never reaped",
    passes: "ended processes are reaped",
    family: Run, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["wait(2)", "pid_namespaces(7)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(idle) = out.seen(&run.idle) else { return };
    let Some(first) = idle.zombies.first() else {
        out.observed(format!("{} seen, none of them a zombie", text::processes(idle.processes)));
        return;
    };
    let adopted = idle.zombies.iter().filter(|zombie| zombie.parent == 1).count();
    let help = if adopted > 0 {
        "let process 1 wait for its children, adopted ones too, or start it under an init such as `tini` or `docker run --init`"
    } else {
        "let the parent wait for each child it starts"
    };
    let list: Vec<String> = idle
        .zombies
        .iter()
        .map(|zombie| {
            format!(
                "`{}` (process {}), child of `{}` (process {})",
                zombie.name, zombie.pid, zombie.parent_name, zombie.parent
            )
        })
        .collect();
    let are = if list.len() == 1 { "is a zombie" } else { "are zombies" };
    out.finding(format!(
        "{} {are}: `{}`, which process {} (`{}`) does not reap",
        text::processes(u32::try_from(list.len()).unwrap_or(u32::MAX)),
        first.name,
        first.parent,
        first.parent_name
    ))
    .why("each keeps its number until the process limit is reached, and then nothing can be started any more")
    .help(help)
    .at_observation("idle")
    .observation(list.join("\n"))
    .command("docker exec CONTAINER sh -c 'grep -l \"^State:.*Z\" /proc/[0-9]*/status'");
}
