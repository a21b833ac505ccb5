//! Reports a published image without a signature that verifies.

use crate::{Cx, Sink, text};
use seaworthy_finding::{Level, Profile, Severity};

declare_rule! {
    name: "unsigned-image",
    summary: "the published image has no signature that verifies",
    passes: "the published image is signed and the signature verifies",
    family: Release, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["cosign signature specification"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(release) = cx.release() else { return };
    if !release.invalid_tags.is_empty() && release.read_back.is_none() {
        out.not_run("nothing was published: a tag is one no registry accepts");
        return;
    }
    let here: Vec<_> =
        release.signatures.iter().filter(|signature| signature.subject == release.tested).collect();
    if let Some(good) = here.iter().find(|signature| signature.verified) {
        out.observed(format!("verified with key {}", good.key));
        return;
    }
    let profile = cx.policy.profile.as_deref().and_then(Profile::named);
    let demanded = release.sign_wanted
        || cx.policy.publish.sign.is_some()
        || cx.policy.level(cx.rule) == Some(Level::Fail)
        || profile.and_then(|profile| profile.level(cx.rule)) == Some(Level::Fail);
    let digest = text::short(&release.tested);
    let what = match here.first() {
        Some(bad) => format!(
            "the signature of {digest} does not verify: {}",
            bad.error.as_deref().unwrap_or("no reason given")
        ),
        None if release.signatures.is_empty() => format!("{digest} is not signed"),
        None => format!(
            "{digest} is not signed; {} of other digests found",
            text::count(release.signatures.len(), "signature")
        ),
    };
    out.finding(what)
        .severity(if demanded || !here.is_empty() { Severity::High } else { Severity::Low })
        .why("nobody who pulls the image can tell that it is yours")
        .help("add `sign = { key = \"cosign.key\", generate = true }` under `[publish]` of `seaworthy.toml`")
        .at_registry(release.destination.clone())
        .command(format!("cosign verify --key cosign.pub {}@{}", release.destination, release.tested));
}
