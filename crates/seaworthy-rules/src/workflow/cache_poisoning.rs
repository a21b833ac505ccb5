//! Reports caches in jobs that publish: what a pull request left there ends up in the image.

use super::caches::{CACHING, Control, Kind, PUBLISHING, Usage, usage};
use super::steps::{Group, groups, listens, uses_place};
use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use seaworthy_finding::Applicability;
use seaworthy_workflow::expr::{Compare, Expr, ExprKind};
use seaworthy_workflow::{Job, Node, Step, Workflow};

declare_rule! {
    name: "cache-poisoning",
    summary: "what is published is built from a shared cache",
    passes: "nothing that is published is built from a shared cache",
    family: Workflow, category: SupplyChain, severity: Medium, confidence: Low, persona: Pedantic, fix: Unsafe,
    aliases: ["zizmor/cache-poisoning"], refs: ["GitHub documentation, dependency caching reference"],
}

/// How a job is known to publish.
enum Publishing<'a> {
    /// By what starts it: only tags and releases, or also release branches.
    Trigger { tags_only: bool },
    /// By a step.
    Step(&'a Step),
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            written_by_strangers(&fact.file, &fact.workflow, job, out);
        }
    }
    for group in groups(cx) {
        let (Some(workflow), Some(job)) = (group.workflow, group.job) else { continue };
        if mode(workflow, job).is_some_and(|node| node.as_str() == Some("none")) {
            continue;
        }
        let Some(publishing) = publishing(&group, workflow) else { continue };
        for step in group.steps {
            one(&group, step, &publishing, out);
        }
    }
}

fn one(group: &Group<'_>, step: &Step, publishing: &Publishing<'_>, out: &mut Sink) {
    let Some((control, mut usage)) = usage(CACHING, group.file, step) else { return };
    if usage == Usage::Maybe
        && let Publishing::Trigger { tags_only: true } = publishing
        && let Some(known) = on_tag(control, step)
    {
        if !known {
            return;
        }
        usage = Usage::Yes;
    }
    let Some(uses) = &step.uses else { return };
    let name = uses.action().unwrap_or_default();
    let sure = if usage == Usage::Yes { "uses" } else { "may use" };
    let how = match publishing {
        Publishing::Trigger { .. } => "is started by a tag or a release".to_owned(),
        Publishing::Step(publisher) => {
            let publisher =
                publisher.uses.as_ref().and_then(seaworthy_workflow::Uses::action).unwrap_or_default();
            format!("publishes with `{publisher}`")
        }
    };
    let finding = out
        .finding(format!("`{name}` {sure} a cache in {}, which {how}", group.name()))
        .why("a run of lesser trust can leave files in the cache, and they end up in what is published")
        .help("switch the cache off where the job publishes; a build from nothing can also be repeated")
        .at_file(group.file, uses_place(group.file, uses))
        .command(format!("grep -n 'uses: {}' {}", uses.text.value, group.file.path));
    if let Some((input, value)) = switch(control)
        && group.owns(step)
        && step.input(input).is_none()
        && let Some(edits) = super::edit::add_below(
            &group.file.text,
            step,
            "with",
            &[(input.to_owned(), value.to_string())],
            super::edit::Anchor::After(uses.text.span),
        )
    {
        finding.fix(Applicability::Unsafe, format!("Set `{input}: {value}`"), group.file, edits);
    }
}

/// The input that switches the cache off, and its value, where there is a single one.
fn switch(control: &Control) -> Option<(&'static str, bool)> {
    match control {
        Control::Input(switch) if matches!(switch.kind, Kind::Bool) => Some((switch.input, switch.off)),
        Control::Any([Control::Input(switch), Control::All(_)]) => Some((switch.input, false)),
        _ => None,
    }
}

fn publishing<'a>(group: &Group<'a>, workflow: &Workflow) -> Option<Publishing<'a>> {
    let push = workflow.triggers.iter().find(|trigger| trigger.name.value == "push");
    let tags = push.is_some_and(|push| push.tags.is_some() || push.tags_ignore.is_some());
    let branches = push.and_then(|push| push.branches.as_ref());
    let branch = branches
        .is_some_and(|branches| branches.iter().any(|name| name.value.to_lowercase().contains("release")));
    if tags || branch || listens(workflow, "release") {
        return Some(Publishing::Trigger { tags_only: !branch });
    }
    group.steps.iter().find(|step| usage(PUBLISHING, group.file, step).is_some()).map(Publishing::Step)
}

/// `cache-mode` of the job, or of the workflow.
fn mode<'a>(workflow: &'a Workflow, job: &'a Job) -> Option<&'a Node> {
    let of_workflow = workflow.root.as_ref().and_then(|root| root.get("cache-mode"));
    job.node.get("cache-mode").or(of_workflow).map(AsRef::as_ref)
}

/// A job that strangers start must not be told to write the cache.
fn written_by_strangers(file: &TextFile, workflow: &Workflow, job: &Job, out: &mut Sink) {
    let Some(node) = mode(workflow, job).filter(|node| matches!(node.as_str(), Some("write" | "write-only")))
    else {
        return;
    };
    let events = ["pull_request_target", "workflow_run", "issue_comment"];
    let Some(event) = events.iter().find(|event| listens(workflow, event)) else { return };
    out.finding(format!("the job `{}` may write the cache for what strangers do: `{event}`", job.id.value))
        .why("what they leave in the cache is read by the runs that publish")
        .help("write `cache-mode: none` or `cache-mode: read`")
        .at_file(file, node.span)
        .command(format!("grep -n 'cache-mode' {}", file.path));
}

/// Whether the cache is used when a tag is pushed, where the input asks for just that.
fn on_tag(control: &Control, step: &Step) -> Option<bool> {
    let Control::Input(switch) = control else { return None };
    if !matches!(switch.kind, Kind::Bool) {
        return None;
    }
    let text = step.input(switch.input)?.text()?;
    if !super::steps::whole_expression(&text.value) {
        return None;
    }
    let value = tag_value(text.expressions().next()?)?;
    Some(value != switch.off)
}

/// The value of a condition when a tag is pushed, for the few forms that ask for it.
fn tag_value(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Bool(value) => Some(*value),
        ExprKind::Not(inner) => tag_value(inner).map(|value| !value),
        ExprKind::Call(name, _, arguments) if name.eq_ignore_ascii_case("startswith") => {
            let [what, start] = &arguments[..] else { return None };
            let ExprKind::Text(start) = &start.kind else { return None };
            let asked = what.reference().is_some_and(|known| known.path() == "github.ref");
            (asked && start.eq_ignore_ascii_case("refs/tags/")).then_some(true)
        }
        ExprKind::And(items) => {
            let is = |expr: &Expr, path: &str, want: &str| {
                let ExprKind::Compare(Compare::Equal, left, right) = &expr.kind else { return false };
                let named = |expr: &Expr| expr.reference().is_some_and(|known| known.path() == path);
                let text = |expr: &Expr| matches!(&expr.kind, ExprKind::Text(text) if text.eq_ignore_ascii_case(want));
                (named(left) && text(right)) || (named(right) && text(left))
            };
            let push = |expr: &Expr| is(expr, "github.event_name", "push");
            let tag = |expr: &Expr| is(expr, "github.ref_type", "tag");
            let [left, right] = &items[..] else { return None };
            ((push(left) && tag(right)) || (push(right) && tag(left))).then_some(true)
        }
        _ => None,
    }
}
