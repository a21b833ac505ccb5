//! Reports an image whose configuration starts the container as root.

use crate::{Cx, Sink};

declare_rule! {
    name: "runs-as-root",
    summary: "the image runs as root",
    passes: "the image names a user that is not root",
    family: Image, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["CIS-DI-0001", "CKV_DOCKER_3"], refs: ["CIS Docker Benchmark 4.1", "OCI image configuration, User"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let user = image.config.config.user.as_str();
    match image.start_ids() {
        Some((0, _)) => {}
        Some((uid, gid)) => {
            out.observed(format!("`{user}` is {uid}:{gid}"));
            return;
        }
        None => {
            out.not_run(format!("`{user}` does not resolve to a number"));
            return;
        }
    }
    let what = if user.is_empty() {
        "the image runs as root: no `USER`, and `config.User` is empty".to_owned()
    } else {
        format!("the image runs as root: `config.User` is `{user}`, which is uid 0")
    };
    out.finding(what)
        .why("root in the container owns every file in it and is one kernel bug away from root on the host")
        .help("end the Dockerfile's last stage with a numeric user, such as `USER 65532:65532`")
        .at_config("config.User")
        .command("docker image inspect --format '{{.Config.User}}' IMAGE");
}
