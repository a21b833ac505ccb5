//! Reports an image whose main process is a shell that holds the program as its child.

use crate::{Cx, Sink};

declare_rule! {
    name: "shell-entrypoint",
    summary: "the image's main process is a shell",
    passes: "the image's main process is the program itself",
    family: Image, category: Runtime, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, shell and exec form"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let argv = image.config.config.argv();
    let [shell, flag, script, ..] = argv.as_slice() else { return };
    let program = shell.rsplit('/').next().unwrap_or_default();
    if !matches!(program, "sh" | "bash" | "ash" | "dash") || !flag.starts_with('-') || !flag.contains('c') {
        return;
    }
    // `exec` replaces the shell, so the program becomes process 1 after all.
    if script.split(['\n', ';', '&']).any(|part| part.trim_start().starts_with("exec ")) {
        out.observed("the shell replaces itself by `exec`");
        return;
    }
    let shown: String = script.chars().take(60).collect();
    out.finding(format!("process 1 is `{shell} {flag} {shown}`"))
        .why("a shell as process 1 does not pass the stop signal on, so the service is killed after the grace")
        .help("write the command in exec form, such as `CMD [\"program\", \"--flag\"]`, or put `exec` before it")
        .at_config("config.Cmd")
        .command("docker image inspect --format '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' IMAGE");
}
