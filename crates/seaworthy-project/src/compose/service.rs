//! One service of a compose file.

use super::keys::{HEALTHCHECK, SERVICE, unknown};
use super::{boolean, ports, spanned};
use crate::yaml::{Kind, Node};
use seaworthy_facts::{ComposeHealth, ComposeService, Spanned, SyntaxProblem};

/// Reads a service.
pub(crate) fn read(name: &Node, node: &Node) -> ComposeService {
    let text = |key: &str| node.get(key).and_then(|value| spanned(&value));
    let flag = |key: &str| {
        let value = node.get(key)?;
        boolean(&value).map(|flag| Spanned { value: flag, span: value.span })
    };
    let list = |key: &str| node.get(key).map(|value| texts(&value)).unwrap_or_default();
    let build = node.get("build");
    let limits =
        node.get("deploy").and_then(|node| node.get("resources")).and_then(|node| node.get("limits"));
    let limit = |key: &str| limits.as_ref().and_then(|node| node.get(key)).and_then(|value| spanned(&value));
    let mut tmpfs = list("tmpfs");
    let mut volumes = Vec::new();
    for item in node.get("volumes").map(|node| node.items().to_vec()).unwrap_or_default() {
        volume(&item, &mut volumes, &mut tmpfs);
    }
    let healthcheck = node.get("healthcheck").filter(|health| health.is_map());
    let mut unknown_keys = unknown(node, SERVICE);
    unknown_keys.extend(healthcheck.iter().flat_map(|health| unknown(health, HEALTHCHECK)));
    ComposeService {
        name: name.text().unwrap_or_default().to_owned(),
        name_span: name.span,
        span: seaworthy_finding::Span::new(name.span.start, node.span.end.max(name.span.end)),
        image: text("image"),
        dockerfile: build
            .as_ref()
            .and_then(|build| build.get("dockerfile"))
            .and_then(|value| value.text().map(str::to_owned)),
        build: build.and_then(|build| if build.is_map() { context(&build) } else { spanned(&build) }),
        ports: node.get("ports").map(|value| ports::read(&value)).unwrap_or_default(),
        user: text("user"),
        read_only: flag("read_only"),
        privileged: flag("privileged"),
        cap_drop: list("cap_drop"),
        cap_add: list("cap_add"),
        security_opt: list("security_opt"),
        tmpfs,
        volumes,
        environment: node.get("environment").map(|value| environment(&value)).unwrap_or_default(),
        mem_limit: text("mem_limit").or_else(|| limit("memory")),
        pids_limit: text("pids_limit").or_else(|| limit("pids")),
        healthcheck: healthcheck.map(|health| health_of(&health)),
        network_mode: text("network_mode"),
        networks: list("networks"),
        stop_grace_period: text("stop_grace_period"),
        stop_signal: text("stop_signal"),
        init: flag("init"),
        restart: text("restart"),
        secrets: list("secrets"),
        unknown_keys,
    }
}

/// What compose refuses in a service beyond unknown keys.
pub(crate) fn problems(node: &Node) -> Vec<SyntaxProblem> {
    let mut out = Vec::new();
    for key in ["read_only", "privileged", "init"] {
        if let Some(value) = node.get(key) {
            let interpolated = value.text().is_some_and(|text| text.contains('$'));
            if boolean(&value).is_none() && !interpolated {
                out.push(SyntaxProblem {
                    span: value.span,
                    message: format!("`{key}` is `true` or `false`"),
                    fatal: true,
                });
            }
        }
    }
    for key in ["ports", "cap_drop", "cap_add", "security_opt", "volumes"] {
        if let Some(value) = node.get(key)
            && !matches!(value.kind, Kind::Seq(_))
            && !value.is_null()
        {
            out.push(SyntaxProblem { span: value.span, message: format!("`{key}` is a list"), fatal: true });
        }
    }
    out
}

/// A list of scalars, one scalar, the keys of a mapping, or the `source` of mappings.
fn texts(node: &Node) -> Vec<Spanned<String>> {
    match &node.kind {
        Kind::Scalar { .. } if node.is_null() => Vec::new(),
        Kind::Scalar { .. } => spanned(node).into_iter().collect(),
        Kind::Seq(items) => items
            .iter()
            .filter_map(|item| {
                spanned(item).or_else(|| item.get("source").and_then(|source| spanned(&source)))
            })
            .collect(),
        Kind::Map(_) => node.entries().iter().filter_map(|(key, _)| spanned(key)).collect(),
    }
}

fn context(build: &Node) -> Option<Spanned<String>> {
    match build.get("context") {
        Some(context) => spanned(&context),
        None => Some(Spanned { value: ".".to_owned(), span: build.span }),
    }
}

fn volume(item: &Node, volumes: &mut Vec<Spanned<String>>, tmpfs: &mut Vec<Spanned<String>>) {
    if let Some(short) = spanned(item) {
        volumes.push(short);
        return;
    }
    let text =
        |key: &str| item.get(key).and_then(|value| value.text().map(str::to_owned)).unwrap_or_default();
    let target = text("target");
    if text("type") == "tmpfs" {
        tmpfs.push(Spanned { value: target, span: item.span });
        return;
    }
    let mode = if item.get("read_only").and_then(|node| boolean(&node)) == Some(true) { ":ro" } else { "" };
    volumes.push(Spanned { value: format!("{}:{target}{mode}", text("source")), span: item.span });
}

fn environment(node: &Node) -> Vec<(Spanned<String>, Option<String>)> {
    if node.is_map() {
        let pair = |(key, value): &(std::rc::Rc<Node>, std::rc::Rc<Node>)| {
            let value = value.text().filter(|_| !value.is_null()).map(str::to_owned);
            spanned(key).map(|key| (key, value))
        };
        return node.entries().iter().filter_map(pair).collect();
    }
    let items = node.items().iter().filter_map(|item| spanned(item));
    items
        .map(|item| match item.value.split_once('=') {
            Some((name, value)) => {
                (Spanned { value: name.to_owned(), span: item.span }, Some(value.to_owned()))
            }
            None => (item, None),
        })
        .collect()
}

fn health_of(node: &Node) -> ComposeHealth {
    let test = match node.get("test") {
        Some(test) => match &test.kind {
            Kind::Scalar { value, .. } if value == "NONE" => vec!["NONE".to_owned()],
            Kind::Scalar { value, .. } => vec!["CMD-SHELL".to_owned(), value.clone()],
            Kind::Seq(items) => items.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
            Kind::Map(_) => Vec::new(),
        },
        None => Vec::new(),
    };
    let off = node.get("disable").and_then(|value| boolean(&value)) == Some(true);
    ComposeHealth { span: node.span, disabled: off || test.first().is_some_and(|word| word == "NONE"), test }
}
