//! Reports images that use both `wget` and `curl`.

use super::call::{base, program_at};
use super::runs::{Run, runs};
use crate::{Cx, Sink};
use seaworthy_dockerfile::Base;

declare_rule! {
    name: "two-downloaders",
    summary: "both `wget` and `curl` are used",
    passes: "one program downloads",
    family: Dockerfile, category: Size, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL4001", "DS-0014"],
    refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let all = runs(cx, docker);
        let stages = docker.tree.stages();
        let parent = |stage: usize| match stages.get(stage).map(|stage| &stage.base) {
            Some(Base::Stage(earlier)) if *earlier < stage => Some(*earlier),
            _ => None,
        };
        let mut reported = false;
        for stage in 0..stages.len().max(1) {
            // A stage has what the stages it begins with have.
            let mut chain = vec![stage];
            while let Some(earlier) = chain.last().copied().and_then(parent) {
                chain.push(earlier);
            }
            let own: Vec<&Run<'_>> = all.iter().filter(|run| run.stage == stage).collect();
            let seen = |wanted: &str| {
                all.iter().filter(|run| chain.contains(&run.stage)).any(|run| uses(run, wanted))
            };
            if !seen("wget") || !seen("curl") {
                continue;
            }
            let Some((run, span, program)) = own.iter().find_map(|run| {
                let (span, program) = place(run, "wget").or_else(|| place(run, "curl"))?;
                Some((run, span, program))
            }) else {
                continue;
            };
            reported = true;
            let other = if program == "wget" { "curl" } else { "wget" };
            out.finding(format!("this stage downloads with `{program}` here and with `{other}` elsewhere"))
                .why("one of the two is installed for nothing")
                .help(format!("use `{other}` here too"))
                .at_file(&run.docker.file, span)
                .command(format!("grep -nE '\\b(wget|curl)\\b' {}", docker.file.path));
        }
        // trivy asks for one program in the whole file.
        let seen = |wanted: &str| all.iter().find_map(|run| place(run, wanted).map(|(span, _)| span));
        if let (false, Some(span), Some(_)) = (reported, seen("wget"), seen("curl")) {
            out.finding("this stage downloads with `wget`, another one with `curl`")
                .aliases(&["DS-0014"])
                .why("readers meet two sets of options for one job")
                .help("use one of the two in all stages")
                .at_file(&docker.file, span)
                .command(format!("grep -nE '\\b(wget|curl)\\b' {}", docker.file.path));
        }
    }
}

fn uses(run: &Run<'_>, wanted: &str) -> bool {
    place(run, wanted).is_some()
}

fn place<'n>(run: &Run<'_>, wanted: &'n str) -> Option<(seaworthy_finding::Span, &'n str)> {
    run.commands.iter().find_map(|simple| {
        let at = program_at(simple)?;
        (base(simple.words.get(at)?) == wanted).then(|| (run.place(simple, at), wanted))
    })
}
