//! One service of a compose file.

use super::merge::sequence;
use super::typed::split_words;
use super::value::{Data, Value};
use super::{mounts, ports, spanned};
use crate::yaml::Node;
use seaworthy_facts::{
    ComposeDependency, ComposeDeviceRequest, ComposeEnvFile, ComposeHealth, ComposeInsert, ComposeItems,
    ComposeList, ComposeService, Spanned,
};
use seaworthy_finding::Span;

/// Reads a service: its values with all that is merged in, and its own text.
pub(crate) fn read(
    name: &str,
    name_span: Span,
    value: &Value,
    node: Option<&Node>,
    text: &str,
) -> ComposeService {
    let get = |key: &str| value.get(key);
    let text_of = |key: &str| get(key).and_then(spanned);
    let flag = |key: &str| {
        let value = get(key)?;
        value.flag().map(|flag| Spanned { value: flag, span: value.span })
    };
    let list = |key: &str| get(key).map(texts).unwrap_or_default();
    let deep = |keys: &[&str]| keys.iter().try_fold(value, |at, key| at.get(key));
    let build = get("build");
    let build_text = |key: &str| build.and_then(|build| build.get(key)).and_then(spanned);
    let (mounts, tmpfs) = mounts::mounts(value);
    let healthcheck = get("healthcheck").filter(|health| health.map().is_some());
    let limit = |key: &str| deep(&["deploy", "resources", "limits", key]).and_then(spanned);
    let policy = deep(&["deploy", "restart_policy"]);
    ComposeService {
        name: name.to_owned(),
        name_span,
        span: Span::new(name_span.start, value.span.end.max(name_span.end)),
        image: text_of("image"),
        dockerfile: build_text("dockerfile").map(|path| path.value),
        build: build.and_then(|build| if build.map().is_some() { context(build) } else { spanned(build) }),
        ports: get("ports").map(ports::read).unwrap_or_default(),
        user: text_of("user"),
        read_only: flag("read_only"),
        privileged: flag("privileged"),
        cap_drop: list("cap_drop"),
        cap_add: list("cap_add"),
        security_opt: list("security_opt"),
        tmpfs,
        volumes: mounts::short(&mounts),
        environment: get("environment").map(pairs).unwrap_or_default(),
        mem_limit: text_of("mem_limit").or_else(|| limit("memory")),
        pids_limit: text_of("pids_limit").or_else(|| limit("pids")),
        healthcheck: healthcheck.map(health_of),
        network_mode: text_of("network_mode"),
        networks: list("networks"),
        stop_grace_period: text_of("stop_grace_period"),
        stop_signal: text_of("stop_signal"),
        init: flag("init"),
        restart: text_of("restart"),
        secrets: list("secrets"),
        unknown_keys: Vec::new(),
        insert: node.and_then(|node| insert(node, text)),
        keys: node
            .map(|node| node.pairs().iter().filter_map(|(key, _)| key_of(key)).collect())
            .unwrap_or_default(),
        extends: get("extends")
            .and_then(|extends| spanned(extends).or_else(|| extends.get("service").and_then(spanned))),
        container_name: text_of("container_name"),
        pid: text_of("pid"),
        ipc: text_of("ipc"),
        userns_mode: text_of("userns_mode"),
        uts: text_of("uts"),
        cgroup: text_of("cgroup"),
        platform: text_of("platform"),
        pull_policy: text_of("pull_policy"),
        runtime: text_of("runtime"),
        cpu_limit: text_of("cpus").or_else(|| text_of("cpu_quota")).or_else(|| limit("cpus")),
        deploy_restart: policy
            .map(|policy| policy.get("condition").and_then(Value::text).unwrap_or_else(|| "any".to_owned())),
        replicas: deep(&["deploy", "replicas"]).or_else(|| get("scale")).and_then(spanned),
        logging_driver: deep(&["logging", "driver"]).and_then(spanned),
        devices: get("devices").map(mounts::devices).unwrap_or_default(),
        device_cgroup_rules: list("device_cgroup_rules"),
        device_requests: requests(value),
        mounts,
        volumes_list: items(get("volumes"), text),
        depends_on: get("depends_on").map(|needs| dependencies(needs, text)).unwrap_or_default(),
        references: references(value),
        profiles: list("profiles"),
        env_files: get("env_file").map(env_files).unwrap_or_default(),
        configs: list("configs"),
        expose: list("expose"),
        command: get("command").and_then(words),
        entrypoint: get("entrypoint").and_then(words),
        build_span: value.entry("build").map(|(key, _)| key),
        dockerfile_inline: build.is_some_and(|build| build.get("dockerfile_inline").is_some()),
        build_target: build_text("target"),
        build_args: build.and_then(|build| build.get("args")).map(pairs).unwrap_or_default(),
        provider: get("provider").is_some(),
        cap_drop_list: items(get("cap_drop"), text),
        security_opt_list: items(get("security_opt"), text),
        ports_list: items(get("ports"), text),
    }
}

