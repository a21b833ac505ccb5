//! Reports `COPY` to a relative place where the file sets no working directory.

use super::bare;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Keyword, Kind};

declare_rule! {
    name: "copy-relative-destination",
    summary: "`COPY` goes to a place relative to the base image's directory",
    passes: "every relative destination follows a `WORKDIR`",
    family: Dockerfile, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["DL3045"], refs: ["Dockerfile reference, COPY"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let mut settled: Vec<bool> = Vec::new();
        for stage in docker.tree.stages() {
            let mut known = matches!(stage.base, Base::Stage(earlier) if settled.get(earlier) == Some(&true));
            for item in stage.instructions {
                known |= item.keyword == Keyword::Workdir;
                let (Kind::Copy { dest: Some(dest), .. } | Kind::Add { dest: Some(dest), .. }) = &item.kind
                else {
                    continue;
                };
                let bare = if dest.json { dest.raw.as_str() } else { bare(&dest.raw) };
                let bytes = bare.as_bytes();
                let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
                if known || item.broken || bare.starts_with(['/', '$']) || drive || bare.is_empty() {
                    continue;
                }
                out.finding(format!("`{bare}` is resolved against the base image's directory"))
                    .aliases(if item.keyword == Keyword::Copy { &["DL3045"] } else { &[] })
                    .why("no `WORKDIR` stands above, so a new base image can move the files without a word")
                    .help("write an absolute destination, or a `WORKDIR` above")
                    .at_file(&docker.file, dest.span)
                    .command(format!("grep -n '^WORKDIR' {}", docker.file.path));
            }
            settled.push(known);
        }
    }
}
