//! Reports a user or group by a name the image does not know.

use crate::{Cx, Sink};

declare_rule! {
    name: "unresolvable-user",
    summary: "the image's user is a name it does not know",
    passes: "the image's user resolves",
    family: Image, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["OCI image configuration, User"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let user = image.config.config.user.as_str();
    if image.start_ids().is_some() {
        out.observed(if user.is_empty() {
            "no user is named".to_owned()
        } else {
            format!("`{user}` resolves")
        });
        return;
    }
    out.finding(format!(
        "`config.User` is `{user}`, which `/etc/passwd` and `/etc/group` of the image do not know"
    ))
    .why("the container does not start: the engine cannot find the user")
    .help("create the user in the image, copy `/etc/passwd` into it, or use numbers such as `65532:65532`")
    .at_config("config.User")
    .command("docker run --rm IMAGE");
}
