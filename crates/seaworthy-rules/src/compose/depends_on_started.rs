//! Reports services that wait for the start of another one though it tells when it is ready.

use super::support::config;
use crate::document::last_of;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Healthcheck, Kind};
use seaworthy_facts::{ComposeDependency, ComposeFact, ComposeList, ComposeService};
use seaworthy_finding::{Applicability, Edit, Persona, Span};

declare_rule! {
    name: "depends-on-started",
    summary: "a service waits for the start of another one, not for its health",
    passes: "services wait for the health of those that tell it",
    family: Compose, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["x/depends-on-started"], refs: ["Compose specification, depends_on"],
}

/// Whether a service tells when it is ready: here, or in the Dockerfile it builds.
fn tells(cx: &Cx<'_>, compose: &ComposeFact, service: &ComposeService) -> bool {
    if let Some(health) = &service.healthcheck {
        return !health.disabled && !health.test.is_empty();
    }
    let Some(docker) = cx.service_dockerfile(compose, service).filter(|_| service.build_target.is_none())
    else {
        return false;
    };
    last_of(docker, |item| match &item.kind {
        Kind::Healthcheck(health) => Some(!matches!(health, Healthcheck::None)),
        _ => None,
    }) == Some(true)
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let ready = |need: &ComposeDependency| {
                let other = compose.services.iter().find(|other| other.name == need.service.value);
                other.is_some_and(|other| tells(cx, compose, other))
            };
            for need in &service.depends_on {
                if need.condition.as_ref().is_some_and(|condition| condition.value != "service_started")
                    || !ready(need)
                {
                    continue;
                }
                let name = &need.service.value;
                let finding = out
                    .finding(format!("service `{}` does not wait until `{name}` is healthy", service.name))
                    // Who writes the condition out has chosen it.
                    .persona(if need.condition.is_some() { Persona::Pedantic } else { Persona::Regular })
                    .why("it starts while the other one is still starting, and fails or retries")
                    .help(format!("write `depends_on: {{{name}: {{condition: service_healthy}}}}`"))
                    .at_file(
                        &compose.file,
                        need.condition.as_ref().map_or(need.service.span, |known| known.span),
                    )
                    .command(config(compose, service));
                if let Some(edits) = change(compose, service, need, &ready) {
                    finding.fix(Applicability::Unsafe, "Wait for the health", &compose.file, edits);
                }
            }
        }
    }
}

/// The condition alone where there is one; else the whole list in the long form.
fn change(
    compose: &ComposeFact,
    service: &ComposeService,
    need: &ComposeDependency,
    ready: &dyn Fn(&ComposeDependency) -> bool,
) -> Option<Vec<Edit>> {
    if need.shared {
        return None;
    }
    if let Some(condition) = &need.condition {
        return Some(vec![Edit { span: condition.span, text: "service_healthy".to_owned() }]);
    }
    let text = &compose.file.text;
    let mut edits = Vec::new();
    let condition =
        |need: &ComposeDependency| if ready(need) { "service_healthy" } else { "service_started" };
    for each in &service.depends_on {
        let span = each.service.span;
        let name = span.of(text);
        match each.list? {
            ComposeList::Flow => {
                edits.push(Edit { span, text: format!("{name}: {{condition: {}}}", condition(each)) });
            }
            ComposeList::Block => {
                let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
                let indent = text[line..span.start].strip_suffix("- ")?;
                if !indent.bytes().all(|byte| byte == b' ') {
                    return None;
                }
                // A list may stand at the indentation of its key, a mapping may not.
                let key = text[..line].lines().rev().find(|line| line.trim_start().starts_with("depends_on"));
                let deeper = key.is_none_or(|key| key.len() - key.trim_start().len() < indent.len());
                let indent = if deeper { indent.to_owned() } else { format!("{indent}  ") };
                edits.push(Edit {
                    span: Span::new(line, span.end),
                    text: format!("{indent}{name}:\n{indent}  condition: {}", condition(each)),
                });
            }
        }
    }
    if let Some(first) = service.depends_on.first().filter(|first| first.list == Some(ComposeList::Flow)) {
        let last = service.depends_on.last()?;
        let open = text[..first.service.span.start].rfind('[')?;
        let close = last.service.span.end + text[last.service.span.end..].find(']')?;
        edits.push(Edit { span: Span::new(open, open + 1), text: "{".to_owned() });
        edits.push(Edit { span: Span::new(close, close + 1), text: "}".to_owned() });
        edits.sort_by_key(|edit| edit.span.start);
    }
    Some(edits)
}
