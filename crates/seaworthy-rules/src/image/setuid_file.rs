//! Reports files that run with another user's rights.

use crate::{Cx, Sink, text};
use seaworthy_facts::FileKind;

declare_rule! {
    name: "setuid-file",
    summary: "the image contains setuid or setgid programs",
    passes: "the image contains no setuid or setgid program",
    family: Image, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["CIS-DI-0008"], refs: ["CIS Docker Benchmark 4.8"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let files: Vec<_> =
        image.files.iter().filter(|file| file.kind == FileKind::File && file.mode & 0o6000 != 0).collect();
    let Some(first) = files.first() else {
        out.observed(format!("{} looked at", text::count(image.files.len(), "path")));
        return;
    };
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let list: Vec<String> = files
        .iter()
        .map(|file| format!("{:04o} {}:{} {}", file.mode & 0o7777, file.uid, file.gid, file.path))
        .collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!("{} with the setuid or setgid bit: {}", text::count(files.len(), "file"), text::names(&paths, 4)))
        .why("each is a way from the service's user to the file's owner, unless `no-new-privileges` is set")
        .help("remove the bits in the layer that brings the files: `find / -xdev -perm /6000 -type f -exec chmod a-s {} +`")
        .at_layer(layer, first.path.clone())
        .observation(list.join("\n"))
        .command("docker run --rm --entrypoint find IMAGE / -xdev -perm /6000 -type f");
}
