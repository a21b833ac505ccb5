//! Reports files copied for a user that cannot write them.

use super::{final_chain, root_user};
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "copy-after-user",
    summary: "files are copied below a user without `--chown`",
    passes: "what is copied below a user has an owner",
    family: Dockerfile, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Dockerfile reference, COPY --chown"],
}

/// Later instructions that are looked at.
const MOST: usize = 100;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in final_chain(&docker.tree) {
            let mut user: Option<String> = None;
            for (at, item) in stage.instructions.iter().enumerate() {
                if let Kind::User(word) = &item.kind {
                    user = Some(word.unquoted()).filter(|_| !root_user::is_root(&word.raw));
                }
                let (Kind::Copy { dest: Some(dest), .. } | Kind::Add { dest: Some(dest), .. }) = &item.kind
                else {
                    continue;
                };
                let Some(name) = user.as_deref() else { continue };
                if item.broken || item.flag("chown").is_some() || item.flag("chmod").is_some() {
                    continue;
                }
                // It matters where a later command of that user writes to the place.
                let place = dest.unquoted();
                let place = place.trim_end_matches('/');
                let later = stage.instructions.get(at + 1..).unwrap_or_default().iter().take(MOST);
                let mut later = later.take_while(|item| !matches!(item.kind, Kind::User(_)));
                let writes = later.any(|item| {
                    cx.commands(docker, item).iter().any(|simple| {
                        matches!(simple.program(), "chown" | "chmod" | "rm" | "mv" | "sed" | "touch")
                            && place.len() > 1
                            && simple
                                .rest()
                                .iter()
                                .skip(1)
                                .any(|word| word.trim_end_matches('/').starts_with(place))
                    })
                });
                if !writes {
                    continue;
                }
                out.finding(format!("`{place}` belongs to root, and `{name}` changes it later"))
                    .why("`COPY` gives files to root whatever `USER` says, so the later command fails")
                    .help(format!("write `{} --chown={name}`", item.keyword))
                    .at_file(&docker.file, dest.span)
                    .command(format!("docker run --rm --entrypoint ls IMAGE -ld {place}"));
            }
        }
    }
}
