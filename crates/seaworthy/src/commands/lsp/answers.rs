//! What the server says, as the protocol's objects.

use super::rpc;
use super::server::Document;
use seaworthy_finding::{Applicability, Edit, EvidenceKind, Finding, Location, Severity, Span};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const QUICK_FIX: &str = "quickfix";
pub(super) const FIX_ALL: &str = "source.fixAll.seaworthy";

/// What the server can do.
pub(super) fn capabilities() -> Value {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
            "hoverProvider": true,
            "codeActionProvider": {"codeActionKinds": [QUICK_FIX, FIX_ALL]},
            "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
        },
        "serverInfo": {"name": "seaworthy", "version": env!("CARGO_PKG_VERSION")},
    })
}

/// `textDocument/publishDiagnostics`.
pub(super) fn published(uri: &str, version: &Value, diagnostics: &[Value]) -> Value {
    let mut params = json!({"uri": uri, "diagnostics": diagnostics});
    if !version.is_null() {
        params["version"] = version.clone();
    }
    rpc::notification("textDocument/publishDiagnostics", &params)
}

/// The findings of a document.
pub(super) fn diagnostics(uri: &str, document: &Document) -> Vec<Value> {
    document.findings.iter().map(|finding| diagnostic(uri, document, finding)).collect()
}

fn diagnostic(uri: &str, document: &Document, finding: &Finding) -> Value {
    let range = document.text.range(shown(document, span(finding)));
    let mut message = finding.message.clone();
    if !finding.help.is_empty() {
        message = format!("{message}\nhelp: {}", finding.help);
    }
    let mut value = json!({
        "range": range,
        "severity": severity(finding.severity),
        "source": "seaworthy",
        "code": finding.rule,
        "message": message,
    });
    if let Some(base) = crate::output::rule_url() {
        value["codeDescription"] = json!({"href": format!("{base}{}.md", finding.rule)});
    }
    let tags = tags(&finding.rule);
    if !tags.is_empty() {
        value["tags"] = json!(tags);
    }
    let related: Vec<Value> = finding
        .evidence
        .iter()
        .filter(|proof| proof.kind != EvidenceKind::Excerpt)
        .map(|proof| {
            let words = if proof.kind == EvidenceKind::Command { "see for yourself: " } else { "" };
            json!({"location": {"uri": uri, "range": range}, "message": format!("{words}{}", proof.text)})
        })
        .collect();
    if !related.is_empty() {
        value["relatedInformation"] = json!(related);
    }
    value
}

/// 1 for what can go, 2 for what nobody should write any more.
fn tags(rule: &str) -> Vec<u8> {
    let has = |words: &[&str]| rule.split('-').any(|part| words.contains(&part));
    let mut out = Vec::new();
    if has(&["redundant", "unused", "unreachable", "ineffective", "superfluous", "unneeded"]) {
        out.push(1);
    }
    if has(&["deprecated", "obsolete", "legacy"]) {
        out.push(2);
    }
    out
}

const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical | Severity::High => 1,
        Severity::Medium => 2,
        Severity::Low => 3,
        Severity::Info => 4,
    }
}

fn span(finding: &Finding) -> Span {
    match &finding.location {
        Location::File { span, .. } => *span,
        _ => Span::default(),
    }
}

/// A place that somebody can see and point at: an empty one takes the rest of its line.
fn shown(document: &Document, span: Span) -> Span {
    if !span.is_empty() {
        return span;
    }
    let text = document.text.text.as_str();
    let rest = text.get(span.start..).unwrap_or_default();
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    Span::new(span.start, span.start + line.len())
}

