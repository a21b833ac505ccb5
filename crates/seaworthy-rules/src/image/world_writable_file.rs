//! Reports files and directories everyone may write.

use crate::{Cx, Sink, text};
use seaworthy_facts::FileKind;

declare_rule! {
    name: "world-writable-file",
    summary: "the image contains files everyone may write",
    passes: "the image contains no file everyone may write",
    family: Image, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["CWE-732"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let files: Vec<_> = image
        .files
        .iter()
        .filter(|file| match file.kind {
            FileKind::File => file.mode & 0o002 != 0,
            // The sticky bit keeps strangers from replacing each other's files, as in /tmp.
            FileKind::Directory => file.mode & 0o002 != 0 && file.mode & 0o1000 == 0,
            _ => false,
        })
        .collect();
    let Some(first) = files.first() else { return };
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let list: Vec<String> = files
        .iter()
        .take(50)
        .map(|file| format!("{:04o} {}:{} {}", file.mode & 0o7777, file.uid, file.gid, file.path))
        .collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!("everyone may write {}: {}", text::count(files.len(), "path"), text::names(&paths, 4)))
        .why("a process that was taken over can replace code or configuration that others run")
        .help("copy with `--chmod=0644` (files) or `--chmod=0755` (directories), and keep `chmod 777` out of the build")
        .at_layer(layer, first.path.clone())
        .observation(list.join("\n"))
        .command("docker run --rm --entrypoint find IMAGE / -xdev -perm -0002 -not -type l");
}
