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
            let text = word.unquoted();
            let default = text.strip_prefix("${TARGETPLATFORM").and_then(|rest| rest.strip_suffix('}'));
            let given = default.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '-']));
            if text != "$TARGETPLATFORM" && !(given && word.variables().len() == 1) {
                continue;
            }
            let exact = matches!(
                flag.span.of(&docker.file.text),
                "--platform=$TARGETPLATFORM" | "--platform=${TARGETPLATFORM}"
            );
            let rest = docker.file.text.get(flag.span.end..).unwrap_or_default();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            out.finding(format!("`--platform={}` is the default", word.raw))
                .aliases(if exact {
                    &["RedundantTargetPlatform", "DL3065"]
                } else {
                    &["RedundantTargetPlatform"]
                })
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
