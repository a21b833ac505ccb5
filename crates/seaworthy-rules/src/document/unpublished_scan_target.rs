//! Reports scans of tags that nothing pushes, in workflows and in the fences of documents.

use super::published::{Events, UNKNOWN, shapes};
use super::shape::Shape;
use crate::script::Simple;
use crate::workflow::{commands, word_place};
use crate::{Cx, Sink};
use seaworthy_facts::{DocumentFact, Fragment, TextFile, WorkflowFact};
use seaworthy_finding::{Persona, Span};
use seaworthy_tags::{Flavor, Kind};
use seaworthy_workflow::{Entry, Step, Text};

declare_rule! {
    name: "unpublished-scan-target",
    summary: "a scan looks at a tag that is never pushed",
    passes: "scans look at tags that are pushed",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["workflow.scan-ref-in-tags"], refs: ["docker/metadata-action, tags"],
}

/// Actions that look at an image, and the input that names it.
const SCANNERS: [(&str, &str); 8] = [
    ("aquasecurity/trivy-action", "image-ref"),
    ("anchore/scan-action", "image"),
    ("anchore/sbom-action", "image"),
    ("docker/scout-action", "image"),
    ("snyk/actions/docker", "image"),
    ("crazy-max/ghaction-container-scan", "image"),
    ("azure/container-scan", "image-name"),
    ("aquasecurity/setup-trivy", "image-ref"),
];
/// Programs that do.
const PROGRAMS: [&str; 7] = ["trivy", "grype", "syft", "snyk", "dockle", "docker-scout", "docker"];

/// Where a workflow stands: in a file of its own, or in a fence.
type Part<'a> = (&'a WorkflowFact, Option<(&'a DocumentFact, &'a Fragment)>);

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    judge(&cx.workflows().iter().map(|fact| (fact, None)).collect::<Vec<_>>(), out);
    let Some(project) = cx.project() else { return };
    for (at, document) in project.documents.iter().enumerate() {
        let own = project.fragments.iter().filter(|fragment| fragment.document == at);
        let parts: Vec<Part<'_>> = own
            .flat_map(|fragment| {
                fragment.project.workflows.iter().map(move |fact| (fact, Some((document, fragment))))
            })
            .collect();
        judge(&parts, out);
    }
}

/// What steps push under one name.
struct Pushed {
    /// The name as written, expressions and all.
    name: String,
    /// On any event, and on the push of a branch.
    any: Vec<Shape>,
    branch: Vec<Shape>,
    /// Whether the push of a branch starts it.
    on_branches: bool,
    open: bool,
}

fn judge(parts: &[Part<'_>], out: &mut Sink) {
    let mut pushed: Vec<Pushed> = Vec::new();
    for (fact, fence) in parts {
        let whole = fence.is_none_or(|(_, fragment)| fragment.whole);
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            pushed.extend(of_step(fact, step, whole));
        }
    }
    if pushed.is_empty() {
        return;
    }
    let other = ["docker push", "docker tag", "--push", "imagetools create", "crane ", "skopeo", "make "];
    let scripts = parts.iter().flat_map(|(fact, _)| fact.workflow.jobs.iter().flat_map(|job| &job.steps));
    // What a script pushes is not read here.
    if scripts
        .filter_map(|step| step.run.as_ref())
        .any(|run| other.iter().any(|word| run.value.contains(word)))
    {
        return;
    }
    for (fact, fence) in parts {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            for (span, target) in targets(&fact.file, step) {
                let place = match fence {
                    None => Some((&fact.file, span)),
                    Some((document, fragment)) => {
                        fragment.pieces.span(span).map(|span| (&document.file, span))
                    }
                };
                if let Some((file, span)) = place {
                    one(&pushed, file, span, &target, out);
                }
            }
        }
    }
}

fn one(pushed: &[Pushed], file: &TextFile, span: Span, target: &str, out: &mut Sink) {
    let Some((known, tag)) =
        pushed.iter().find_map(|known| Some((known, target.strip_prefix(&known.name)?.strip_prefix(':')?)))
    else {
        return;
    };
    let own: Vec<&Pushed> = pushed.iter().filter(|other| other.name == known.name).collect();
    let Some(sample) = sample(tag).filter(|_| !own.iter().any(|known| known.open)) else { return };
    let takes = |shapes: &dyn Fn(&Pushed) -> Vec<Shape>| {
        own.iter().any(|known| shapes(known).iter().any(|shape| shape.takes(&sample)))
    };
    let (any, branch) = (takes(&|known| known.any.clone()), takes(&|known| known.branch.clone()));
    let branches = own.iter().any(|known| known.on_branches);
    // Of other tags that some event makes, any may be a branch's name.
    if branch || (any && (!branches || sample != "latest")) {
        return;
    }
    let why = "the scan ends with an error, or looks at another image than the one that was built";
    let message = if any {
        format!(
            "`{target}` is pushed for version tags only: on the push of a branch an older image is looked at"
        )
    } else {
        format!("`{target}` is never pushed: no rule of the tags makes `{tag}`")
    };
    out.finding(message)
        .persona(if any { Persona::Pedantic } else { Persona::Regular })
        .why(why)
        .help("look at the digest: `NAME@${{ steps.BUILD.outputs.digest }}`")
        .at_file(file, span)
        .command(format!("grep -n -e 'tags:' -e 'type=' {}", file.path));
}

