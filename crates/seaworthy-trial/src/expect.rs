//! What the policy expects of the running service: answers to requests, and what commands inside it say.

use crate::driver::Container;
use crate::http::{self, Answer};
use crate::plan::Plan;
use regex::Regex;
use seaworthy_facts::{CommandResult, HttpResult};
use seaworthy_finding::{Command, CommandExpectation, Expectation, TestConfig};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Time between two questions of an expectation that has time.
const STEP: Duration = Duration::from_millis(100);

/// Finds what no answer could ever meet: patterns and paths that do not read, and names of no value.
pub(crate) fn check(test: &TestConfig, plan: &Plan) -> Result<(), String> {
    let pattern = |text: Option<&String>, key: &str| match text.map(|text| Regex::new(text)) {
        Some(Err(error)) => {
            Err(format!("`{key}` is no regular expression: {}", error.to_string().replace('\n', " ")))
        }
        _ => Ok(()),
    };
    for expectation in test.http.iter().chain(&test.drain) {
        let named = |what: String| format!("`{}`: {what}", expectation.request);
        plan.request(expectation).map_err(named)?;
        pattern(expectation.body_matches.as_ref(), "body-matches").map_err(named)?;
        for path in expectation.json.keys() {
            steps(path).map_err(|why| named(format!("`json` path `{path}`: {why}")))?;
        }
        if expectation.status.is_some_and(|status| !(100..600).contains(&status)) {
            return Err(named("`status` is no HTTP status".to_owned()));
        }
    }
    for expectation in &test.command {
        let named = |what: String| format!("`{}`: {what}", shown(&expectation.run));
        pattern(expectation.output_matches.as_ref(), "output-matches").map_err(named)?;
        if argv(&expectation.run).is_empty() {
            return Err(named("`run` is empty".to_owned()));
        }
    }
    Ok(())
}

/// One configured request and what is wrong with its answer, asked again while the expectation has time.
pub(crate) fn http(
    container: &dyn Container,
    plan: &Plan,
    expectation: &Expectation,
    port: Option<u16>,
    answers: &mut Vec<String>,
) -> HttpResult {
    let begun = Instant::now();
    let limit = Duration::from_millis(expectation.within.unwrap_or(0));
    loop {
        let (result, body) = ask(container, plan, expectation, port);
        if result.failures.is_empty() || begun.elapsed() + STEP > limit {
            answers.extend(body);
            return result;
        }
        std::thread::sleep(STEP);
    }
}

/// Asks once; the body comes too where the request may have made something.
fn ask(
    container: &dyn Container,
    plan: &Plan,
    expectation: &Expectation,
    port: Option<u16>,
) -> (HttpResult, Option<String>) {
    let mut result = HttpResult { request: expectation.request.clone(), ..HttpResult::default() };
    let request = match plan.request(expectation) {
        Ok(request) => request,
        Err(why) => {
            result.failures.push(why);
            return (result, None);
        }
    };
    let Some(port) = request.port.or(port) else {
        result.failures.push("no port is known; write `GET :8080/…`".to_owned());
        return (result, None);
    };
    let answer = container
        .connect(port, Duration::from_secs(2))
        .and_then(|stream| http::ask(stream, &request, Duration::from_secs(10)));
    match answer {
        Ok(answer) => {
            result.status = Some(answer.status);
            let failures = failures(&with_values(expectation, plan), &answer, plan);
            result.failures = failures.into_iter().map(|failure| plan.redact(&failure)).collect();
            let body = (request.method != "GET").then_some(answer.body);
            (result, body)
        }
        Err(error) => {
            result.failures.push(format!("no answer: {error}"));
            (result, None)
        }
    }
}

/// The expectation with this run's values in place of the `${NAME}` that are known.
fn with_values(expectation: &Expectation, plan: &Plan) -> Expectation {
    let mut filled = expectation.clone();
    let fill = |text: &mut String| *text = plan.fill_known(text);
    filled.body_contains.iter_mut().chain(&mut filled.body_excludes).for_each(fill);
    filled.response_headers.values_mut().for_each(fill);
    for value in filled.json.values_mut() {
        if let Value::String(text) = value {
            *text = plan.fill_known(text);
        }
    }
    filled
}

