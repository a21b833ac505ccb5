//! Reports layers that the Dockerfile cannot have produced.

use crate::dockerfile::final_chain;
use crate::image::history::{Step, script, steps};
use crate::{Cx, Sink, text};
use seaworthy_dockerfile::{Base, Command, Keyword, Kind, Stage};
use seaworthy_facts::ImageFacts;
use seaworthy_finding::Span;

declare_rule! {
    name: "undescribed-layer",
    summary: "a layer is not the Dockerfile's",
    passes: "every layer above the base is one of the Dockerfile's",
    family: Claim, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: ["OCI image specification, image configuration, history"],
}

/// A line of the Dockerfile that makes a layer.
struct Line {
    keyword: &'static str,
    /// The script of a `RUN`, where the history repeats it word by word.
    script: Option<String>,
    span: Span,
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(docker) = cx.main_dockerfile() else {
        out.not_applicable("no Dockerfile belongs to this image");
        return;
    };
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    let chain = final_chain(&docker.tree);
    let lines: Vec<Line> = chain.iter().rev().flat_map(lines).collect();
    let from_scratch = chain.last().is_some_and(|stage| matches!(stage.base, Base::Scratch));
    let base = if from_scratch { Some(0) } else { image.base.as_ref().and_then(|base| base.layers) };
    let mut built = built(image, base.unwrap_or(0));
    if base.is_none() {
        // Where the base ends is not known; as many layers as the Dockerfile has lines must be its own.
        built.drain(..built.len().saturating_sub(lines.len()));
    }
    if !built.iter().any(|step| step.built) {
        out.not_applicable("the image's history is not that of a build from a Dockerfile");
        return;
    }
    let (mut strange, mut at) = (Vec::new(), 0);
    for step in &built {
        match lines[at..].iter().position(|line| line.makes(step)) {
            Some(ahead) => at += ahead + 1,
            None => strange.push(step),
        }
    }
    let Some(step) = strange.first() else {
        out.observed(format!("{} above the base", text::count(built.len(), "layer")));
        return;
    };
    let place = lines.get(at).or(lines.last()).map_or(chain[0].from.span, |line| line.span);
    let shown: Vec<String> = strange.iter().map(|step| step.shown()).collect();
    out.finding(format!(
        "{} no line of the Dockerfile can have made, the first is `{}`",
        text::count(strange.len(), "layer"),
        step.shown()
    ))
    .why("what was reviewed is not what was built: another Dockerfile, another commit, or a change by hand")
    .help("build the image again from this Dockerfile, or keep the one it was built from")
    .at_file(&docker.file, place)
    .observation(shown.join("\n"))
    .command("docker history --no-trunc IMAGE");
}

/// A layer with what its history says made it.
struct Made<'a> {
    step: Step<'a>,
    /// Whether a builder of Dockerfiles wrote the entry.
    built: bool,
}

impl Made<'_> {
    fn shown(&self) -> String {
        let text = format!("{} {}", self.step.keyword, squeezed(script(self.step.text)));
        match text.char_indices().nth(70) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}

impl Line {
    fn makes(&self, made: &Made<'_>) -> bool {
        if self.keyword != made.step.keyword {
            return false;
        }
        let Some(own) = &self.script else { return true };
        // What comes before are build arguments and the shell.
        let recorded = squeezed(made.step.text);
        // The facts do not repeat a secret, and the rest of such a line says too little.
        recorded.ends_with(own.as_str()) || recorded.contains(" characters)")
    }
}

/// The entries that have a layer above the base's, the lowest first. `WORKDIR` makes one only where the directory is
/// new, so it is no witness; nor is an entry that records no instruction.
fn built(image: &ImageFacts, base: usize) -> Vec<Made<'_>> {
    let history = &image.config.history;
    let with_layer = (0..history.len()).filter(|&at| !history[at].empty_layer);
    let Some(first) = with_layer.clone().nth(base) else { return Vec::new() };
    let all = steps(image).filter(|step| step.index >= first && !history[step.index].empty_layer);
    let made = all.filter(|step| step.keyword != "WORKDIR").map(|step| {
        let entry = image.config.history.get(step.index);
        let words = entry.and_then(|entry| entry.created_by.as_deref()).unwrap_or_default();
        let by = entry.and_then(|entry| entry.comment.as_deref()).unwrap_or_default();
        let built = words.contains("# buildkit")
            || words.contains("#(nop)")
            || words.starts_with("/bin/sh -c ")
            || by.starts_with("buildkit.dockerfile");
        Made { step, built }
    });
    made.collect()
}

fn lines(stage: &Stage<'_>) -> Vec<Line> {
    let of = stage.instructions.iter().filter_map(|item| {
        let (keyword, script) = match (&item.keyword, &item.kind) {
            (Keyword::Run, Kind::Run(command)) => ("RUN", spoken(command, !item.heredocs.is_empty())),
            (Keyword::Copy, _) => ("COPY", None),
            (Keyword::Add, _) => ("ADD", None),
            _ => return None,
        };
        Some(Line { keyword, script, span: item.span })
    });
    of.collect()
}

/// The script as the history repeats it. A list and a heredoc are written down differently by each builder.
fn spoken(command: &Command, heredoc: bool) -> Option<String> {
    match command {
        Command::Shell { script, .. } if !heredoc => Some(squeezed(script)),
        Command::Shell { .. } | Command::Exec(_) => None,
    }
}

/// One blank for each run of them, as builders differ in what they keep of continued lines.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
