//! Reports `COPY --from` with the number of a stage.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "copy-from-number",
    summary: "`COPY --from` names a stage by its number",
    passes: "every `COPY --from` names a stage by its name",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: [], refs: ["Dockerfile reference, COPY --from"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        for stage in &stages {
            for item in stage.instructions {
                let (Kind::Copy { .. }, Some(word)) = (&item.kind, item.flag_value("from")) else { continue };
                let number = word.raw.parse::<usize>().ok().filter(|index| *index < stage.index);
                let Some(earlier) = number.and_then(|index| stages.get(index)) else { continue };
                let finding = out
                    .finding(format!("`--from={}` counts stages", word.raw))
                    .why("a stage that is added above makes it mean another one without a word")
                    .at_file(&docker.file, word.span)
                    .command(format!("grep -n '^FROM' {}", docker.file.path));
                match &earlier.name {
                    Some(name) => {
                        finding.help(format!("write `--from={name}`")).fix(
                            Applicability::Safe,
                            "Use the stage's name",
                            &docker.file,
                            vec![Edit { span: word.span, text: name.clone() }],
                        );
                    }
                    None => {
                        finding.help(format!("name stage {} with `AS` and use the name", earlier.index));
                    }
                }
            }
        }
    }
}