/// Everything an answer lacks.
fn failures(expectation: &Expectation, answer: &Answer, plan: &Plan) -> Vec<String> {
    let mut failures = Vec::new();
    let wanted = expectation.status.unwrap_or(200);
    if answer.status != wanted {
        failures.push(format!("answered {}, expected {wanted}", answer.status));
    }
    for (name, value) in &expectation.response_headers {
        let mut found =
            answer.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).peekable();
        match found.peek() {
            None => failures.push(format!("header `{name}` is missing")),
            Some((_, first)) => {
                let first = first.clone();
                if !found.any(|(_, actual)| actual.contains(value)) {
                    failures.push(format!(
                        "header `{name}` is `{}`, expected `{value}` in it",
                        plan.shown(&first)
                    ));
                }
            }
        }
    }
    let body = expectation.body_contains.is_some() || expectation.body_matches.is_some();
    let before = failures.len();
    failures.extend(texts(
        "the body",
        &answer.body,
        expectation.body_contains.as_deref(),
        expectation.body_matches.as_deref(),
        expectation.body_excludes.as_deref(),
    ));
    if body && failures.len() > before {
        failures.push(format!("the body is {}", quoted(&answer.body, plan)));
    }
    if !expectation.json.is_empty() {
        match serde_json::from_str::<Value>(&answer.body) {
            Err(_) => failures.push(format!("the body is no JSON: {}", quoted(&answer.body, plan))),
            Ok(found) => {
                for (path, wanted) in &expectation.json {
                    failures.extend(at(&found, path, wanted).map(|why| plan.shown(&why)));
                }
            }
        }
    }
    failures
}

/// The beginning of a text, for people.
fn quoted(text: &str, plan: &Plan) -> String {
    let short: String = plan.redact(text.trim()).chars().take(120).collect();
    if short.is_empty() { "empty".to_owned() } else { format!("`{short}`") }
}

fn texts(
    what: &str,
    text: &str,
    contains: Option<&str>,
    matches: Option<&str>,
    excludes: Option<&str>,
) -> Vec<String> {
    let mut failures = Vec::new();
    if let Some(wanted) = contains
        && !text.contains(wanted)
    {
        failures.push(format!("{what} does not contain `{wanted}`"));
    }
    if let Some(pattern) = matches {
        match Regex::new(pattern) {
            Ok(regex) if regex.is_match(text) => {}
            Ok(_) => failures.push(format!("{what} does not match `{pattern}`")),
            Err(error) => failures.push(format!("`{pattern}` is no regular expression: {error}")),
        }
    }
    if let Some(unwanted) = excludes
        && text.contains(unwanted)
    {
        failures.push(format!("{what} contains `{unwanted}`"));
    }
    failures
}

/// One configured command and what is wrong with what came of it.
pub(crate) fn command(
    container: &dyn Container,
    plan: &Plan,
    expectation: &CommandExpectation,
) -> CommandResult {
    let limit = Duration::from_millis(expectation.timeout.unwrap_or(30_000));
    let result = container.exec(&argv(&expectation.run), limit);
    let mut facts = CommandResult {
        command: shown(&expectation.run),
        status: result.status,
        output: quoted(&result.output, plan),
        ..CommandResult::default()
    };
    if result.timed_out {
        facts.failures.push(format!("it did not end within {limit:?}"));
        return facts;
    }
    if let Some(error) = result.error {
        facts.failures.push(format!("it cannot be run: {error}"));
        return facts;
    }
    let wanted = expectation.exit_code.unwrap_or(0);
    if result.status != Some(wanted) {
        let status = result.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        facts.failures.push(format!("exit status {status}, expected {wanted}"));
    }
    facts.failures.extend(texts(
        "the output",
        // So that `^…$` means the one line that a command prints.
        result.output.trim_end_matches(['\r', '\n']),
        expectation.output_contains.as_deref(),
        expectation.output_matches.as_deref(),
        expectation.output_excludes.as_deref(),
    ));
    facts
}

/// A command that is run only to see what comes of it.
pub(crate) fn probe(container: &dyn Container, plan: &Plan, argv: &[String]) -> CommandResult {
    let result = container.exec(argv, Duration::from_secs(30));
    CommandResult {
        command: argv.join(" "),
        status: result.status,
        output: quoted(&result.error.unwrap_or(result.output), plan),
        failures: Vec::new(),
    }
}

fn argv(command: &Command) -> Vec<String> {
    match command {
        Command::Exec(words) => words.clone(),
        Command::Shell(text) if text.trim().is_empty() => Vec::new(),
        Command::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
    }
}

