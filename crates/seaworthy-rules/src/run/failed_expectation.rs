//! Reports a configured request or command whose answer is not what the policy expects.

use crate::{Cx, Sink, text};
use seaworthy_facts::Observed;

declare_rule! {
    name: "failed-expectation",
    summary: "a configured request or command is not answered as expected",
    passes: "every configured request and command is answered as expected",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["seaworthy.toml: image.test.http, image.test.command"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let asked = run.http.seen().map_or(&[][..], Vec::as_slice);
    let commands = run.commands.seen().map_or(&[][..], Vec::as_slice);
    if asked.is_empty() && commands.is_empty() {
        match (&run.http, &run.commands) {
            (Observed::NotRun(why), _) | (_, Observed::NotRun(why)) => out.not_run(why),
            _ => out.not_applicable("no `http` request and no `command` in `[image.test]`"),
        }
        return;
    }
    if super::never_ready(run, out) {
        return;
    }
    for result in asked.iter().filter(|result| !result.failures.is_empty()) {
        let status =
            result.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
        out.finding(format!("`{}`: {} ({status})", result.request, result.failures.join("; ")))
            .why("the policy says what this service promises")
            .help("mend the service, or the expectation under `http` in `[image.test]`")
            .at_observation(format!("http {}", result.request))
            .command("seaworthy test IMAGE --project .");
    }
    for result in commands.iter().filter(|result| !result.failures.is_empty()) {
        out.finding(format!("`{}`: {}", result.command, result.failures.join("; ")))
            .why("the policy says what this image promises")
            .help("mend the image, or the expectation under `command` in `[image.test]`")
            .at_observation(format!("command {}", result.command))
            .excerpt(format!("output: {}", result.output))
            .command("seaworthy test IMAGE --project .");
    }
    let words = [text::count(asked.len(), "request"), text::count(commands.len(), "command")];
    let counts = [asked.len(), commands.len()];
    let words: Vec<String> =
        words.into_iter().zip(counts).filter(|(_, count)| *count > 0).map(|(word, _)| word).collect();
    out.observed(words.join(", "));
}
