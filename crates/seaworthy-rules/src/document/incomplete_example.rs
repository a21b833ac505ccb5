//! Reports steps in fences of documents that need something no fence of the document gives.

use crate::{Cx, Sink};
use seaworthy_facts::{DocumentFact, Fragment};
use seaworthy_finding::Span;
use std::collections::BTreeSet;

declare_rule! {
    name: "incomplete-example",
    summary: "a documented step needs something that the document never gives",
    passes: "documented steps find in the document what they need",
    family: Document, category: Truth, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["workflow.step-refs"], refs: ["GitHub documentation, contexts"],
}

/// Actions, and the permission each needs.
const PERMISSIONS: [(&str, &str); 4] = [
    ("github/codeql-action/upload-sarif", "security-events"),
    ("actions/attest-build-provenance", "id-token"),
    ("actions/attest-sbom", "id-token"),
    ("actions/attest", "id-token"),
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for (at, document) in project.documents.iter().enumerate() {
        let own: Vec<&Fragment> = project
            .fragments
            .iter()
            .filter(|part| part.document == at && !part.project.workflows.is_empty())
            .collect();
        let ids: BTreeSet<String> = own.iter().flat_map(|part| ids(part)).collect();
        let granted = own.iter().any(|part| {
            part.whole && part.project.workflows.iter().any(|fact| fact.file.text.contains("permissions:"))
        });
        for part in own.iter().filter(|part| !part.whole) {
            references(document, part, &ids, out);
            if granted {
                permissions(document, part, out);
            }
        }
    }
}

/// The ids of the steps of a fence.
fn ids(part: &Fragment) -> Vec<String> {
    let jobs = part.project.workflows.iter().flat_map(|fact| &fact.workflow.jobs);
    jobs.flat_map(|job| &job.steps).filter_map(|step| Some(step.id.as_ref()?.value.to_lowercase())).collect()
}

/// `steps.NAME` where no step of the document has that name.
fn references(document: &DocumentFact, part: &Fragment, ids: &BTreeSet<String>, out: &mut Sink) {
    let mut seen = BTreeSet::new();
    for fact in &part.project.workflows {
        let text = &fact.file.text;
        for (at, _) in text.match_indices("steps.") {
            let inside = text[..at].rfind("${{").is_some_and(|open| !text[open..at].contains("}}"));
            let rest = &text[at + 6..];
            let length =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
            let name = &rest[..length];
            if !inside
                || name.is_empty()
                || ids.contains(&name.to_lowercase())
                || !seen.insert(name.to_owned())
            {
                continue;
            }
            let Some(span) = part.pieces.span(Span::new(at, at + 6 + length)) else { continue };
            out.finding(format!("no step of this document has the id `{name}`"))
                .why("who puts the steps together gets an empty text in its place")
                .help(format!("add `id: {name}` to the step that is meant"))
                .at_file(&document.file, span)
                .command(format!("grep -n -e 'id:' -e 'steps\\.' {}", document.file.path));
        }
    }
}

/// A permission that a step needs and that the workflows of the document, which name theirs, do not grant.
fn permissions(document: &DocumentFact, part: &Fragment, out: &mut Sink) {
    let steps = part.project.workflows.iter().flat_map(|fact| &fact.workflow.jobs).flat_map(|job| &job.steps);
    for step in steps {
        let Some(uses) = &step.uses else { continue };
        let wanted = PERMISSIONS.iter().find(|(action, _)| {
            uses.text.value.split('@').next().is_some_and(|name| name.eq_ignore_ascii_case(action))
        });
        let Some((action, permission)) = wanted.filter(|(_, name)| !document.file.text.contains(name)) else {
            continue;
        };
        let Some(span) = part.pieces.span(uses.text.span) else { continue };
        out.finding(format!("`{action}` needs `{permission}: write`, which this document grants nowhere"))
            .why("the step ends with `Resource not accessible by integration`")
            .help(format!("add `{permission}: write` to the job's `permissions`"))
            .at_file(&document.file, span)
            .command(format!("grep -n -A6 'permissions:' {}", document.file.path));
    }
}
