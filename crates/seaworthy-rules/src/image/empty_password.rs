//! Reports accounts that open without a password.

use crate::text;
use crate::{Cx, Sink};

declare_rule! {
    name: "empty-password",
    summary: "an account opens without a password",
    passes: "no account opens without a password",
    family: Image, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["DKL-LI-0001"], refs: ["shadow(5)", "CWE-258"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let names: Vec<&str> =
        image.users.iter().filter(|user| user.no_password).map(|user| user.name.as_str()).collect();
    if names.is_empty() {
        out.observed(text::count(image.users.len(), "account"));
        return;
    }
    out.finding(format!("{} without a password: {}", text::count(names.len(), "account"), text::names(&names, 4)))
        .why("whoever runs code in the container becomes that user with `su`, without a question")
        .help("lock the account in the layer that makes it: `passwd -l NAME`, or `*` in the second field of `/etc/shadow`")
        .at_layer("", "/etc/shadow")
        .command("docker run --rm --user 0 --entrypoint awk IMAGE -F: '$2 == \"\"' /etc/shadow");
}
