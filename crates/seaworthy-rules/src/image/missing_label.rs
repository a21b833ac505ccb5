//! Reports labels of the OCI specification that are missing or empty.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "missing-label",
    summary: "the image lacks labels that say what it is and where it comes from",
    passes: "the image has the wanted labels",
    family: Image, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["OCI image specification, annotations"],
}

/// What is wanted unless the parameter `labels` says otherwise.
const WANTED: [&str; 6] = ["title", "description", "source", "revision", "version", "licenses"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let wanted =
        cx.param_list("labels").unwrap_or_else(|| WANTED.iter().map(|&name| name.to_owned()).collect());
    let full = |name: &String| {
        if name.contains('.') { name.clone() } else { format!("org.opencontainers.image.{name}") }
    };
    let labels = &image.config.config.labels;
    let missing: Vec<String> = wanted
        .iter()
        .map(full)
        .filter(|name| labels.get(name).is_none_or(|value| value.trim().is_empty()))
        .collect();
    if missing.is_empty() {
        out.observed(format!("{} present", text::count(wanted.len(), "label")));
        return;
    }
    out.finding(format!(
        "{} of {} labels are missing or empty: {}",
        missing.len(),
        wanted.len(),
        text::names(&missing, 6)
    ))
    .why("nobody can tell from the image alone what source and version it was built from")
    .help(format!("add `LABEL {}=\"…\"` to the last stage, or `--label` to the build", missing[0]))
    .at_config(format!("config.Labels {}", missing[0]))
    .command("docker image inspect --format '{{json .Config.Labels}}' IMAGE");
}
