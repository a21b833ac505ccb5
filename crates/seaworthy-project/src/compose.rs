//! Reads compose files: tolerant, with the place of everything.

mod canonical;
mod interpolate;
mod load;
mod merge;
mod mounts;
mod normalize;
mod paths;
mod ports;
mod portspec;
mod schema;
mod service;
mod typed;
mod unique;
mod value;
mod volumes;

pub use interpolate::{Interpolation, Variables};
pub use load::{ModelError, ModelOptions, Read, model};
pub use ports::short_port;

use crate::yaml::{self, Node};
use interpolate::Unset;
use schema::Misfit;
use seaworthy_facts::{ComposeFact, ComposeResource, Spanned, SyntaxProblem, TextFile};
use seaworthy_finding::Span;
use std::collections::BTreeMap;
use std::rc::Rc;
use value::Value;

/// Reads a compose file by itself. What is not understood is left out or noted, never an error.
pub fn read(file: TextFile) -> ComposeFact {
    read_with(file, &|_| None)
}

/// Reads a compose file beside others: what it extends, and the variables of `.env`, come through `read`, which takes
/// paths relative to the same directory as the file's own.
pub fn read_with(file: TextFile, read: Read<'_>) -> ComposeFact {
    let (roots, errors) = yaml::read_all(&file.text);
    let mut roots = roots.into_iter();
    let root = roots.next();
    let mut fact = ComposeFact {
        problems: errors
            .into_iter()
            .map(|error| SyntaxProblem { span: error.span, message: error.message, fatal: true })
            .collect(),
        partial: partial(&file.path),
        file,
        services: Vec::new(),
        version: None,
        internal_networks: Vec::new(),
        volumes: Vec::new(),
        unknown_keys: Vec::new(),
        keys: Vec::new(),
        name: None,
        networks: Vec::new(),
        volume_resources: Vec::new(),
        secrets: Vec::new(),
        configs: Vec::new(),
        unset: Vec::new(),
        unread: Vec::new(),
        includes: false,
    };
    let Some(node) = root.filter(|root| !root.is_null()) else { return fact };
    if !node.is_map() {
        fact.problems.push(problem(node.span, "a compose file is a mapping with the key `services`"));
        return fact;
    }
    fact.version = node
        .entry("version")
        .map(|(key, value)| seaworthy_finding::Span::new(key.span.start, value.span.end));
    let own = |(key, _): &(std::rc::Rc<Node>, std::rc::Rc<Node>)| {
        key.text().map(|text| Spanned { value: text.to_owned(), span: key.span })
    };
    fact.keys = node.pairs().iter().filter_map(own).collect();
    let Some(mut root) = value::from_node(&node) else {
        fact.problems.push(problem(node.span, "the aliases stand for too much to be read"));
        return fact;
    };
    // Further documents of a file are laid over the first.
    for over in roots.filter_map(|node| value::from_node(&node)).filter(|over| over.map().is_some()) {
        root = merge::merge(root.clone(), over, &merge::Path::ROOT).unwrap_or(root);
    }
    let misfits = schema::check(&root, standalone(&fact.file.path));
    resolve(&mut root, &mut fact, read);
    fact.includes = root.get("include").is_some();
    fact.name = root.get("name").and_then(spanned);
    services(&root, &node, &mut fact);
    sort_misfits(misfits, &mut fact);
    fact.networks = resources(root.get("networks"));
    fact.volume_resources = resources(root.get("volumes"));
    fact.secrets = resources(root.get("secrets"));
    fact.configs = resources(root.get("configs"));
    let internal = fact.networks.iter().filter(|network| network.internal);
    fact.internal_networks = internal.map(|network| network.name.value.clone()).collect();
    fact.volumes = fact.volume_resources.iter().map(|volume| volume.name.clone()).collect();
    fact
}

/// Whether a file is laid over another one by its name.
fn partial(path: &str) -> bool {
    path.rsplit('/').next().unwrap_or(path).contains("override")
}

/// Whether a file is one that compose takes by itself, rather than with `-f` over another one.
fn standalone(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "compose.yaml" | "compose.yml" | "docker-compose.yaml" | "docker-compose.yml")
}

