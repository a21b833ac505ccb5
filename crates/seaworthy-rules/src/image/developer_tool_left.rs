//! Reports compilers, debuggers and tracers in the image.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "developer-tool-left",
    summary: "the image contains tools that only a build or a developer needs",
    passes: "the image contains neither compiler nor debugger",
    family: Image, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: ["CIS Docker Benchmark 4.3"],
}

const TOOLS: [&str; 24] = [
    "as",
    "cargo",
    "cc",
    "clang",
    "cmake",
    "g++",
    "gcc",
    "gdb",
    "gdbserver",
    "go",
    "ld",
    "lldb",
    "ltrace",
    "make",
    "nmap",
    "perf",
    "rustc",
    "socat",
    "strace",
    "tcpdump",
    "tshark",
    "valgrind",
    "gcc-12",
    "g++-12",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let found: Vec<&str> = TOOLS
        .iter()
        .flat_map(|tool| {
            ["/usr/bin/", "/usr/local/bin/", "/usr/sbin/", "/usr/local/go/bin/"]
                .map(|folder| format!("{folder}{tool}"))
        })
        .filter_map(|path| image.file(&path).map(|file| file.path.as_str()))
        .collect();
    let Some(first) = found.first() else { return };
    out.finding(format!("the image contains {}", text::names(&found, 6)))
        .why("the service does not need them, and an intruder builds and looks around with them")
        .help("compile in a build stage, and copy only the result into the last one")
        .at_layer("", *first)
        .command(format!("docker run --rm --entrypoint ls IMAGE -l {first}"));
}
