//! Reports an image that does not say what it starts.

use crate::{Cx, Sink};

declare_rule! {
    name: "missing-start-command",
    summary: "the image has neither entrypoint nor command",
    passes: "the image says what it starts",
    family: Image, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["OCI image configuration, Entrypoint and Cmd"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    if image.config.config.argv().iter().any(|word| !word.is_empty()) {
        return;
    }
    out.finding("`config.Entrypoint` and `config.Cmd` are empty")
        .why("`docker run IMAGE` ends at once: no command specified")
        .help("add `CMD [\"/app\"]` or an `ENTRYPOINT` to the last stage")
        .at_config("config.Cmd")
        .command("docker run --rm IMAGE");
}
