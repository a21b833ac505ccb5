//! Reports `COPY --from` of a stage that does not exist, or not yet.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Dockerfile, Kind};
use seaworthy_finding::{Severity, did_you_mean};

declare_rule! {
    name: "unknown-stage",
    summary: "`--from` names no earlier stage",
    passes: "every `--from` names an earlier stage or an image",
    family: Dockerfile, category: Truth, severity: High, confidence: Medium, persona: Regular,
    aliases: ["DL3022", "DL3023", "DS-0006", "x/build-error"], refs: ["Dockerfile reference, COPY --from"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        for stage in &stages {
            for item in stage.instructions {
                let (Kind::Copy { .. }, Some(word)) = (&item.kind, item.flag_value("from")) else { continue };
                let name = word.unquoted();
                if name.is_empty()
                    || name.contains('$')
                    || Dockerfile::stage_named(&stages, &name, stage.index).is_some()
                {
                    continue;
                }
                let later =
                    stages.iter().find(|other| other.name.as_deref() == Some(name.to_lowercase().as_str()));
                let near = did_you_mean(&name, stages.iter().filter_map(|other| other.name.as_deref()));
                let number = name.parse::<usize>().is_ok();
                if later.is_none() && !number && (name.contains(['/', ':', '@', '.']) || near.is_none()) {
                    // An image of that name is pulled; without a tag it may still be meant as one.
                    if !name.contains(['/', ':', '@', '.']) {
                        out.finding(format!(
                            "no stage is called `{name}`, so the image `{name}:latest` is pulled"
                        ))
                        .aliases(&["DL3022"])
                        .severity(Severity::Low)
                        .why("a stage that was renamed becomes an image from a registry without a word")
                        .help(format!("name the stage `AS {name}`, or the image with its tag"))
                        .at_file(&docker.file, word.span)
                        .command(format!("grep -n '^FROM' {}", docker.file.path));
                    }
                    continue;
                }
                let own = later.is_some_and(|other| other.index == stage.index);
                let aliases: &[&str] =
                    if own { &["DL3023", "DS-0006", "x/build-error"] } else { &["DL3022"] };
                let (message, help) = match (later, near) {
                    (Some(other), _) if other.index == stage.index => (
                        format!("`--from={name}` names its own stage"),
                        "copy from an earlier stage".to_owned(),
                    ),
                    (Some(_), _) => (
                        format!("`--from={name}` names a stage that comes later"),
                        "move that stage up".to_owned(),
                    ),
                    (None, _) if number => (
                        format!("there is no stage {name} before this one; there are {}", stage.index),
                        "give the stage a name with `AS` and use it".to_owned(),
                    ),
                    (None, near) => (
                        format!("no stage is called `{name}`"),
                        near.map_or_else(String::new, |near| format!("did you mean `{near}`?")),
                    ),
                };
                out.finding(message)
                    .aliases(aliases)
                    .why("the build pulls an image of that name, or stops")
                    .help(help)
                    .at_file(&docker.file, word.span)
                    .command(format!("docker build --check -f {} .", docker.file.path));
            }
        }
    }
}
