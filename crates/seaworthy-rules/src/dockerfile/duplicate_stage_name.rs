//! Reports two stages of one name.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use std::collections::{BTreeMap, BTreeSet};

declare_rule! {
    name: "duplicate-stage-name",
    summary: "two stages have the same name",
    passes: "every stage has a name of its own",
    family: Dockerfile, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DuplicateStageName", "DL3024", "CKV_DOCKER_11", "DS-0012"], refs: ["Dockerfile reference, FROM"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut written: BTreeSet<&str> = BTreeSet::new();
        for stage in docker.tree.stages() {
            let (Some(name), Kind::From { alias: Some(alias), .. }) = (stage.name.clone(), &stage.from.kind)
            else {
                continue;
            };
            let again = !written.insert(&alias.raw);
            let line = docker.tree.line_col(stage.from.span.start).0;
            let Some(first) = seen.get(&name) else {
                seen.insert(name, line);
                continue;
            };
            // Some tools compare names letter by letter, checkov only those behind a small `as`.
            let mut aliases = vec!["DuplicateStageName", "DS-0012"];
            aliases.extend(again.then_some("DL3024"));
            aliases.extend((again && stage.from.text.contains(" as ")).then_some("CKV_DOCKER_11"));
            out.finding(format!("line {first} already names a stage `{name}`"))
                .aliases(&aliases)
                .why("`COPY --from` and `--target` mean the later or the earlier one, depending on where they stand")
                .help("give one of them another name")
                .at_file(&docker.file, alias.span)
                .command(format!("grep -ni ' as ' {}", docker.file.path));
        }
    }
}
