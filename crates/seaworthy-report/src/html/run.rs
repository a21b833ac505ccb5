//! What the booted container did.
//!
//! Facts are read leniently: whatever of them is there is shown, and what was not observed says why.

use super::escape::{block, rich, text};
use super::image::definitions;
use seaworthy_finding::{format_bytes, format_ms};
use serde_json::Value;
use std::fmt::Write as _;

/// One line of the table of observations.
struct Row {
    class: &'static str,
    glyph: &'static str,
    word: &'static str,
    what: &'static str,
    told: String,
    time: String,
}

/// Writes the section from facts shaped like `RunFacts`.
pub(super) fn section(out: &mut String, run: &Value) {
    out.push_str("<section aria-labelledby=\"run\">\n<h2 id=\"run\">Trial</h2>\n");
    let peak = run.get("memory_peak").and_then(Value::as_u64).map_or(String::new(), format_bytes);
    let hardening = list(run.get("hardening")).join(", ");
    let rows = [
        ("Engine", word(run, "engine"), false),
        ("Hardening", hardening, false),
        ("Peak memory", peak, false),
    ];
    definitions(out, rows.iter().map(|(name, value, is_code)| (*name, value.as_str(), *is_code)));
    for reason in list(run.get("reduced_fidelity")) {
        let _ =
            writeln!(out, "<p class=\"note\"><b>Less faithful than a full engine:</b> {}</p>", rich(&reason));
    }
    let rows: Vec<Row> =
        OBSERVED.iter().filter_map(|(key, what, tell)| row(run.get(*key)?, what, *tell)).collect();
    if !rows.is_empty() {
        out.push_str("<ul class=\"rows\">\n");
        for row in rows {
            let _ = writeln!(
                out,
                "<li class=\"{}\"><span class=\"glyph\" role=\"img\" aria-label=\"{}\">{}</span><div><b>{}</b>\
                 <p>{}</p></div><span class=\"time\">{}</span></li>",
                row.class, row.word, row.glyph, row.what, row.told, row.time
            );
        }
        out.push_str("</ul>\n");
    }
    log(out, run);
    out.push_str("</section>\n");
}

/// Tells an observation: whether it is as it should be, and in which words.
type Tell = fn(&Value) -> (Option<bool>, String);

const OBSERVED: [(&str, &str, Tell); 11] = [
    ("ready", "Ready", ready),
    ("privileges", "Privileges", privileges),
    ("sockets", "Listens", sockets),
    ("health", "Health check", health),
    ("stop", "Stop", stop),
    ("drain", "Request under way at the stop", drain),
    ("missing", "Required variables", missing),
    ("offline", "Without a network", boot),
    ("read_only", "Read-only root", boot),
    ("writes", "Writes", writes),
    ("http", "Requests", http),
];

fn row(observed: &Value, what: &'static str, tell: Tell) -> Option<Row> {
    let value = observed.get("value");
    let (class, glyph, word, told) = match observed.get("state").and_then(Value::as_str)? {
        "seen" => {
            let (is_good, told) = tell(value?);
            match is_good {
                Some(true) => ("good", "✓", "as it should be", told),
                Some(false) => ("poor", "✗", "not as it should be", told),
                None => ("none", "·", "observed", told),
            }
        }
        "not-run" => ("none", "–", "not run", format!("not run: {}", reason(value))),
        "not-applicable" => ("none", "·", "not applicable", format!("not applicable: {}", reason(value))),
        // Nobody tried: there is nothing to say.
        _ => return None,
    };
    let ms = value.and_then(|value| number(value, "ms").or_else(|| number(value.get("boot")?, "ms")));
    let time = ms.filter(|_| word != "not run").map_or(String::new(), format_ms);
    Some(Row { class, glyph, word, what, told, time })
}

fn ready(value: &Value) -> (Option<bool>, String) {
    let is_ready = value.pointer("/boot/ready").and_then(Value::as_bool);
    let tries = number(value, "attempts").map_or(String::new(), |tries| {
        format!(" after {}", crate::text::plural(usize::try_from(tries).unwrap_or(usize::MAX), "probe"))
    });
    let told = format!(
        "<code>{}</code> answered {}{tries}; the probe comes from {}",
        text(&word(value, "probe")),
        text(&word(value, "last_answer")),
        rich(&word(value, "probe_source"))
    );
    (is_ready, told)
}

fn privileges(value: &Value) -> (Option<bool>, String) {
    let uid = number(value, "uid").unwrap_or(0);
    let effective = list(value.get("effective"));
    let held = if effective.is_empty() { "no capabilities".to_owned() } else { effective.join(", ") };
    let flag = |key: &str, yes: &'static str, no: &'static str| {
        if value.get(key).and_then(Value::as_bool).unwrap_or(false) { yes } else { no }
    };
    let told = format!(
        "uid {uid}, gid {}, {}, {}, {}",
        number(value, "gid").unwrap_or(0),
        text(&held),
        flag("no_new_privileges", "no new privileges", "may gain privileges"),
        flag("seccomp", "seccomp filter", "no seccomp filter")
    );
    (Some(uid != 0), told)
}

fn sockets(value: &Value) -> (Option<bool>, String) {
    let all = value.as_array().map_or(&[][..], Vec::as_slice);
    let told: Vec<String> = all
        .iter()
        .map(|one| {
            let loopback = one.get("loopback").and_then(Value::as_bool).unwrap_or(false);
            let (address, port) = (word(one, "address"), number(one, "port").unwrap_or(0));
            let own = if loopback { " (only the container itself)" } else { "" };
            format!("<code>{} {}:{port}</code>{own}", text(&word(one, "protocol")), text(&address))
        })
        .collect();
    (None, if told.is_empty() { "nothing".to_owned() } else { told.join(", ") })
}