/// Hands what does not fit to the service it stands in, or to the file.
fn sort_misfits(misfits: Vec<Misfit>, fact: &mut ComposeFact) {
    for misfit in misfits {
        match misfit {
            Misfit::Wrong(span, message) => fact.problems.push(problem(span, &message)),
            Misfit::Unknown(service, key, near) => {
                let service = fact.services.iter_mut().find(|known| service.as_ref() == Some(&known.name));
                service.map_or(&mut fact.unknown_keys, |service| &mut service.unknown_keys).push((key, near));
            }
        }
    }
    fact.services.iter_mut().for_each(|service| service.unknown_keys.sort_by_key(|(key, _)| key.span.start));
    fact.problems.sort_by_key(|problem| problem.span.start);
}

/// Puts in values of variables, and what services extend.
fn resolve(root: &mut Value, fact: &mut ComposeFact, read: Read<'_>) {
    let path = fact.file.path.clone();
    let beside = paths::beside(&path, ".env");
    let variables = read(&beside).map(|text| interpolate::dotenv(&text)).unwrap_or_default();
    let (unset, problems) = (&mut fact.unset, &mut fact.problems);
    let mut missing = |value: &Value, names: Vec<String>| {
        unset.extend(names.into_iter().map(|name| Spanned { value: name, span: value.span }));
    };
    let mut refused =
        |value: &Value, error: Interpolation| problems.push(problem(value.span, &error.to_string()));
    interpolate::tree(root, &variables, Unset::Keep, &mut missing, &mut refused);
    let loader = load::Loader { read, variables: None, chain: Vec::new() };
    let mut whole = root.clone();
    match loader.extended(&mut whole, &path) {
        Ok(()) => *root = whole,
        // What cannot be followed is judged by what stands here; it is said that more may come.
        Err(ModelError::At { span, message, file }) if file == path => {
            fact.unread.push(Spanned { value: message, span });
        }
        Err(error) => fact.unread.push(Spanned { value: error.to_string(), span: Span::default() }),
    }
    merge::drop_reset(root);
}

fn services(root: &Value, node: &Node, fact: &mut ComposeFact) {
    let Some(services) = root.get("services") else { return };
    let Some(map) = services.map() else { return };
    let mut nodes: BTreeMap<String, Rc<Node>> = BTreeMap::new();
    for (key, value) in node.get("services").map(|services| services.entries()).unwrap_or_default() {
        if let Some(name) = key.text().filter(|_| value.tag.as_deref() != Some("reset")) {
            nodes.entry(name.to_owned()).or_insert(value);
        }
    }
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(_, (span, _))| span.start);
    for (name, (span, service)) in entries {
        if service.map().is_some() {
            let own = nodes.get(name).map(Rc::as_ref);
            fact.services.push(service::read(name, *span, service, own, &fact.file.text));
        }
    }
}

fn resources(value: Option<&Value>) -> Vec<ComposeResource> {
    let Some(map) = value.and_then(Value::map) else { return Vec::new() };
    let one = |(name, (span, entry)): (&String, &(Span, Value))| {
        let text = |key: &str| entry.get(key).and_then(spanned);
        let option = |key: &str| entry.get("driver_opts").and_then(|opts| opts.get(key));
        let flags = option("o").and_then(Value::text).unwrap_or_default().to_ascii_lowercase();
        let has = |wanted: &str| flags.split(',').any(|flag| flag.trim() == wanted);
        let none = option("type").and_then(Value::text).is_some_and(|kind| kind.eq_ignore_ascii_case("none"));
        let local = text("driver").is_none_or(|driver| driver.value == "local");
        let outside = entry.get("external");
        ComposeResource {
            name: Spanned { value: name.clone(), span: *span },
            external: outside.is_some_and(|value| value.map().is_some() || value.flag() == Some(true)),
            internal: entry.get("internal").and_then(Value::flag) == Some(true),
            file: text("file"),
            device: option("device")
                .and_then(spanned)
                .filter(|_| local && (none || has("bind") || has("rbind"))),
            read_only: has("ro"),
        }
    };
    let mut out: Vec<ComposeResource> = map.iter().map(one).collect();
    out.sort_by_key(|entry| entry.name.span.start);
    out
}

fn problem(span: Span, message: &str) -> SyntaxProblem {
    SyntaxProblem { span, message: message.to_owned(), fatal: true }
}