/// A tag as it may come out; nothing where an expression decides.
fn sample(tag: &str) -> Option<String> {
    let compact: String = tag.split_whitespace().collect();
    if compact == "${{github.sha}}" || matches!(tag, "$GITHUB_SHA" | "${GITHUB_SHA}") {
        return Some("0123456789abcdef0123456789abcdef01234567".to_owned());
    }
    (!tag.contains(['$', '@', '<']) && !tag.is_empty()).then(|| tag.to_owned())
}

/// What a step pushes, or names for one that does.
fn of_step(fact: &WorkflowFact, step: &Step, whole: bool) -> Vec<Pushed> {
    let lines = |name: &str| -> Vec<String> {
        let text = step.input(name).and_then(Entry::text).map_or("", Text::as_str);
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    if step.uses("docker/metadata-action") {
        let hidden: Vec<String> = lines("tags").iter().map(|line| hide(line)).collect();
        let flavor: Vec<String> = lines("flavor").iter().map(|line| hide(line)).collect();
        let (Ok(rules), Ok(flavor)) = (seaworthy_tags::rules(&hidden), Flavor::read(&flavor)) else {
            return Vec::new();
        };
        let events = if whole { Events::of(fact) } else { Events::any() };
        let branch = events.of_branches();
        let open = hidden.iter().any(|line| line.starts_with(UNKNOWN));
        let by_branch: Vec<_> = rules
            .iter()
            .filter(|rule| {
                !matches!(rule.kind, Kind::Semver | Kind::Pep440 | Kind::Match)
                    || !rule.get("value").is_empty()
            })
            .cloned()
            .collect();
        return lines("images")
            .into_iter()
            .filter(|image| !image.contains("name="))
            .map(|name| Pushed {
                name,
                any: shapes(&rules, &flavor, &events),
                branch: if events.has_branches() { shapes(&by_branch, &flavor, &branch) } else { Vec::new() },
                on_branches: events.has_branches(),
                open,
            })
            .collect();
    }
    if step.uses("docker/build-push-action") {
        return lines("tags")
            .into_iter()
            .filter(|line| !line.contains(".outputs."))
            .filter_map(|line| {
                let (name, tag) = line.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
                let compact: String = tag.split_whitespace().collect();
                let shape = if compact == "${{github.sha}}" {
                    Shape::hex()
                } else {
                    Shape::literal(&hide(tag), UNKNOWN)
                };
                Some(Pushed {
                    name: name.to_owned(),
                    any: vec![shape.clone()],
                    branch: vec![shape],
                    on_branches: true,
                    open: false,
                })
            })
            .collect();
    }
    Vec::new()
}

/// A line in which each expression is one unknown place.
fn hide(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("${{") {
        out.push_str(&rest[..at]);
        out.push(UNKNOWN);
        let Some(end) = rest[at..].find("}}") else { return out };
        rest = &rest[at + end + 2..];
    }
    out + rest
}

/// The images that a step looks at, as written.
fn targets(file: &TextFile, step: &Step) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    for (action, input) in SCANNERS {
        if step.uses(action)
            && let Some(text) = step.input(input).and_then(Entry::text)
        {
            out.push((text.span, text.as_str().trim().to_owned()));
        }
    }
    let looks = step.run.as_ref().is_some_and(|run| PROGRAMS.iter().any(|name| run.value.contains(name)));
    if looks {
        for command in commands(file, step).iter().filter(|command| scans(command)) {
            for word in
                command.rest().iter().skip(1).filter(|word| word.contains(':') && !word.starts_with('-'))
            {
                let span = word_place(file, command.span, word);
                if span.len() == word.len() {
                    out.push((span, span.of(&file.text).to_owned()));
                }
            }
        }
    }
    out
}

fn scans(command: &Simple) -> bool {
    match command.program() {
        "docker" => command.rest().get(1).is_some_and(|word| word == "scout"),
        program => PROGRAMS.contains(&program),
    }
}
