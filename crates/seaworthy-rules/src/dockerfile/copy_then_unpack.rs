//! Reports an archive that is copied and then unpacked.

use super::bare;
use crate::script::Simple;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use std::collections::BTreeSet;

declare_rule! {
    name: "copy-then-unpack",
    summary: "an archive is copied and then unpacked",
    passes: "no archive is copied only to be unpacked",
    family: Dockerfile, category: Size, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["DL3010"], refs: ["Dockerfile reference, ADD"],
}

const ARCHIVES: [&str; 16] = [
    ".tar", ".gz", ".bz2", ".xz", ".Z", ".lz", ".lzma", ".tgz", ".tb2", ".tbz", ".tbz2", ".tlz", ".tpz",
    ".txz", ".tZ", ".zst",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let mut unpacked: BTreeSet<String> = BTreeSet::new();
            for item in stage.instructions {
                unpacked.extend(
                    cx.commands(docker, item).iter().flat_map(unpacks).map(|word| name(&word).to_owned()),
                );
            }
            if unpacked.is_empty() {
                continue;
            }
            for item in stage.instructions {
                let Kind::Copy { sources, dest: Some(dest), .. } = &item.kind else { continue };
                let ([source], None) = (sources.as_slice(), item.flag("from")) else { continue };
                let (from, to) = (name(&source.raw), name(&dest.raw));
                if item.broken || !ARCHIVES.iter().any(|end| from.ends_with(end)) || from.contains(['*', '$'])
                {
                    continue;
                }
                let archive = ARCHIVES.iter().any(|end| to.ends_with(end));
                let used = unpacked.contains(from) || (archive && unpacked.contains(to));
                if !used {
                    continue;
                }
                out.finding(format!("`{from}` is copied into a layer and unpacked into another"))
                    .why("the archive stays in the image although nothing needs it any more")
                    .help("`ADD` of a tar archive unpacks it, or use `RUN --mount=type=bind` and unpack from there")
                    .at_file(&docker.file, item.span)
                    .command("docker history IMAGE");
            }
        }
    }
}

/// The last part of a path of either system.
fn name(path: &str) -> &str {
    let bare = bare(path);
    bare.rsplit(['/', '\\']).next().unwrap_or(bare)
}

/// The archives a command unpacks.
fn unpacks(simple: &Simple) -> Vec<String> {
    let rest = simple.rest();
    let tar = simple.program() == "tar" && {
        let first = rest
            .get(1)
            .is_some_and(|word| !word.starts_with('-') && word.contains('x') && !word.contains(['/', '.']));
        let flag = rest.iter().skip(1).any(|word| {
            matches!(word.as_str(), "--extract" | "--get")
                || (word.starts_with('-') && !word.starts_with("--") && word.contains('x'))
        });
        first || flag
    };
    let other = matches!(
        simple.program(),
        "gunzip" | "bunzip2" | "unlzma" | "unxz" | "uncompress" | "zcat" | "gzcat" | "zgz"
    );
    if !tar && !other {
        return Vec::new();
    }
    let words = rest.iter().skip(1).map(|word| word.strip_prefix("--file=").unwrap_or(word));
    words.filter(|word| !word.starts_with('-')).map(str::to_owned).collect()
}
