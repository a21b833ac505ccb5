//! SARIF 2.1.0, as GitHub's code scanning and other viewers read it.
//!
//! Rules carry their help and severity, results a fingerprint that survives moved lines, fixes as
//! replacements, and suppressions with their reasons. Paths are relative to the repository.

use crate::Options;
use crate::sentence::verdict_sentence;
use crate::text::{escape, escape_block};
use crate::view::{
    Loudness, artifact, evidence, evidence_word, fingerprints, loudness, place, repository_path, status_word,
};
use seaworthy_finding::{
    Category, Check, CheckStatus, Confidence, Edit, Finding, FindingStatus, LineIndex, Location, Report,
    Severity,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The name viewers resolve relative paths against.
const ROOT: &str = "%SRCROOT%";
/// Code scanning accepts no more results of one run than this.
const MOST: usize = 25_000;

/// Renders one run. Hidden findings are left out; suppressed and waived ones are marked as such.
pub(crate) fn render(report: &Report, options: &Options<'_>) -> Result<String, serde_json::Error> {
    let findings: Vec<&Finding> =
        report.findings.iter().filter(|one| one.status != FindingStatus::Hidden).take(MOST).collect();
    let (rules, index) = rules(report, options);
    let prints = fingerprints(&findings);
    let mut texts = Texts { sources: options.sources, known: BTreeMap::new() };
    let mut results: Vec<Value> = Vec::with_capacity(findings.len());
    for (finding, print) in findings.iter().zip(&prints) {
        let rule_index = index.get(finding.rule.as_str());
        results.push(result(report, finding, print, rule_index, options, &mut texts));
    }
    let unrun =
        report.checks.iter().filter(|check| matches!(check.status, CheckStatus::NotRun | CheckStatus::Error));
    let notifications: Vec<Value> =
        unrun.map(|check| notification(check, index.get(check.rule.as_str()))).collect();
    let mut invocation = json!({
        "executionSuccessful": report.counts().errors == 0,
        "toolExecutionNotifications": notifications,
    });
    if report.created.parse::<jiff::Timestamp>().is_ok() {
        invocation["endTimeUtc"] = json!(crate::inventory::whole_seconds(&report.created));
    }
    let driver = json!({
        "name": "Seaworthy",
        "version": report.version,
        "semanticVersion": report.version,
        "rules": rules,
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "automationDetails": {"id": format!("seaworthy/{}/", escape(&report.command))},
            "invocations": [invocation],
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository"}}},
            "columnKind": "utf16CodeUnits",
            "results": results,
            "properties": {
                "verdict": report.verdict,
                "verdictSentence": verdict_sentence(report),
                "subject": report.subject,
            },
        }],
    });
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

/// Every rule that was evaluated or has a finding, and where each stands.
fn rules<'a>(report: &'a Report, options: &Options<'_>) -> (Vec<Value>, BTreeMap<&'a str, usize>) {
    let names: BTreeSet<&str> = report
        .checks
        .iter()
        .map(|check| check.rule.as_str())
        .chain(report.findings.iter().map(|finding| finding.rule.as_str()))
        .collect();
    let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let rules = names.iter().map(|name| rule(report, name, options)).collect();
    (rules, index)
}

fn rule(report: &Report, name: &str, options: &Options<'_>) -> Value {
    let check = report.checks.iter().find(|check| check.rule == name);
    let worst = report.findings.iter().filter(|one| one.rule == name).max_by_key(|one| one.severity);
    let title = worst.map(|one| one.title.as_str()).or(check.map(|check| check.title.as_str()));
    let severity = worst.map_or_else(|| by_weight(check), |one| one.severity);
    let category = check.map(|check| check.category);
    let mut tags: Vec<String> = Vec::new();
    if let Some(category) = category {
        tags.push(category.title().to_lowercase());
    }
    let is_security = matches!(category, Some(Category::Security | Category::SupplyChain));
    if is_security && category != Some(Category::Security) {
        tags.push("security".to_owned());
    }
    let mut properties = Map::new();
    if let Some(aliases) = worst.map(|one| &one.aliases).filter(|aliases| !aliases.is_empty()) {
        properties.insert("aliases".to_owned(), json!(aliases));
    }
    if let Some(confidence) = worst.map(|one| one.confidence) {
        properties.insert("precision".to_owned(), json!(precision(confidence)));
    }
    properties.insert("problem.severity".to_owned(), json!(problem(severity)));
    if is_security {
        properties.insert("security-severity".to_owned(), json!(security_severity(severity)));
    }
    properties.insert("tags".to_owned(), json!(tags));
    let title = title.filter(|title| !title.is_empty()).unwrap_or(name);
    let mut value = json!({
        "id": escape(name),
        "name": pascal(name),
        "shortDescription": {"text": escape(title)},
        "help": {"text": help(worst, name)},
        "defaultConfiguration": {"level": level_by_severity(severity)},
        "properties": properties,
    });
    if let Some(why) = worst.map(|one| one.why.as_str()).filter(|why| !why.is_empty()) {
        value["fullDescription"] = json!({"text": escape(why)});
    }
    // Only of rules with findings: the pages of all of them would be most of the document.
    if let Some(page) = worst.and_then(|one| (options.pages)(&one.rule)) {
        value["help"]["markdown"] = json!(page);
    }
    if let Some(base) = options.rule_url {
        value["helpUri"] = json!(format!("{base}{}", uri(name)));
    }
    value
}

