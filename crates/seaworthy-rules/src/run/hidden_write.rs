//! Reports writes outside of declared volumes and temporary file systems.

use crate::{Cx, Sink, text};
use seaworthy_finding::format_bytes;

declare_rule! {
    name: "hidden-write",
    summary: "the service writes outside of its declared volumes and temporary file systems",
    passes: "the service writes only to declared volumes and temporary file systems",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["docker diff"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(writes) = out.seen(&run.writes) else { return };
    let hidden: Vec<_> = writes.iter().filter(|write| !write.covered && !is_bytecode(&write.path)).collect();
    if hidden.is_empty() {
        out.observed(format!("{} seen, all covered", text::count(writes.len(), "write")));
        return;
    }
    let paths: Vec<&str> = hidden.iter().map(|write| write.path.as_str()).collect();
    let list: Vec<String> = hidden
        .iter()
        .map(|write| format!("{} {} ({})", write.kind, write.path, format_bytes(write.size)))
        .collect();
    let help = match run.tmpfs.seen() {
        Some(need) if need.boot.ready => format!(
            "declare {} as a volume where it must last, or as a tmpfs, or do not write there; with them it was ready on a read-only root",
            text::names(&need.paths, 8)
        ),
        _ => format!("declare a volume or a tmpfs that covers `{}`, or do not write there", paths[0]),
    };
    out.finding(format!(
        "the service changes {} outside of volumes and temporary file systems: {}",
        text::count(hidden.len(), "path"),
        text::names(&paths, 5)
    ))
    .why("what it writes there is lost with the container, and fails where the root is read-only")
    .help(help)
    .at_observation("writes")
    .observation(list.join("\n"))
    .command("docker run -d --name probe IMAGE; docker diff probe");
}

/// Python's compiled modules: made again at the next start, and left out where they cannot be written.
fn is_bytecode(path: &str) -> bool {
    path.split('/').any(|part| part == "__pycache__")
}