/// A scalar with its place.
pub(crate) fn spanned(value: &Value) -> Option<Spanned<String>> {
    value.text().map(|text| Spanned { value: text, span: value.span })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(text: &str) -> ComposeFact {
        read(TextFile::new("compose.yaml", text.to_owned()))
    }

    #[test]
    fn both_forms_of_everything_read() {
        let text = "services:\n  a:\n    image: a\n    privileged: \"true\"\n    tmpfs: /run\n    ports: [8000:8000, \"127.0.0.1:9000-9005:9000-9005/udp\", \"[::1]:80:80\", \"${PORT:-8000}:81\", {target: 82, published: \"8080\", host_ip: 127.0.0.1}]\n    environment: [A=b, C]\n    healthcheck: {test: curl -f x}\n    deploy: {resources: {limits: {memory: 64M}}}\n    volumes: [{type: bind, source: /var/run/docker.sock, target: /s, read_only: true}, \"d:/d\"]\n";
        let fact = fact(text);
        assert_eq!(fact.problems, []);
        let a = &fact.services[0];
        assert_eq!(a.privileged.as_ref().map(|value| value.value), Some(true));
        let ports: Vec<_> = a
            .ports
            .iter()
            .map(|port| {
                (
                    port.host_ip.as_deref(),
                    port.published.as_deref(),
                    port.target.as_str(),
                    port.protocol.as_str(),
                )
            })
            .collect();
        assert_eq!(
            ports,
            [
                (None, Some("8000"), "8000", "tcp"),
                (Some("127.0.0.1"), Some("9000-9005"), "9000-9005", "udp"),
                (Some("::1"), Some("80"), "80", "tcp"),
                (None, Some("8000"), "81", "tcp"),
                (Some("127.0.0.1"), Some("8080"), "82", "tcp"),
            ]
        );
        assert_eq!(a.healthcheck.as_ref().unwrap().test, ["CMD-SHELL", "curl -f x"]);
        assert_eq!(a.mem_limit.as_ref().unwrap().value, "64M");
        assert_eq!(a.volumes[0].value, "/var/run/docker.sock:/s:ro");
        assert_eq!(a.environment[1].1, None);
    }

    #[test]
    fn unknown_keys_come_with_the_nearest_known_one() {
        let fact = fact("services:\n  a:\n    image: a\n    read_onyl: true\n    x-note: 1\nx-a: 1\n");
        let unknown = &fact.services[0].unknown_keys;
        assert_eq!(unknown.len(), 1);
        assert_eq!((unknown[0].0.value.as_str(), unknown[0].1.as_deref()), ("read_onyl", Some("read_only")));
        assert!(fact.unknown_keys.is_empty());
    }

    #[test]
    fn merged_and_reset_values_read() {
        let fact = fact(
            "x-b: &b {read_only: true}\nservices:\n  a:\n    <<: *b\n    image: a\n    ports: !reset [\"80:80\"]\n",
        );
        assert_eq!(fact.services[0].read_only.as_ref().map(|value| value.value), Some(true));
        assert!(fact.services[0].ports.is_empty());
    }

    #[test]
    fn keys_are_added_behind_the_last_line_of_a_service() {
        let place = |text: &str| {
            let fact = fact(text);
            let insert = fact.services[0].insert.clone()?;
            Some(format!("{}{}k: v{}", &text[..insert.at], insert.indent, &text[insert.at..]))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            place("services:\n  a:\n    image: a\n    deploy:\n  b:\n    image: b\n"),
            some("services:\n  a:\n    image: a\n    deploy:\n    k: v\n  b:\n    image: b\n")
        );
        assert_eq!(
            place("services:\n  a:\n    image: a # c\n\n  # about b\n  b: {image: b}\n"),
            some("services:\n  a:\n    image: a # c\n    k: v\n\n  # about b\n  b: {image: b}\n")
        );
        assert_eq!(
            place("services:\r\n  a:\r\n    ports:\r\n      - \"80:80\""),
            some("services:\r\n  a:\r\n    ports:\r\n      - \"80:80\"\n    k: v")
        );
        assert_eq!(place("services:\n  a: {image: a}\n"), None);
        assert_eq!(place("services:\n  a: &x\n    image: a\n"), None);
        assert_eq!(
            place("services:\n  a:\n    command: |\n      x\n\n  b: {image: b}\n"),
            some("services:\n  a:\n    command: |\n      x\n    k: v\n\n  b: {image: b}\n")
        );
        assert_eq!(place("services:\n  a:\n    command: |+\n      x\n\n  b: {image: b}\n"), None);
    }

    #[test]
    fn nothing_panics() {
        for text in [
            "",
            "[]",
            "services: 1",
            "services: {a: 1}",
            "services: {a: {ports: {}, build: []}}",
            "a: &a [*a]",
            "\u{0}",
        ] {
            let _ = fact(text);
        }
    }
}
