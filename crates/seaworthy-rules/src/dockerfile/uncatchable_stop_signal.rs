//! Reports a `STOPSIGNAL` no program can handle.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "uncatchable-stop-signal",
    summary: "the stop signal cannot be handled",
    passes: "the stop signal can be handled",
    family: Dockerfile, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: [], refs: ["Dockerfile reference, STOPSIGNAL"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Stopsignal(word) = &item.kind else { continue };
            let text = word.unquoted().to_ascii_uppercase();
            let what = match text.strip_prefix("SIG").unwrap_or(&text) {
                "KILL" | "9" => "ends the program at once",
                "STOP" | "19" => "freezes the program until it is killed",
                _ => continue,
            };
            let finding = out
                .finding(format!("`STOPSIGNAL {}` {what}", word.raw))
                .why("nothing is written back and no request is finished, since the signal cannot be handled")
                .help("write `STOPSIGNAL SIGTERM`, or the signal the program handles")
                .at_file(&docker.file, word.span)
                .command("docker image inspect --format '{{.Config.StopSignal}}' IMAGE");
            if !item.broken && !word.raw.contains(['"', '\'', '\\']) {
                finding.fix(
                    Applicability::Unsafe,
                    "Stop with `SIGTERM`",
                    &docker.file,
                    vec![Edit { span: word.span, text: "SIGTERM".to_owned() }],
                );
            }
        }
    }
}
