//! Reports files whose owner is no user of the image.

use crate::{Cx, Sink, text};
use std::collections::BTreeSet;

declare_rule! {
    name: "ownerless-file",
    summary: "files belong to numbers that are no user or group of the image",
    passes: "every file belongs to a user and a group of the image",
    family: Image, category: Security, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["find(1), -nouser", "CIS Distribution Independent Linux 6.1.11"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    if image.users.is_empty() {
        out.not_applicable("the image has no `/etc/passwd`");
        return;
    }
    let users: BTreeSet<u32> = image.users.iter().map(|user| user.uid).collect();
    let groups: BTreeSet<u32> = image.groups.iter().map(|group| group.gid).collect();
    let start = image.start_ids();
    let stray: Vec<_> = image
        .files
        .iter()
        .filter(|file| {
            // The number the container is started with needs no name.
            let known_user = users.contains(&file.uid) || start.is_some_and(|(uid, _)| uid == file.uid);
            let known_group = groups.is_empty()
                || groups.contains(&file.gid)
                || start.is_some_and(|(_, gid)| gid == file.gid);
            !known_user || !known_group
        })
        .collect();
    let Some(first) = stray.first() else { return };
    let paths: Vec<&str> = stray.iter().map(|file| file.path.as_str()).collect();
    let list: Vec<String> =
        stray.iter().take(50).map(|file| format!("{}:{} {}", file.uid, file.gid, file.path)).collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!(
        "{} without an owner in the image: {}",
        text::count(paths.len(), "path"),
        text::names(&paths, 4)
    ))
    .why("a user that is added later with such a number owns them")
    .help("set the owner when copying: `COPY --chown=0:0`")
    .at_layer(layer, first.path.clone())
    .observation(list.join("\n"))
    .command("docker run --rm --user 0 --entrypoint find IMAGE / -xdev ( -nouser -o -nogroup )");
}