/// The pages of the rules that speak at a place.
pub(super) fn hover(document: &Document, at: usize) -> Value {
    let here = |finding: &&Finding| {
        let span = shown(document, span(finding));
        span.start <= at && at <= span.end
    };
    let found: Vec<&Finding> = document.findings.iter().filter(here).collect();
    let Some(first) = found.first() else { return Value::Null };
    let mut text = String::new();
    for finding in &found {
        for part in [
            format!("**{}** `{}`", finding.severity.word(), finding.rule),
            finding.message.clone(),
            finding.why.clone(),
            finding.help.clone(),
        ] {
            if !part.is_empty() {
                text.push_str(&part);
                text.push_str("\n\n");
            }
        }
    }
    if let ([_], Some(page)) = (&found[..], seaworthy_rules::page(&first.rule)) {
        text.push_str("---\n\n");
        text.push_str(page);
    } else {
        text.push_str("`seaworthy explain RULE` shows a rule's page.\n");
    }
    json!({
        "contents": {"kind": "markdown", "value": text},
        "range": document.text.range(shown(document, span(first))),
    })
}

/// The fixes of the findings at a place, and the comments that silence them.
pub(super) fn quick_fixes(uri: &str, document: &Document, wanted: Span) -> Vec<Value> {
    let here = |finding: &&Finding| {
        let span = shown(document, span(finding));
        span.start <= wanted.end && wanted.start <= span.end
    };
    let found: Vec<&Finding> = document.findings.iter().filter(here).collect();
    let mut out = Vec::new();
    for finding in &found {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.path == document.path && !fix.edits.is_empty())
        else {
            continue;
        };
        let safe = fix.applicability == Applicability::Safe;
        let title = match fix.applicability {
            Applicability::Display => continue,
            Applicability::Safe => capital(&fix.title),
            Applicability::Unsafe => format!("{} (may change what the image does)", capital(&fix.title)),
        };
        out.push(json!({
            "title": title,
            "kind": QUICK_FIX,
            "isPreferred": safe,
            "diagnostics": [diagnostic(uri, document, finding)],
            "edit": workspace_edit(uri, document, &fix.edits),
        }));
    }
    // One comment for each rule and statement, however many findings there are.
    let mut comments: BTreeMap<(usize, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in found {
        comments.entry((statement(document, span(finding).start), &finding.rule)).or_default().push(finding);
    }
    for ((at, rule), findings) in comments {
        let text = document.text.text.as_str();
        let rest = &text[at..];
        let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let comment = if document.path.to_ascii_lowercase().ends_with(".md") {
            format!("{indent}<!-- seaworthy: ignore[{rule}] -->{end}")
        } else {
            format!("{indent}# seaworthy: ignore[{rule}]{end}")
        };
        let edit = Edit { span: Span::new(at, at), text: comment };
        let told: Vec<Value> = findings.iter().map(|finding| diagnostic(uri, document, finding)).collect();
        out.push(json!({
            "title": format!("Ignore `{rule}` here with a comment"),
            "kind": QUICK_FIX,
            "diagnostics": told,
            "edit": workspace_edit(uri, document, &[edit]),
        }));
    }
    out
}

/// Every safe fix of the document.
pub(super) fn fix_all(uri: &str, document: &Document, edits: &[Edit]) -> Value {
    json!({
        "title": "Fix everything that is safe to fix",
        "kind": FIX_ALL,
        "edit": workspace_edit(uri, document, edits),
    })
}

fn workspace_edit(uri: &str, document: &Document, edits: &[Edit]) -> Value {
    let edits: Vec<Value> = edits
        .iter()
        .map(|edit| json!({"range": document.text.range(edit.span), "newText": edit.text}))
        .collect();
    json!({"changes": {uri: edits}})
}

/// Start of the line a comment about this place goes above: that of the whole instruction in a Dockerfile.
fn statement(document: &Document, at: usize) -> usize {
    let text = &document.text;
    if !document.is_dockerfile() {
        return text.line_start(at);
    }
    let (tree, _) = seaworthy_dockerfile::parse(&text.text);
    let inside = tree
        .instructions
        .iter()
        .find(|one| one.span.start <= at && at < one.span.end.max(one.span.start + 1));
    text.line_start(inside.map_or(at, |instruction| instruction.span.start))
}

fn capital(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