fn key_of(key: &Node) -> Option<Spanned<String>> {
    key.text().map(|text| Spanned { value: text.to_owned(), span: key.span })
}

/// A list of scalars, one scalar, the keys of a mapping, or the `source` of mappings.
fn texts(value: &Value) -> Vec<Spanned<String>> {
    match &value.data {
        Data::Seq(items) => {
            let text = |item: &Value| spanned(item).or_else(|| item.get("source").and_then(spanned));
            items.iter().filter_map(text).collect()
        }
        Data::Map(map) => {
            let mut keys: Vec<Spanned<String>> =
                map.iter().map(|(key, (span, _))| Spanned { value: key.clone(), span: *span }).collect();
            keys.sort_by_key(|key| key.span.start);
            keys
        }
        _ => spanned(value).into_iter().collect(),
    }
}

/// The context of a build; a Git repository as context stands for itself.
fn context(build: &Value) -> Option<Spanned<String>> {
    build.get("context").and_then(spanned).or(Some(Spanned { value: ".".to_owned(), span: build.span }))
}

/// `name=value` lines, or a mapping, in the order of the text.
fn pairs(value: &Value) -> Vec<(Spanned<String>, Option<String>)> {
    if let Data::Map(map) = &value.data {
        let mut out: Vec<_> = map
            .iter()
            .map(|(key, (span, value))| (Spanned { value: key.clone(), span: *span }, value.text()))
            .collect();
        out.sort_by_key(|(key, _)| key.span.start);
        return out;
    }
    let split = |item: Spanned<String>| match item.value.split_once('=') {
        Some((name, value)) => (Spanned { value: name.to_owned(), span: item.span }, Some(value.to_owned())),
        None => (item, None),
    };
    sequence(value).iter().filter_map(spanned).map(split).collect()
}

fn words(value: &Value) -> Option<Spanned<Vec<String>>> {
    let words = match &value.data {
        Data::Null | Data::Map(_) => return None,
        Data::Seq(items) => items.iter().filter_map(Value::text).collect(),
        _ => split_words(&value.text()?),
    };
    Some(Spanned { value: words, span: value.span })
}

fn health_of(health: &Value) -> ComposeHealth {
    let test = match health.get("test") {
        Some(test) => match &test.data {
            Data::Seq(items) => items.iter().filter_map(Value::text).collect(),
            _ => match test.text() {
                Some(text) if text == "NONE" => vec![text],
                Some(text) => vec!["CMD-SHELL".to_owned(), text],
                None => Vec::new(),
            },
        },
        None => Vec::new(),
    };
    let off = health.get("disable").and_then(Value::flag) == Some(true);
    ComposeHealth {
        span: health.span,
        disabled: off || test.first().is_some_and(|word| word == "NONE"),
        test,
        start_period: health.get("start_period").and_then(spanned),
    }
}

/// How a list is written in the text.
fn items(value: Option<&Value>, text: &str) -> ComposeItems {
    let Some(value) = value.filter(|value| matches!(value.data, Data::Seq(_))) else {
        return ComposeItems { span: value.map(|value| value.span), ..ComposeItems::default() };
    };
    ComposeItems {
        span: Some(value.span),
        flow: value.span.of(text).starts_with('['),
        shared: value.shared || value.foreign,
    }
}

