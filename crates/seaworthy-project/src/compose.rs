//! Reads compose files: tolerant, with the place of everything.

mod keys;
mod ports;
mod service;

pub use ports::short_port;

use crate::yaml::{self, Node};
use keys::{TOP, unknown};
use seaworthy_facts::{ComposeFact, Spanned, SyntaxProblem, TextFile};

/// Reads a compose file. What is not understood is left out or noted, never an error.
pub fn read(file: TextFile) -> ComposeFact {
    let (root, errors) = yaml::read(&file.text);
    let mut fact = ComposeFact {
        problems: errors
            .into_iter()
            .map(|error| SyntaxProblem { span: error.span, message: error.message, fatal: true })
            .collect(),
        file,
        services: Vec::new(),
        version: None,
        internal_networks: Vec::new(),
        volumes: Vec::new(),
        unknown_keys: Vec::new(),
    };
    let Some(root) = root.filter(|root| !root.is_null()) else { return fact };
    if !root.is_map() {
        fact.problems.push(problem(&root, "a compose file is a mapping with the key `services`"));
        return fact;
    }
    fact.unknown_keys = unknown(&root, TOP);
    fact.version = root
        .entry("version")
        .map(|(key, value)| seaworthy_finding::Span::new(key.span.start, value.span.end));
    if let Some(services) = root.get("services") {
        if !services.is_map() && !services.is_null() {
            fact.problems.push(problem(&services, "`services` is a mapping of names to services"));
        }
        for (name, service) in services.entries() {
            if service.is_map() {
                fact.services.push(service::read(&name, &service));
                fact.problems.extend(service::problems(&service));
            } else {
                let text = format!("the service `{}` is a mapping", name.text().unwrap_or_default());
                fact.problems.push(problem(&service, &text));
            }
        }
    }
    for (name, network) in root.get("networks").map(|networks| networks.entries()).unwrap_or_default() {
        if network.get("internal").and_then(|node| boolean(&node)) == Some(true) {
            fact.internal_networks.extend(name.text().map(str::to_owned));
        }
    }
    for (name, _) in root.get("volumes").map(|volumes| volumes.entries()).unwrap_or_default() {
        fact.volumes.extend(spanned(&name));
    }
    fact
}

fn problem(node: &Node, message: &str) -> SyntaxProblem {
    SyntaxProblem { span: node.span, message: message.to_owned(), fatal: true }
}

/// A scalar with its place.
pub(crate) fn spanned(node: &Node) -> Option<Spanned<String>> {
    node.text().map(|text| Spanned { value: text.to_owned(), span: node.span })
}

/// A boolean, also one written as text.
pub(crate) fn boolean(node: &Node) -> Option<bool> {
    match node.text()?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
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
                (None, Some("${PORT:-8000}"), "81", "tcp"),
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