fn help(finding: Option<&Finding>, name: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(finding) = finding {
        let texts = [&finding.why, &finding.help];
        parts.extend(
            texts.into_iter().filter(|text| !text.is_empty()).map(|text| escape_block(text.trim_end())),
        );
    }
    parts.push(format!("`seaworthy explain {}` has the whole page.", escape(name)));
    parts.join("\n\n")
}

fn result(
    report: &Report,
    finding: &Finding,
    print: &str,
    rule_index: Option<&usize>,
    options: &Options<'_>,
    texts: &mut Texts<'_>,
) -> Value {
    let level = match loudness(report, finding) {
        Loudness::Error => "error",
        Loudness::Warning => "warning",
        Loudness::Info => "note",
    };
    let mut value = json!({
        "ruleId": escape(&finding.rule),
        "level": level,
        "message": {"text": message(finding)},
        "locations": [location(finding, options, texts)],
        "partialFingerprints": {
            // The only key GitHub compares; the number tells equal lines apart.
            "primaryLocationLineHash": format!("{}:1", print.get(..16).unwrap_or(print)),
            "seaworthyIdentity/v1": print,
        },
        "properties": {"severity": finding.severity, "confidence": finding.confidence},
    });
    if let Some(at) = rule_index {
        value["ruleIndex"] = json!(at);
    }
    if let Some(fix) = fix(finding, options, texts) {
        value["fixes"] = json!([fix]);
    }
    if report.findings.iter().any(|one| one.status == FindingStatus::Baselined) {
        let known = finding.status == FindingStatus::Baselined;
        value["baselineState"] = json!(if known { "unchanged" } else { "new" });
    }
    if finding.status != FindingStatus::Open {
        let kind = if finding.status == FindingStatus::Suppressed { "inSource" } else { "external" };
        let reason = finding.reason.as_deref().unwrap_or(status_word(finding.status));
        value["suppressions"] =
            json!([{"kind": kind, "status": "accepted", "justification": escape(reason)}]);
    }
    value
}

fn message(finding: &Finding) -> String {
    let mut parts = vec![escape(&finding.message)];
    if !matches!(finding.location, Location::File { .. } | Location::Project) {
        parts[0] = format!("{} ({})", parts[0], place(&finding.location));
    }
    for text in [&finding.why, &finding.help] {
        if !text.is_empty() {
            parts.push(escape_block(text.trim_end()));
        }
    }
    for proof in evidence(finding) {
        parts.push(format!("{}: {}", evidence_word(proof.kind), escape_block(proof.text.trim_end())));
    }
    parts.join("\n\n")
}

/// The files of the project, each read once.
struct Texts<'a> {
    sources: crate::Sources<'a>,
    known: BTreeMap<String, Option<(String, LineIndex)>>,
}

impl Texts<'_> {
    fn get(&mut self, path: &str) -> Option<&(String, LineIndex)> {
        if !self.known.contains_key(path) {
            let read = (self.sources)(path).map(|text| {
                let index = LineIndex::new(&text);
                (text, index)
            });
            self.known.insert(path.to_owned(), read);
        }
        self.known.get(path)?.as_ref()
    }
}

