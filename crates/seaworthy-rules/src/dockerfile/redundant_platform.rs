//! Reports `FROM --platform=$TARGETPLATFORM`, which is the default.

use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "redundant-platform",
    summary: "`FROM --platform` says what is the default",
    passes: "no `FROM --platform` says what is the default",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["RedundantTargetPlatform", "DL3065"], refs: ["BuildKit, RedundantTargetPlatform"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let Some(flag) = stage.from.flag("platform") else { continue };
            let Some(word) = &flag.value else { continue };
            if !matches!(word.raw.as_str(), "$TARGETPLATFORM" | "${TARGETPLATFORM}") {
                continue;
            }
            let rest = docker.file.text.get(flag.span.end..).unwrap_or_default();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            out.finding(format!("`--platform={}` is the default", word.raw))
                .why("it makes readers look for a difference that is not there")
                .help("remove it")
                .at_file(&docker.file, flag.span)
                .fix(
                    Applicability::Safe,
                    "Remove the flag",
                    &docker.file,
                    vec![Edit {
                        span: Span::new(flag.span.start, flag.span.end + blanks),
                        text: String::new(),
                    }],
                )
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
