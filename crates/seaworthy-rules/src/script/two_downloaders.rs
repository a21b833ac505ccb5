//! Reports images that use both `wget` and `curl`.

use super::call::program_at;
use super::runs::{Run, place_of, runs};
use crate::{Cx, Sink};
use seaworthy_dockerfile::Base;
use seaworthy_finding::Span;

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
        // For each stage: what it and those it begins with use, and where it uses one of the two first.
        let mut used: Vec<[bool; 2]> = Vec::new();
        let mut first: Vec<Option<(Span, &str)>> = vec![None; stages.len().max(1)];
        let mut own = vec![[false; 2]; stages.len().max(1)];
        for run in &all {
            let [wget, curl] = [place(run, "wget"), place(run, "curl")];
            if let (Some(own), Some(first)) = (own.get_mut(run.stage), first.get_mut(run.stage)) {
                own[0] |= wget.is_some();
                own[1] |= curl.is_some();
                let here = wget.map(|span| (span, "wget")).or(curl.map(|span| (span, "curl")));
                *first = first.or(here);
            }
        }
        for (stage, own) in own.iter().enumerate() {
            let inherited = match stages.get(stage).map(|stage| &stage.base) {
                Some(Base::Stage(earlier)) => used.get(*earlier).copied().unwrap_or_default(),
                _ => [false; 2],
            };
            used.push([own[0] || inherited[0], own[1] || inherited[1]]);
        }
        let mut reported = false;
        for (used, first) in used.iter().zip(&first) {
            let (true, Some((span, program))) = (used[0] && used[1], *first) else { continue };
            reported = true;
            let other = if program == "wget" { "curl" } else { "wget" };
            out.finding(format!("this stage downloads with `{program}` here and with `{other}` elsewhere"))
                .why("one of the two is installed for nothing")
                .help(format!("use `{other}` here too"))
                .at_file(&docker.file, span)
                .command(format!("grep -nE '\\b(wget|curl)\\b' {}", docker.file.path));
        }
        // trivy asks for one program in the whole file.
        let seen = |wanted: &str| all.iter().find_map(|run| place(run, wanted));
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

/// Where a program is called first in a `RUN`.
fn place(run: &Run<'_>, wanted: &str) -> Option<Span> {
    let simple = run.commands.iter().find(|simple| simple.program() == wanted)?;
    Some(place_of(simple, program_at(simple)?))
}
