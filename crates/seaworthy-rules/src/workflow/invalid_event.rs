//! Reports events, types, filters and schedules that do not exist.

use crate::{Cx, Sink, text};
use seaworthy_facts::TextFile;
use seaworthy_finding::{Persona, Severity, Span, did_you_mean};
use seaworthy_workflow::{EVENTS, Text, Trigger, event};

declare_rule! {
    name: "invalid-event",
    summary: "a workflow waits for an event that does not exist",
    passes: "workflows wait for events that exist",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["actionlint/events"],
    refs: ["GitHub documentation, events that trigger workflows"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for trigger in &fact.workflow.triggers {
            look(&fact.file, trigger, out);
        }
    }
}

fn report(file: &TextFile, span: Span, message: String, help: String, out: &mut Sink) {
    out.finding(message)
        .why("the platform refuses the workflow, or never starts it")
        .help(help)
        .at_file(file, span)
        .command(format!("grep -n -A 12 '^on' {}", file.path));
}

fn look(file: &TextFile, trigger: &Trigger, out: &mut Sink) {
    let name = trigger.name.as_str();
    if trigger.name.has_expression() || name.is_empty() {
        return;
    }
    let Some(kind) = event(name) else {
        let near = did_you_mean(name, EVENTS.iter().map(|known| known.name));
        let help = near.map_or_else(
            || "see the list of events in GitHub's documentation".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        report(file, trigger.name.span, format!("there is no event `{name}`"), help, out);
        return;
    };
    for cron in &trigger.crons {
        if let Some(problem) = schedule(cron.as_str()) {
            let help = "write minute, hour, day, month and weekday: `30 4 * * 1`".to_owned();
            report(file, cron.span, format!("`{}` is no schedule: {problem}", cron.value), help, out);
        }
    }
    for kind_name in trigger.types.iter().flatten().filter(|kind| !kind.has_expression()) {
        if name == "repository_dispatch" || kind.types.contains(&kind_name.as_str()) {
            continue;
        }
        let near = did_you_mean(&kind_name.value, kind.types.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if kind.types.is_empty() => "remove `types`".to_owned(),
            None => format!("it has {}", text::names(kind.types, 8)),
        };
        let message = format!("the event `{name}` has no type `{}`", kind_name.value);
        report(file, kind_name.span, message, help, out);
    }
    for entry in &trigger.keys {
        let filter = entry.key.as_str();
        let known =
            ["branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "workflows"];
        if known.contains(&filter) && !kind.filters.contains(&filter) {
            let help = if kind.filters.is_empty() {
                format!("remove it, and ask in `if` for what `{name}` was about")
            } else {
                format!("`{name}` has {}", text::names(kind.filters, 8))
            };
            report(file, entry.key.span, format!("the event `{name}` has no filter `{filter}`"), help, out);
        }
    }
    for (both, ignore) in [(&trigger.branches, "branches-ignore"), (&trigger.tags, "tags-ignore")] {
        let other = trigger.keys.iter().find(|entry| entry.key.value == ignore);
        if let (Some(_), Some(other)) = (both, other) {
            let plain = ignore.trim_end_matches("-ignore");
            let help = format!("write what is left out as `!pattern` below `{plain}`");
            report(file, other.key.span, format!("`{plain}` and `{ignore}` do not go together"), help, out);
        }
    }
    if name == "workflow_run" && trigger.workflows.is_empty() {
        let help = "add `workflows: [NAME]`".to_owned();
        report(file, trigger.name.span, "`workflow_run` names no workflow".to_owned(), help, out);
    }
    inputs(file, trigger, out);
}

/// Defaults that are never used or do not fit.
fn inputs(file: &TextFile, trigger: &Trigger, out: &mut Sink) {
    for input in &trigger.inputs {
        let Some(default) = input.default.as_ref().and_then(|node| node.text()) else { continue };
        let kind = input.kind.as_ref().map_or("", Text::as_str);
        let name = &input.name.value;
        if trigger.name.value == "workflow_call" && input.required {
            out.finding(format!("the input `{name}` is required, so its default is never used"))
                .severity(Severity::Low)
                .persona(Persona::Pedantic)
                .why("who reads the workflow believes that the input may be left out")
                .help("remove the default, or `required`")
                .at_file(file, default.span)
                .command(format!("grep -n -A 12 '^on' {}", file.path));
        } else if !default.has_expression() {
            let fits = match kind {
                "boolean" => default.as_bool().is_some(),
                "number" => default.value.trim().parse::<f64>().is_ok(),
                "choice" => {
                    input.options.is_empty()
                        || input.options.iter().any(|option| option.value == default.value)
                }
                _ => true,
            };
            if !fits {
                let message = format!("the default `{}` of the input `{name}` is no {kind}", default.value);
                let help = match kind {
                    "choice" => "write one of its `options`".to_owned(),
                    kind => format!("write a {kind}, without quotes"),
                };
                report(file, default.span, message, help, out);
            }
        }
    }
}

/// What is wrong with a schedule.
fn schedule(cron: &str) -> Option<String> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    if cron.starts_with('@') {
        return Some("words such as `@daily` are not known".to_owned());
    }
    if fields.len() != 5 {
        return Some(format!("it has {} fields, not 5", fields.len()));
    }
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let rows: [(&str, u32, u32, &[&str]); 5] = [
        ("minute", 0, 59, &[]),
        ("hour", 0, 23, &[]),
        ("day", 1, 31, &[]),
        ("month", 1, 12, &months),
        ("weekday", 0, 7, &days),
    ];
    for (field, (name, low, high, words)) in fields.iter().zip(rows) {
        let number = |text: &str| {
            let word = words.iter().position(|word| text.eq_ignore_ascii_case(word));
            let value =
                word.map_or_else(|| text.parse().ok(), |at| u32::try_from(at).ok().map(|at| at + low));
            value.filter(|value| (low..=high).contains(value))
        };
        let good = field.split(',').all(|part| {
            let (range, step) =
                part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            let steps = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
            steps
                && (range == "*"
                    || match range.split_once('-') {
                        Some((from, to)) => number(from).is_some() && number(to).is_some(),
                        None => number(range).is_some(),
                    })
        });
        if !good {
            return Some(format!("`{field}` is no {name}"));
        }
    }
    None
}