fn health(value: &Value) -> (Option<bool>, String) {
    let healthy = value.get("healthy").and_then(Value::as_bool);
    let word_of = if healthy == Some(true) { "turned healthy" } else { "never turned healthy" };
    let after = number(value, "healthy_ms").filter(|_| healthy == Some(true));
    let after = after.map_or(String::new(), |ms| format!(" after {}", format_ms(ms)));
    let told = format!("<code>{}</code> {word_of}{after}{}", text(&word(value, "command")), diagnosis(value));
    (healthy, told)
}

fn stop(value: &Value) -> (Option<bool>, String) {
    let forced = value.get("forced").and_then(Value::as_bool);
    let grace = format_ms(number(value, "grace_ms").unwrap_or(0));
    let signal = text(&word(value, "signal"));
    if value.get("early").and_then(Value::as_bool) == Some(true) {
        return (
            Some(false),
            format!("it ended by itself before {signal} was sent, {}", exit(value.get("exit"))),
        );
    }
    let told = if forced == Some(true) {
        format!("{signal} did not end it within its grace of {grace}; killed")
    } else {
        format!("{signal} ended it, {}, within its grace of {grace}", exit(value.get("exit")))
    };
    let told = format!("{told}; PID 1 is <code>{}</code>{}", text(&word(value, "pid1")), diagnosis(value));
    (forced.map(|forced| !forced), told)
}

fn drain(value: &Value) -> (Option<bool>, String) {
    let request = text(&word(value, "request"));
    let status = number(value, "status");
    let told = status.map_or_else(
        || format!("<code>{request}</code> got no answer: {}", text(&word(value, "error"))),
        |status| format!("<code>{request}</code> was answered with {status}"),
    );
    (Some(status.is_some_and(|status| status < 500)), told)
}

fn missing(value: &Value) -> (Option<bool>, String) {
    let all = value.as_array().map_or(&[][..], Vec::as_slice);
    let mut good = true;
    let told: Vec<String> = all
        .iter()
        .map(|one| {
            let named = one.get("named").and_then(Value::as_bool).unwrap_or(false);
            let ended = one.pointer("/boot/exit").is_some_and(|exit| !exit.is_null());
            good &= named && ended;
            let did = match (ended, named) {
                (true, true) => "refused, naming it",
                (true, false) => "ended without naming it",
                (false, _) => "started all the same",
            };
            format!("without <code>{}</code>: {did}", text(&word(one, "name")))
        })
        .collect();
    if told.is_empty() { (None, "none are known".to_owned()) } else { (Some(good), told.join("; ")) }
}

fn boot(value: &Value) -> (Option<bool>, String) {
    let is_ready = value.get("ready").and_then(Value::as_bool);
    let told = match (is_ready, value.get("exit").filter(|exit| !exit.is_null())) {
        (Some(true), _) => "became ready".to_owned(),
        (_, Some(_)) => format!("ended before it was ready, {}", exit(value.get("exit"))),
        (_, None) => "never became ready".to_owned(),
    };
    (is_ready, format!("{told}{}", diagnosis(value)))
}

fn writes(value: &Value) -> (Option<bool>, String) {
    let all = value.as_array().map_or(&[][..], Vec::as_slice);
    let is_covered = |one: &&Value| one.get("covered").and_then(Value::as_bool).unwrap_or(false);
    let bare: Vec<String> = all
        .iter()
        .filter(|one| !is_covered(one))
        .take(8)
        .map(|one| format!("<code>{}</code>", text(&word(one, "path"))))
        .collect();
    let count = all.len();
    let told = match (count, bare.is_empty()) {
        (0, _) => "nothing was written".to_owned(),
        (_, true) => format!("{count} paths, all in volumes or temporary file systems"),
        (_, false) => format!("outside of volumes and temporary file systems: {}", bare.join(", ")),
    };
    (Some(bare.is_empty()), told)
}

fn http(value: &Value) -> (Option<bool>, String) {
    let all = value.as_array().map_or(&[][..], Vec::as_slice);
    let mut good = true;
    let told: Vec<String> = all
        .iter()
        .map(|one| {
            let failures = list(one.get("failures"));
            good &= failures.is_empty();
            let status = number(one, "status").map_or("no answer".to_owned(), |status| status.to_string());
            let failures: Vec<String> = failures.iter().map(|one| rich(one)).collect();
            let comma = if failures.is_empty() { "" } else { ", " };
            format!("<code>{}</code> {status}{comma}{}", text(&word(one, "request")), failures.join(", "))
        })
        .collect();
    if told.is_empty() { (None, "none are configured".to_owned()) } else { (Some(good), told.join("; ")) }
}

fn log(out: &mut String, run: &Value) {
    let tail = list(run.pointer("/ready/value/boot/log_tail"));
    if !tail.is_empty() {
        let _ = writeln!(
            out,
            "<details>\n<summary><h3>Last lines of its log</h3></summary>\n<pre tabindex=\"0\">{}</pre>\n</details>",
            block(&tail.join("\n"))
        );
    }
}

fn exit(value: Option<&Value>) -> String {
    let field = |key: &str| value.and_then(|value| value.get(key)).and_then(Value::as_i64);
    match (field("code"), field("signal")) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "status unknown".to_owned(),
    }
}

fn diagnosis(value: &Value) -> String {
    let lines = list(value.get("diagnosis"));
    lines.iter().flat_map(|line| ["; ".to_owned(), rich(line)]).collect()
}

fn reason(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).map_or_else(|| "no reason is known".to_owned(), rich)
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

fn list(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
