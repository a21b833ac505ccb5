//! A model with every value in its own type, as `docker compose config` writes it after interpolation.

use super::merge::sequence;
use super::value::{Data, Map, Value};
use seaworthy_finding::Span;
use seaworthy_finding::parse_duration_ms;

/// Brings every value into the form compose writes.
pub(crate) fn typed(mut root: Value) -> Value {
    let Some(top) = root.map_mut() else { return root };
    for service in maps(top, "services") {
        self::service(service);
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
        for entry in maps(top, kind) {
            with(entry, "labels", pairs);
            with(entry, "driver_opts", pairs);
            for key in ["external", "internal", "attachable", "enable_ipv4", "enable_ipv6"] {
                with(entry, key, boolean);
            }
            drop_false(entry, &["external", "internal", "attachable"]);
            drop_empty(entry);
        }
    }
    drop_empty(top);
    escape(&mut root);
    root
}

/// Writes every dollar sign as two, so that the answer reads as a compose file again.
fn escape(value: &mut Value) {
    match &mut value.data {
        Data::Str(text) if text.contains('$') => value.data = Data::Str(text.replace('$', "$$")),
        Data::Seq(items) => items.iter_mut().for_each(escape),
        Data::Map(map) => {
            for (_, value) in map.values_mut() {
                escape(value);
            }
        }
        _ => {}
    }
}

fn maps<'a>(map: &'a mut Map, key: &str) -> Vec<&'a mut Map> {
    let inner = map.get_mut(key).and_then(|(_, value)| value.map_mut());
    inner.into_iter().flat_map(|map| map.values_mut()).filter_map(|(_, value)| value.map_mut()).collect()
}

fn lists<'a>(map: &'a mut Map, key: &str) -> Vec<&'a mut Map> {
    match map.get_mut(key) {
        Some((_, Value { data: Data::Seq(items), .. })) => {
            items.iter_mut().filter_map(Value::map_mut).collect()
        }
        _ => Vec::new(),
    }
}

fn with(map: &mut Map, key: &str, change: fn(&mut Value)) {
    if let Some((_, value)) = map.get_mut(key) {
        change(value);
    }
}

fn at<'a>(map: &'a mut Map, keys: &[&str]) -> Option<&'a mut Map> {
    let mut map = map;
    for key in keys {
        map = map.get_mut(*key)?.1.map_mut()?;
    }
    Some(map)
}

fn service(map: &mut Map) {
    for key in ["environment", "annotations", "sysctls"] {
        with(map, key, pairs);
    }
    with(map, "labels", filled);
    for key in ["command", "entrypoint"] {
        with(map, key, words);
    }
    for key in ["tmpfs", "dns_search", "dns", "expose", "group_add", "dns_opt", "label_file"] {
        with(map, key, texts);
    }
    for key in [
        "init",
        "privileged",
        "read_only",
        "tty",
        "stdin_open",
        "oom_kill_disable",
        "attach",
        "use_api_socket",
    ] {
        with(map, key, boolean);
    }
    drop_false(map, &["privileged", "read_only", "tty", "stdin_open", "oom_kill_disable", "use_api_socket"]);
    for key in ["mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size"] {
        with(map, key, bytes);
    }
    for key in [
        "cpus",
        "cpu_shares",
        "cpu_quota",
        "cpu_period",
        "cpu_count",
        "cpu_percent",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "pids_limit",
        "oom_score_adj",
        "scale",
    ] {
        with(map, key, number);
    }
    with(map, "stop_grace_period", duration);
    with(map, "extra_hosts", hosts);
    with(map, "storage_opt", pairs);
    // The environment has what the files say by now.
    map.remove("env_file");
    map.remove("extends");
    if let Some(health) = at(map, &["healthcheck"]) {
        with(health, "test", |value| {
            if let Data::Str(text) = &value.data {
                let words = [Value::from("CMD-SHELL"), Value::from(text.as_str())];
                value.data = Data::Seq(words.into());
            }
        });
        for key in ["interval", "timeout", "start_period", "start_interval"] {
            with(health, key, duration);
        }
        with(health, "retries", number);
        with(health, "disable", boolean);
        drop_false(health, &["disable"]);
    }
    if let Some(logging) = at(map, &["logging"]) {
        with(logging, "options", pairs);
    }
    if let Some(build) = at(map, &["build"]) {
        self::build(build);
    }
    deploy(map);
    for port in lists(map, "ports") {
        with(port, "target", number);
        with(port, "published", text);
    }
    for volume in lists(map, "volumes") {
        with(volume, "read_only", boolean);
        drop_false(volume, &["read_only"]);
        if let Some(tmpfs) = at(volume, &["tmpfs"]) {
            with(tmpfs, "size", bytes);
            with(tmpfs, "mode", number);
        }
        for (key, inner) in [("bind", "create_host_path"), ("volume", "nocopy")] {
            if let Some(options) = at(volume, &[key]) {
                with(options, inner, boolean);
            }
        }
    }
    for key in ["secrets", "configs"] {
        for entry in lists(map, key) {
            with(entry, "mode", |value| {
                if let Data::Int(mode) = value.data {
                    value.data = Data::Str(format!("0{mode:o}"));
                }
            });
        }
    }
    for request in lists(map, "gpus") {
        with(request, "count", count);
    }
    for hook in ["post_start", "pre_stop"] {
        for entry in lists(map, hook) {
            with(entry, "command", words);
            with(entry, "environment", pairs);
            with(entry, "privileged", boolean);
        }
    }
    if let Some(develop) = at(map, &["develop"]) {
        for watch in lists(develop, "watch") {
            with(watch, "ignore", texts);
            with(watch, "include", texts);
        }
    }
    if let Some(provider) = at(map, &["provider"]) {
        for (_, value) in at(provider, &["options"]).into_iter().flat_map(|map| map.values_mut()) {
            texts(value);
        }
    }
    for dependency in maps(map, "depends_on") {
        with(dependency, "restart", boolean);
        drop_false(dependency, &["restart"]);
    }
    drop_empty(map);
}