fn shown(command: &Command) -> String {
    match command {
        Command::Exec(words) => words.join(" "),
        Command::Shell(text) => text.clone(),
    }
}

/// A step of a path into a JSON document.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Length,
}

/// Reads `$.items[0].id`, `items[0]["a.b"]`, `items.length()` or `/items/0/id`.
fn steps(path: &str) -> Result<Vec<Step>, String> {
    if let Some(pointer) = path.strip_prefix('/') {
        let part = |part: &str| match part.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key(part.replace("~1", "/").replace("~0", "~")),
        };
        return Ok(pointer.split('/').map(part).collect());
    }
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    if !rest.starts_with(['.', '[']) && !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        steps.push(key(&rest[..end])?);
        rest = &rest[end..];
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            steps.push(key(&after[..end])?);
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('[') {
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (inner, end) = match quote {
                Some(quote) => {
                    let end = after[1..].find(quote).ok_or("a quote is not closed")? + 1;
                    (&after[1..end], end + 1)
                }
                None => {
                    let end = after.find(']').ok_or("`[` is not closed")?;
                    (&after[..end], end)
                }
            };
            rest = after[end..].strip_prefix(']').ok_or("`[` is not closed")?;
            steps.push(match quote {
                Some(_) => Step::Key(inner.to_owned()),
                None => Step::Index(
                    inner.parse().map_err(|_| format!("`[{inner}]` is neither a number nor quoted"))?,
                ),
            });
        } else {
            return Err(format!("`{rest}` follows without `.` or `[`"));
        }
    }
    Ok(steps)
}

fn key(text: &str) -> Result<Step, String> {
    match text {
        "" => Err("a name is empty".to_owned()),
        "length()" => Ok(Step::Length),
        _ => Ok(Step::Key(text.to_owned())),
    }
}

/// Why a JSON document does not have a value at a path.
fn at(document: &Value, path: &str, wanted: &Value) -> Option<String> {
    let steps = match steps(path) {
        Ok(steps) => steps,
        Err(why) => return Some(format!("`json` path `{path}`: {why}")),
    };
    let mut here = document;
    let length;
    for step in &steps {
        let next = match step {
            Step::Key(name) => here.get(name),
            Step::Index(index) => here.get(index).or_else(|| here.get(index.to_string())),
            Step::Length => {
                let count = match here {
                    Value::Array(items) => items.len(),
                    Value::Object(map) => map.len(),
                    Value::String(text) => text.chars().count(),
                    _ => return Some(format!("`{path}` is asked of a value without a length")),
                };
                length = Value::from(count);
                return (!agrees(&length, wanted))
                    .then(|| format!("`{path}` is {length}, expected {wanted}"));
            }
        };
        match next {
            Some(next) => here = next,
            None => return Some(format!("`{path}` is not in the body")),
        }
    }
    (!agrees(here, wanted)).then(|| format!("`{path}` is {here}, expected {wanted}"))
}

/// Whether a value is what is wanted: of objects only the wanted keys count, and 1 is 1.0.
fn agrees(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| found.get(key).is_some_and(|found| agrees(found, value)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| agrees(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_into_json_are_read_in_three_spellings() {
        let document = json!({"items": [{"id": 3, "a.b": "x"}], "ok": true});
        for path in ["items[0].id", "$.items[0].id", "/items/0/id", "$['items'][0]['id']"] {
            assert_eq!(at(&document, path, &json!(3)), None, "{path}");
        }
        assert_eq!(at(&document, "items[0][\"a.b\"]", &json!("x")), None);
        assert_eq!(at(&document, "items.length()", &json!(1)), None);
        assert_eq!(at(&document, "ok", &json!(false)).unwrap(), "`ok` is true, expected false");
        assert!(at(&document, "items[1].id", &json!(3)).unwrap().contains("not in the body"));
        for bad in ["a..b", "a[", "a[x]", "a[\"x]"] {
            assert!(steps(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn wanted_objects_name_only_what_matters() {
        let document = json!({"db": {"up": true, "ms": 1}, "n": 1.0});
        assert_eq!(at(&document, "db", &json!({"up": true})), None);
        assert_eq!(at(&document, "n", &json!(1)), None);
        assert!(at(&document, "db", &json!({"down": true})).is_some());
    }
}
