//! Reports a configured request whose answer is not what the policy expects.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "failed-expectation",
    summary: "a configured request is not answered as expected",
    passes: "every configured request is answered as expected",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["seaworthy.toml: image.test.http"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(results) = out.seen(&run.http) else { return };
    if results.is_empty() {
        out.not_applicable("no `http` request in `[image.test]`");
        return;
    }
    if super::never_ready(run, out) {
        return;
    }
    for result in results.iter().filter(|result| !result.failures.is_empty()) {
        let status =
            result.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
        out.finding(format!("`{}`: {} ({status})", result.request, result.failures.join("; ")))
            .why("the policy says what this service promises")
            .help("mend the service, or the expectation under `http` in `[image.test]`")
            .at_observation(format!("http {}", result.request))
            .command("seaworthy test IMAGE --project .");
    }
    out.observed(text::count(results.len(), "request"));
}
