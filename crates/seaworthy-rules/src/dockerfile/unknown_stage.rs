//! Reports `COPY --from` of a stage that does not exist, or not yet.

use super::graph;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Kind, Stage};
use seaworthy_finding::{Persona, Severity, did_you_mean};
use seaworthy_oci::Reference;
use std::collections::BTreeSet;

declare_rule! {
    name: "unknown-stage",
    summary: "`--from` names no earlier stage",
    passes: "every `--from` names an earlier stage or an image with its tag",
    family: Dockerfile, category: Truth, severity: High, confidence: Medium, persona: Regular,
    aliases: ["DL3022", "DL3023", "DS-0006", "x/build-error"], refs: ["Dockerfile reference, COPY --from"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        let names = graph::Names::new(&stages);
        // Names as written, since some tools tell cases apart.
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for stage in &stages {
            if let Kind::From { alias: Some(alias), .. } = &stage.from.kind {
                seen.insert(alias.raw.as_str());
            }
            for item in stage.instructions {
                let (Kind::Copy { .. }, Some(word)) = (&item.kind, item.flag_value("from")) else { continue };
                let name = word.raw.as_str();
                if name.is_empty() || name.contains('$') {
                    continue;
                }
                let Some(found) = judge(name, stage, &names) else { continue };
                let mut aliases = Vec::new();
                let number = name.parse::<usize>().ok();
                let known =
                    name.contains(':') || number.map_or(seen.contains(name), |index| index <= stage.index);
                aliases.extend((!known).then_some("DL3022"));
                aliases.extend((found.own && number.is_none()).then_some("DS-0006"));
                aliases.extend((found.own && seen.contains(name)).then_some("DL3023"));
                aliases.extend(found.stops.then_some("x/build-error"));
                let why = if found.stops {
                    "the build stops here"
                } else {
                    "a stage that was renamed becomes an image from a registry without a word"
                };
                out.finding(found.message)
                    .aliases(&aliases)
                    .severity(if found.stops { Severity::High } else { Severity::Low })
                    // Stages hardly ever have a `/` in their names, images mostly do.
                    .persona(if found.image { Persona::Pedantic } else { Persona::Regular })
                    .why(why)
                    .help(found.help)
                    .at_file(&docker.file, word.span)
                    .command(format!("docker build --check -f {} .", docker.file.path));
            }
        }
    }
}

/// Names a misspelt one is compared with.
const MOST: usize = 500;

/// What is wrong with a reference.
struct Found {
    message: String,
    help: String,
    /// Whether BuildKit stops.
    stops: bool,
    /// Whether it is the stage's own.
    own: bool,
    /// Whether it can hardly be meant for a stage.
    image: bool,
}

fn judge(name: &str, stage: &Stage<'_>, names: &graph::Names) -> Option<Found> {
    let lower = name.to_lowercase();
    let found = |message: String, help: String, stops: bool, own: bool| {
        Some(Found { message, help, stops, own, image: false })
    };
    // Of stages of one name BuildKit means the last of the whole file.
    let named = names.last(name);
    if let Ok(index) = name.parse::<usize>() {
        return match index.cmp(&stage.index) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => found(
                format!("`--from={name}` is the stage itself"),
                "copy from an earlier stage, by its name".to_owned(),
                true,
                true,
            ),
            std::cmp::Ordering::Greater => found(
                format!("there is no stage {name} before this one, which is stage {}", stage.index),
                "give the stage a name with `AS` and use it".to_owned(),
                true,
                false,
            ),
        };
    }
    if let Some(other) = named {
        return match other.cmp(&stage.index) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => found(
                format!("`--from={name}` names its own stage"),
                "copy from an earlier stage".to_owned(),
                true,
                true,
            ),
            std::cmp::Ordering::Greater => found(
                format!("`--from={name}` names a stage that comes later"),
                "move that stage up".to_owned(),
                true,
                false,
            ),
        };
    }
    if name.contains(':') {
        return None;
    }
    let near = did_you_mean(&lower, names.all().take(MOST));
    let image = name.contains('/') && near.is_none();
    let help = near.map_or_else(
        || format!("name the stage `AS {name}`, or the image with its tag"),
        |near| format!("did you mean `{near}`?"),
    );
    if name.parse::<Reference>().is_err() {
        return found(format!("`{name}` is neither a stage nor the name of an image"), help, true, false);
    }
    let message = format!("no stage is called `{name}`, so the image `{name}:latest` is pulled");
    Some(Found { message, help, stops: false, own: false, image })
}