fn location(finding: &Finding, options: &Options<'_>, texts: &mut Texts<'_>) -> Value {
    let path = repository_path(options.repository_prefix, artifact(finding, options.fallback_path));
    let region = match &finding.location {
        Location::File { path, span, line, column, end_line, end_column } => {
            // Columns in the units this document declares, where the file is still the one that was judged.
            let counted = texts.get(path).and_then(|(text, index)| {
                let same = index.line_col(text, span.start) == (*line, *column)
                    && index.line_col(text, span.end) == (*end_line, *end_column);
                same.then(|| {
                    (index.line_col_utf16(text, span.start).1, index.line_col_utf16(text, span.end).1)
                })
            });
            let (column, end_column) = counted.unwrap_or((*column, *end_column));
            region(*line, column, *end_line, end_column)
        }
        _ => json!({"startLine": 1}),
    };
    let mut value = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&path), "uriBaseId": ROOT},
        "region": region,
    }});
    let (kind, name) = match &finding.location {
        Location::File { .. } => return value,
        Location::Layer { .. } => ("resource", place(&finding.location)),
        Location::Config { field } => ("property", escape(field)),
        Location::Observation { name } => ("behaviour", escape(name)),
        Location::Registry { reference } => ("resource", escape(reference)),
        Location::Project => ("project", "project".to_owned()),
    };
    value["logicalLocations"] = json!([{"fullyQualifiedName": name, "kind": kind}]);
    value
}

/// A region never has a zero and never is empty: an empty one is shown nowhere.
fn region(line: usize, column: usize, end_line: usize, end_column: usize) -> Value {
    let (line, column) = (line.max(1), column.max(1));
    let mut value = json!({"startLine": line, "startColumn": column});
    if (end_line, end_column) > (line, column) && end_column > 0 {
        value["endLine"] = json!(end_line);
        value["endColumn"] = json!(end_column);
    }
    value
}

fn fix(finding: &Finding, options: &Options<'_>, texts: &mut Texts<'_>) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let source = texts.get(&fix.path);
    let replace = |edit: &Edit| {
        let deleted = match source {
            Some((text, index)) if edit.span.end <= text.len() => {
                let (line, column) = index.line_col_utf16(text, edit.span.start);
                let (end_line, end_column) = index.line_col_utf16(text, edit.span.end);
                json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column})
            }
            _ => json!({"byteOffset": edit.span.start, "byteLength": edit.span.len()}),
        };
        json!({"deletedRegion": deleted, "insertedContent": {"text": edit.text}})
    };
    let replacements: Vec<Value> = fix.edits.iter().map(replace).collect();
    if replacements.is_empty() {
        return None;
    }
    let path = uri(&repository_path(options.repository_prefix, &fix.path));
    Some(json!({
        "description": {"text": escape(&fix.title)},
        "artifactChanges": [{
            "artifactLocation": {"uri": path, "uriBaseId": ROOT},
            "replacements": replacements,
        }],
    }))
}

fn notification(check: &Check, rule_index: Option<&usize>) -> Value {
    let (level, what) = match check.status {
        CheckStatus::Error => ("error", "the rule broke"),
        _ => ("warning", "not run"),
    };
    let reason = if check.reason.is_empty() { String::new() } else { format!(": {}", escape(&check.reason)) };
    let mut value = json!({
        "level": level,
        "message": {"text": format!("{} {what}{reason}", escape(&check.rule))},
    });
    if let Some(at) = rule_index {
        value["associatedRule"] = json!({"id": escape(&check.rule), "index": at});
    }
    value
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    // A first segment with a colon would read as a scheme; it is escaped above, so nothing is left to do
    // but to keep an empty path from meaning the document itself.
    if out.is_empty() { ".".to_owned() } else { out }
}

/// `secret-in-env` as `SecretInEnv`.
fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric())
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
        })
        .collect()
}

/// A rule without a finding shows its severity only by its weight.
const fn by_weight(check: Option<&Check>) -> Severity {
    match check {
        Some(check) if check.weight >= 10 => Severity::Critical,
        Some(check) if check.weight >= 7 => Severity::High,
        Some(check) if check.weight >= 3 => Severity::Medium,
        Some(check) if check.weight >= 1 => Severity::Low,
        _ => Severity::Info,
    }
}

const fn level_by_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
        Severity::Info => "note",
    }
}

/// GitHub's bands: critical above 9.0, high from 7.0, medium from 4.0, low above 0.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

const fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
        Severity::Info => "recommendation",
    }
}

const fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}