fn build(map: &mut Map) {
    with(map, "args", pairs);
    with(map, "labels", filled);
    with(map, "shm_size", bytes);
    with(map, "extra_hosts", hosts);
    for key in ["no_cache", "pull", "privileged"] {
        with(map, key, boolean);
    }
    drop_false(map, &["no_cache", "pull", "privileged"]);
    with(map, "ssh", |value| {
        if let Data::Map(keys) = &value.data {
            let line = |(key, (_, value)): (&String, &(Span, Value))| {
                Value::from(value.text().map_or_else(|| key.clone(), |path| format!("{key}={path}")))
            };
            value.data = Data::Seq(keys.iter().map(line).collect());
        }
    });
    drop_empty(map);
}

fn deploy(map: &mut Map) {
    let Some(deploy) = at(map, &["deploy"]) else { return };
    with(deploy, "replicas", number);
    with(deploy, "labels", pairs);
    for part in ["update_config", "rollback_config"] {
        if let Some(config) = at(deploy, &[part]) {
            with(config, "parallelism", number);
            with(config, "max_failure_ratio", number);
            with(config, "delay", duration);
            with(config, "monitor", duration);
        }
    }
    if let Some(policy) = at(deploy, &["restart_policy"]) {
        with(policy, "delay", duration);
        with(policy, "window", duration);
        with(policy, "max_attempts", number);
    }
    for part in ["limits", "reservations"] {
        if let Some(part) = at(deploy, &["resources", part]) {
            with(part, "memory", bytes);
            with(part, "cpus", number);
            with(part, "pids", number);
            for request in lists(part, "devices") {
                with(request, "count", count);
            }
        }
    }
}

/// `key=value` lines as a mapping of texts.
fn pairs(value: &mut Value) {
    let line = |item: &Value| {
        let text = item.text()?;
        Some(match text.split_once('=') {
            Some((key, value)) => (key.to_owned(), (item.span, Value::from(value))),
            None => (text, (item.span, Data::Null.into())),
        })
    };
    value.data = Data::Map(sequence(value).iter().filter_map(line).collect());
}

/// The same where a key without a value has an empty one.
fn filled(value: &mut Value) {
    pairs(value);
    for (_, value) in value.map_mut().into_iter().flat_map(|map| map.values_mut()) {
        if value.is_null() {
            value.data = Data::Str(String::new());
        }
    }
}

