//! What was logged, and whether a secret of the run stands in it.

use crate::driver::Captured;
use crate::plan::{Plan, Secret};
use seaworthy_facts::LogFacts;

/// Reads the logs of a run; `answers` are bodies the service generated, whose values must not be logged either.
pub(crate) fn read(captured: &Captured, truncated: bool, plan: &Plan, answers: &[String]) -> LogFacts {
    let generated: Vec<Secret> = answers
        .iter()
        .flat_map(|body| strings(body))
        .map(|value| Secret { name: "generated value".to_owned(), value })
        .collect();
    let mut facts = LogFacts {
        stdout_lines: captured.stdout.lines().count() as u64,
        stderr_lines: captured.stderr.lines().count() as u64,
        truncated,
        ..LogFacts::default()
    };
    for line in captured.stdout.lines().chain(captured.stderr.lines()) {
        for secret in plan.secrets.iter().chain(&generated) {
            if line.contains(&secret.value) {
                let shown = plan.shown(&line.replace(&secret.value, &format!("[{}]", secret.name)));
                facts.leaks.push(format!("{}: {}", secret.name, shown.trim()));
            }
        }
    }
    facts.leaks.dedup();
    facts.leaks.truncate(20);
    facts
}

/// String values of a JSON document that are long enough to be recognised in a log.
fn strings(body: &str) -> Vec<String> {
    fn walk(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) if text.len() >= 12 => out.push(text.clone()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
            serde_json::Value::Object(map) => map.values().for_each(|item| walk(item, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    if let Ok(value) = serde_json::from_str(body) {
        walk(&value, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_strings_of_an_answer_are_collected() {
        assert_eq!(strings(r#"{"outputs":["correct horse battery"],"n":["ok"]}"#), ["correct horse battery"]);
        assert!(strings("no json").is_empty());
    }
}
