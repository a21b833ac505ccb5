//! `seaworthy tags`.

use super::build;
use crate::cli::{Global, TagsArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::tagging::{self, Tagging};
use crate::{event, stages};
use seaworthy_facts::ProjectFacts;
use seaworthy_finding::ExitCode;
use seaworthy_report::escape;
use seaworthy_tags::{Context, Event};
use serde_json::json;
use std::fmt::Write as _;

/// Shows which tags an event, or every event, would publish, and refuses those no registry accepts.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &TagsArgs) -> Result<ExitCode, Failure> {
    let json = output::wants_json(global, "tags")?;
    let config = Config::load(global, &args.path)?;
    let project = stages::collect(&args.path)?;
    let own = build::default_tag(&project);
    let publish = &config.policy.publish;
    let here = event::here(project.git.as_ref());
    let mut shown = Vec::new();
    for context in contexts(args, &here, &project)? {
        let latest = publish.latest.as_deref();
        let tagging = tagging::evaluate(&publish.tags, &own, latest, Some(&project), &context)?;
        shown.push((context, tagging));
    }
    let valid = shown.iter().all(|(_, tagging)| tagging.tags.iter().all(|tag| tag.problem.is_none()));
    if json {
        let events: Vec<_> = shown.iter().map(|(context, tagging)| object(context, tagging)).collect();
        let text = serde_json::to_string_pretty(&json!({"valid": valid, "events": events}))
            .map_err(|error| Failure::of("write JSON", &error))?;
        shell.out(&text)?;
    } else {
        let text: Vec<String> = shown.iter().map(|(context, tagging)| words(context, tagging)).collect();
        shell.out(&text.join("\n"))?;
        if !valid && shell.quiet == 0 {
            shell.note(
                "a push of a tag that no registry accepts fails, and with it the release; `ship` refuses it",
            );
        }
    }
    Ok(if valid || global.exit_zero { ExitCode::Clean } else { ExitCode::Findings })
}

/// The events to look at: the one of this process, another that was named, or one of each kind.
fn contexts(args: &TagsArgs, here: &Context, project: &ProjectFacts) -> Result<Vec<Context>, Failure> {
    let with = |name: &str, reference: String| {
        let mut context = here.clone();
        // What the runner's own event says about its pull request is not true of another event.
        let same = context.event.name == name && context.event.reference == reference;
        if !same {
            context.event = Event {
                name: name.to_owned(),
                number: number(&reference),
                pull_base: reference
                    .starts_with("refs/pull/")
                    .then(|| here.event.default_branch.clone())
                    .flatten(),
                reference,
                sha: here.event.sha.clone(),
                default_branch: here.event.default_branch.clone(),
                ..Event::default()
            };
        }
        context
    };
    let named = args.reference.as_deref();
    let default = here.event.default_branch.as_deref().unwrap_or("main");
    let branch = |name: &str| format!("refs/heads/{name}");
    Ok(match args.event.as_deref() {
        None => match named {
            None => vec![here.clone()],
            Some(text) => {
                let reference = full("push", text);
                let name = if reference.starts_with("refs/pull/") { "pull_request" } else { "push" };
                vec![with(name, reference)]
            }
        },
        Some("all") => {
            let given = |prefix: &str| named.filter(|name| name.starts_with(prefix)).map(str::to_owned);
            let other = project.git.as_ref().and_then(|git| git.branch.as_deref());
            let other = other.filter(|name| *name != default).unwrap_or("feature/example");
            let first = project.git.as_ref().and_then(|git| git.tags.first().cloned());
            let version = project.rust.as_ref().map(|krate| format!("v{}", krate.version));
            let tag = first.or(version).unwrap_or_else(|| "v1.2.3".to_owned());
            vec![
                with("push", branch(default)),
                with("push", given("refs/heads/").unwrap_or_else(|| branch(other))),
                with("push", given("refs/tags/").unwrap_or_else(|| format!("refs/tags/{tag}"))),
                with("pull_request", given("refs/pull/").unwrap_or_else(|| "refs/pull/1/merge".to_owned())),
                with("schedule", branch(default)),
                with("workflow_dispatch", branch(default)),
            ]
        }
        Some(name) => {
            let reference = match named {
                Some(text) => full(name, text),
                None if here.event.name == name => here.event.reference.clone(),
                None if name.contains("pull_request") => {
                    return Err(Failure::new(ExitCode::Error, format!("`--event {name}` needs `--ref`"))
                        .hint("name the pull request by its number, such as `--ref 7`"));
                }
                None if name == "tag" || name == "release" => {
                    let tag = project.git.as_ref().and_then(|git| git.tags.first()).ok_or_else(|| {
                        Failure::new(ExitCode::Error, format!("`--event {name}` needs `--ref`"))
                            .hint("no git tag is at the commit; name one, such as `--ref v1.2.3`")
                    })?;
                    format!("refs/tags/{tag}")
                }
                None if name == "schedule" => branch(default),
                None => here.event.reference.clone(),
            };
            vec![with(if name == "tag" { "push" } else { name }, reference)]
        }
    })
}

/// A ref in full: as it is, else a tag, a pull request or a branch, as the event has it.
fn full(event: &str, text: &str) -> String {
    if text.starts_with("refs/") {
        text.to_owned()
    } else if event == "tag" || event == "release" {
        format!("refs/tags/{text}")
    } else if event.contains("pull_request") {
        format!("refs/pull/{}/merge", text.trim_end_matches("/merge"))
    } else {
        format!("refs/heads/{text}")
    }
}

/// The number of a pull request's ref.
fn number(reference: &str) -> Option<u64> {
    reference.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()
}

fn object(context: &Context, tagging: &Tagging) -> serde_json::Value {
    let tags: Vec<_> = tagging
        .tags
        .iter()
        .map(|tag| json!({"tag": tag.name, "rule": tag.rule, "problem": tag.problem}))
        .collect();
    json!({
        "event": context.event.name,
        "ref": context.event.reference,
        "commit": context.event.sha,
        "tags": tags,
        "warnings": tagging.warnings,
    })
}

fn words(context: &Context, tagging: &Tagging) -> String {
    let event = &context.event;
    let reference = if event.reference.is_empty() { "no ref" } else { &event.reference };
    let mut text = format!("{} {}\n", escape(&event.name), escape(reference));
    if tagging.tags.is_empty() {
        text.push_str("  no tag: no rule is about this event\n");
    }
    let names: Vec<String> = tagging.tags.iter().map(|tag| escape(&tag.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(50);
    for (tag, name) in tagging.tags.iter().zip(names) {
        let rule = tag.rule.as_deref().map_or_else(|| "the image's own tag".to_owned(), escape);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:width$}  {rule}");
        if let Some(problem) = tag.problem {
            let _ = writeln!(text, "  {:width$}  no registry accepts it: {problem}", "");
        }
    }
    for warning in &tagging.warnings {
        let _ = writeln!(text, "  note: {}", escape(warning));
    }
    text
}
