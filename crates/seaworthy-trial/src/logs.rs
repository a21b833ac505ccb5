//! What was logged, and whether a secret of the run stands in it.

use crate::driver::Captured;
use crate::plan::{Plan, Secret};
use seaworthy_facts::LogFacts;

/// Lines of each stream that are kept.
const STARTUP: usize = 20;

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
        startup: captured
            .stderr
            .lines()
            .take(STARTUP)
            .chain(captured.stdout.lines().take(STARTUP))
            .map(|line| plan.shown(line))
            .collect(),
        ..LogFacts::default()
    };
    let lines: Vec<&str> = captured.stdout.lines().chain(captured.stderr.lines()).collect();
    for line in &lines {
        for secret in plan.secrets.iter().chain(&generated) {
            if line.contains(&secret.value) {
                let shown = plan.shown(&line.replace(&secret.value, &format!("[{}]", secret.name)));
                facts.leaks.push(format!("{}: {}", secret.name, shown.trim()));
            }
        }
    }
    facts.generated =
        lines.iter().filter_map(|line| announced(&plan.redact(line))).map(|line| plan.shown(&line)).collect();
    facts.generated.dedup();
    facts.generated.truncate(20);
    facts.leaks.dedup();
    facts.leaks.truncate(20);
    facts
}

/// A line that announces a password or token, with the value left out.
fn announced(line: &str) -> Option<String> {
    const WORDS: [&str; 9] =
        ["password", "passwd", "passphrase", "secret", "token", "api_key", "api key", "apikey", "access key"];
    // Positions must be the same in both, which only ASCII's lower case promises.
    let lower = line.to_ascii_lowercase();
    WORDS.iter().find_map(|word| {
        let mut from = 0;
        while let Some(at) = lower.get(from..)?.find(word) {
            from += at + word.len();
            let rest = line.get(from..)?;
            let trimmed = rest.trim_start_matches(['"', '\'', ' ']);
            let value = trimmed
                .strip_prefix([':', '='])
                .or_else(|| trimmed.strip_prefix("is ").map(|rest| rest.trim_start_matches(':')))
                .map(|rest| rest.trim_start().trim_start_matches(['"', '\'', '`']));
            let Some(value) = value else { continue };
            let end =
                value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '}'));
            let value = &value[..end.unwrap_or(value.len())];
            if looks_generated(value) {
                return Some(line.replace(value, "[value]"));
            }
        }
        None
    })
}

/// Whether a value was made by a machine: long enough, and of letters and digits mixed.
fn looks_generated(value: &str) -> bool {
    let of = |test: fn(&char) -> bool| value.chars().filter(test).count();
    let (digits, letters) = (of(char::is_ascii_digit), of(char::is_ascii_alphabetic));
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_+/=!@#$%^&*.~".contains(c));
    let path = value.starts_with('/') || value.starts_with("./") || value.contains("://");
    let hidden = value.contains("***") || value.contains("...") || value.starts_with("${");
    plain && !path && !hidden && value.len() >= 8 && digits >= 2 && letters >= 2
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
    fn a_generated_password_is_told_from_words_about_one() {
        for line in [
            "GENERATED ROOT PASSWORD: x8Kd93jfQz",
            "Initial admin password is 4f3a9c0d11e2",
            "{\"token\":\"abc123def456\"}",
            "admin_password=Tr0ub4dor3x",
            "The password of the admin was set. New password: 9fk2mmq81zz",
        ] {
            assert!(announced(line).is_some_and(|shown| shown.contains("[value]")), "{line}");
        }
        for line in [
            "password: ********",
            "token file: /run/secrets/token1",
            "the token is required",
            "password authentication failed for user app",
            "password=changeme",
            "secret is set",
            "token expires in 3600s",
            "jwt secret: [variable JWT_SECRET]",
            "Passwort: Schlüssel12",
        ] {
            assert_eq!(announced(line), None, "{line}");
        }
    }

    #[test]
    fn long_strings_of_an_answer_are_collected() {
        assert_eq!(strings(r#"{"outputs":["correct horse battery"],"n":["ok"]}"#), ["correct horse battery"]);
        assert!(strings("no json").is_empty());
    }
}
