//! JSON lines: one object per check and per finding, the verdict last.

use crate::sentence::verdict_sentence;
use seaworthy_finding::Report;
use serde::Serialize;
use serde_json::{Value, json};

/// Renders the lines; each has a `type`: `stage`, `check`, `finding` or `verdict`.
pub(crate) fn render(report: &Report) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for stage in &report.stages {
        push(&mut out, "stage", stage)?;
    }
    for check in &report.checks {
        push(&mut out, "check", check)?;
    }
    for finding in &report.findings {
        push(&mut out, "finding", finding)?;
    }
    let last = json!({
        "schema": report.schema,
        "version": report.version,
        "command": report.command,
        "subject": report.subject,
        "created": report.created,
        "verdict": report.verdict,
        "decided_by": report.decided_by,
        "verdict_sentence": verdict_sentence(report),
        "counts": report.counts(),
    });
    push(&mut out, "verdict", &last)?;
    Ok(out)
}

fn push(out: &mut String, kind: &str, item: &impl Serialize) -> Result<(), serde_json::Error> {
    let mut value = serde_json::to_value(item)?;
    if let Value::Object(map) = &mut value {
        map.insert("type".to_owned(), json!(kind));
    }
    out.push_str(&serde_json::to_string(&value)?);
    out.push('\n');
    Ok(())
}