fn dependencies(needs: &Value, text: &str) -> Vec<ComposeDependency> {
    let mut out: Vec<ComposeDependency> = match &needs.data {
        Data::Map(map) => map
            .iter()
            .map(|(name, (span, value))| ComposeDependency {
                service: Spanned { value: name.clone(), span: *span },
                condition: value.get("condition").and_then(spanned),
                optional: value.get("required").and_then(Value::flag) == Some(false),
                shared: value.shared || value.foreign,
                list: None,
            })
            .collect(),
        _ => {
            let flow = needs.span.of(text).starts_with('[');
            needs
                .items()
                .iter()
                .filter_map(|item| {
                    Some(ComposeDependency {
                        service: spanned(item)?,
                        condition: None,
                        optional: false,
                        shared: needs.shared || item.shared || item.foreign,
                        list: Some(if flow { ComposeList::Flow } else { ComposeList::Block }),
                    })
                })
                .collect()
        }
    };
    out.sort_by_key(|need| need.service.span.start);
    out
}

/// Services that other keys than `depends_on` name.
fn references(value: &Value) -> Vec<Spanned<String>> {
    let mut out = Vec::new();
    let mut first = |item: Spanned<String>| {
        let name = item.value.split(':').next().unwrap_or_default().to_owned();
        out.push(Spanned { value: name, span: item.span });
    };
    for link in value.get("links").map(texts).unwrap_or_default() {
        first(link);
    }
    for source in value.get("volumes_from").map(texts).unwrap_or_default() {
        if !source.value.starts_with("container:") {
            first(source);
        }
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(mode) = value.get(key).and_then(spanned)
            && let Some(name) = mode.value.strip_prefix("service:")
        {
            out.push(Spanned { value: name.to_owned(), span: mode.span });
        }
    }
    out
}

fn env_files(value: &Value) -> Vec<ComposeEnvFile> {
    let one = |item: &Value| {
        let path = spanned(item).or_else(|| item.get("path").and_then(spanned))?;
        let required = item.get("required").and_then(Value::flag) != Some(false);
        Some(ComposeEnvFile { path, required })
    };
    sequence_of(value).iter().filter_map(one).collect()
}

/// The items of a list, or the value itself.
fn sequence_of(value: &Value) -> Vec<Value> {
    match &value.data {
        Data::Seq(items) => items.clone(),
        Data::Null => Vec::new(),
        _ => vec![value.clone()],
    }
}

fn requests(value: &Value) -> Vec<ComposeDeviceRequest> {
    let read = |item: &Value, gpus: bool| {
        let text = |key: &str| item.get(key).and_then(Value::text);
        let texts = |key: &str| -> Vec<String> {
            item.get(key).map(sequence).unwrap_or_default().iter().filter_map(Value::text).collect()
        };
        ComposeDeviceRequest {
            span: item.span,
            driver: text("driver"),
            count: text("count").or_else(|| item.text()),
            device_ids: texts("device_ids"),
            capabilities: texts("capabilities"),
            gpus,
        }
    };
    let mut out: Vec<ComposeDeviceRequest> =
        value.get("gpus").map(sequence_of).unwrap_or_default().iter().map(|item| read(item, true)).collect();
    let keys = ["deploy", "resources", "reservations", "devices"];
    let reserved = keys.iter().try_fold(value, |at, key| at.get(key));
    out.extend(reserved.map(Value::items).unwrap_or_default().iter().map(|item| read(item, false)));
    out
}

/// Where keys can be added to a service: at the end of its last line, where it is written in lines of its own.
fn insert(node: &Node, text: &str) -> Option<ComposeInsert> {
    let (first, _) = node.pairs().first()?;
    let (key, last) = node.pairs().last()?;
    if node.shared || node.flow || node.tag.is_some() {
        return None;
    }
    let line = text[..first.span.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..first.span.start];
    if !indent.bytes().all(|byte| byte == b' ') || indent.is_empty() {
        return None;
    }
    let source = last.span.of(text);
    // A value that is not there stands nowhere: its key does.
    let end = if last.is_null() { key.span.end } else { last.span.start + source.trim_end().len() };
    // The blank lines at the end of a block scalar belong to it where it says so.
    let whole = &text[line..end];
    if whole.contains("|+") || whole.contains(">+") {
        return None;
    }
    let at = end + text[end..].find(['\n', '\r']).unwrap_or(text.len() - end);
    let broken = if text[at..].starts_with("\r\n") { "\r\n" } else { "\n" };
    Some(ComposeInsert { at, indent: format!("{broken}{indent}") })
}
