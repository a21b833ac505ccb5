//! The stable JSON: the report as it is, with the numbers every screen shows.

use crate::score::scores;
use crate::sentence::verdict_sentence;
use seaworthy_finding::Report;
use serde_json::{Map, Value, json};

/// Renders the document, indented.
pub(crate) fn render(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&document(report)?)?;
    text.push('\n');
    Ok(text)
}

/// The document: the report, `verdict_sentence`, `counts`, and `scores` with a reason where there is none.
pub(crate) fn document(report: &Report) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(report)?;
    if let Value::Object(map) = &mut value {
        map.insert("verdict_sentence".to_owned(), json!(verdict_sentence(report)));
        map.insert("counts".to_owned(), serde_json::to_value(report.counts())?);
        map.insert("scores".to_owned(), scores_value(report)?);
    }
    Ok(value)
}

fn scores_value(report: &Report) -> Result<Value, serde_json::Error> {
    let mut map = Map::new();
    for score in scores(report) {
        let key = match serde_json::to_value(score.category)? {
            Value::String(name) => name,
            other => other.to_string(),
        };
        let mut entry = Map::new();
        entry.insert("value".to_owned(), json!(score.value));
        if !score.reason.is_empty() {
            entry.insert("reason".to_owned(), json!(score.reason));
        }
        map.insert(key, Value::Object(entry));
    }
    Ok(Value::Object(map))
}