fn hosts(value: &mut Value) {
    let mut lines = Vec::new();
    match &value.data {
        Data::Map(map) => {
            for (host, (_, addresses)) in map {
                for address in sequence(addresses).iter().filter_map(Value::text) {
                    lines.push(format!("{host}={address}"));
                }
            }
        }
        _ => lines.extend(value.items().iter().filter_map(Value::text).map(|line| {
            let equals = line.contains('=');
            if equals { line } else { line.replacen(':', "=", 1) }
        })),
    }
    value.data = Data::Seq(lines.into_iter().map(Value::from).collect());
}

fn texts(value: &mut Value) {
    value.data = Data::Seq(sequence(value).iter().filter_map(Value::text).map(Value::from).collect());
}

fn text(value: &mut Value) {
    if let Some(text) = value.text() {
        value.data = Data::Str(text);
    }
}

fn boolean(value: &mut Value) {
    if let Some(flag) = value.flag() {
        value.data = Data::Bool(flag);
    }
}

fn number(value: &mut Value) {
    let Data::Str(text) = &value.data else { return };
    let text = text.trim();
    let whole = text.parse().map(Data::Int);
    if let Ok(data) = whole.or_else(|_| text.parse().map(Data::Float)) {
        value.data = data;
    }
}

fn count(value: &mut Value) {
    match value.str() {
        Some("all") => value.data = Data::Int(-1),
        _ => number(value),
    }
}

/// A size in bytes, in quotes as compose writes it.
fn bytes(value: &mut Value) {
    if let Some(size) = value.text().and_then(|text| size(&text)) {
        value.data = Data::Str(size.to_string());
    }
}

/// A size as docker reads it: a number and a binary unit.
fn size(text: &str) -> Option<i64> {
    let text = text.trim();
    let cut = text.rfind(|ch: char| ch.is_ascii_digit() || ch == '.').map_or(0, |at| at + 1);
    let (number, unit) = text.split_at(cut);
    let unit = unit.trim().to_ascii_lowercase();
    let shift = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        "p" => 50,
        _ => return None,
    };
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(1_i64 << shift);
    }
    let bytes = number.parse::<f64>().ok()? * 2_f64.powi(shift);
    // The fraction of a byte is cut off, as docker does it.
    format!("{:.0}", bytes.floor()).parse().ok()
}

/// A duration as Go prints it.
fn duration(value: &mut Value) {
    let Some(ms) = value.text().and_then(|text| parse_duration_ms(&text)) else { return };
    let (seconds, rest) = (ms / 1000, ms % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{rest:03}");
    let fraction = fraction.trim_end_matches('0');
    let seconds = if fraction.is_empty() { seconds.to_string() } else { format!("{seconds}.{fraction}") };
    let text = match (hours, minutes, ms) {
        (0, 0, 0) => "0s".to_owned(),
        (0, 0, 1..1000) => format!("{ms}ms"),
        (0, 0, _) => format!("{seconds}s"),
        (0, _, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    };
    value.data = Data::Str(text);
}

/// The words of a command line.
fn words(value: &mut Value) {
    if let Data::Str(line) = &value.data {
        value.data = Data::Seq(split_words(line).into_iter().map(Value::from).collect());
    }
}

/// Splits a line at blanks outside of quotes.
pub(crate) fn split_words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(ch) = chars.next() {
        match (quote, ch) {
            (Some(open), ch) if ch == open => quote = None,
            (Some('"') | None, '\\') => {
                let next = chars.next();
                word.get_or_insert_default().extend(next);
            }
            (Some(_), ch) => word.get_or_insert_default().push(ch),
            (None, '\'' | '"') => {
                quote = Some(ch);
                word.get_or_insert_default();
            }
            (None, ch) if ch.is_whitespace() => out.extend(word.take()),
            (None, ch) => word.get_or_insert_default().push(ch),
        }
    }
    out.extend(word);
    out
}

fn drop_false(map: &mut Map, keys: &[&str]) {
    for key in keys {
        if map.get(*key).is_some_and(|(_, value)| value.data == Data::Bool(false)) {
            map.remove(*key);
        }
    }
}

/// Removes what is empty at this level; networks without options stay, and so do empty texts of maps below.
fn drop_empty(map: &mut Map) {
    map.retain(|key, (_, value)| match &value.data {
        Data::Null => false,
        Data::Seq(items) => !items.is_empty(),
        Data::Map(inner) => !inner.is_empty() || matches!(key.as_str(), "volume" | "bind"),
        Data::Str(text) => !text.is_empty(),
        _ => true,
    });
}
