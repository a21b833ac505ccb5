//! Which images a project makes, by every name it gives them.

use crate::Cx;
use std::collections::BTreeSet;

/// The names of the project's own images.
pub(crate) struct Own {
    /// Last parts of the names, without tag.
    names: BTreeSet<String>,
}

impl Own {
    /// What policy, compose files and documented builds call the images.
    pub(crate) fn of(cx: &Cx<'_>) -> Self {
        let mut names = BTreeSet::new();
        let mut add = |name: &str| {
            let last = last(name);
            if !last.is_empty() && !last.contains(['$', '<', '{']) {
                names.insert(last.to_owned());
            }
        };
        for name in cx.policy.image.iter().filter_map(|image| image.name.as_deref()) {
            add(name);
        }
        for compose in cx.composes() {
            for service in compose.services.iter().filter(|service| service.build.is_some()) {
                if let Some(image) = &service.image {
                    add(&image.value);
                }
            }
        }
        for document in cx.documents() {
            for command in &document.commands {
                match command.verb.as_str() {
                    "build" | "buildx build" => command.values("tag").for_each(|tag| add(&tag.value)),
                    "push" => command.operands.iter().for_each(|image| add(&image.value)),
                    "tag" => command.operands.iter().skip(1).for_each(|image| add(&image.value)),
                    _ => {}
                }
            }
        }
        Self { names }
    }

    /// Whether an image is made here; unknown where nothing tells.
    pub(crate) fn makes(&self, image: &str) -> Option<bool> {
        if image.contains(['$', '<', '>', '[', '{']) {
            return None;
        }
        let name = last(image);
        if self.names.contains(name) {
            return Some(true);
        }
        let registry_less = !image.contains('/');
        if OTHERS.contains(&name) || (registry_less && BASES.contains(&name)) || !self.names.is_empty() {
            return Some(false);
        }
        None
    }
}

/// The last part of an image's name, without tag and digest.
pub(crate) fn last(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split(['@', ':']).next().unwrap_or(name)
}

/// Names under which everybody runs the same service.
const OTHERS: [&str; 32] = [
    "postgres",
    "postgresql",
    "redis",
    "valkey",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "nginx",
    "rabbitmq",
    "memcached",
    "registry",
    "minio",
    "grafana",
    "prometheus",
    "elasticsearch",
    "opensearch",
    "kafka",
    "zookeeper",
    "clickhouse-server",
    "jaeger",
    "all-in-one",
    "localstack",
    "mailhog",
    "keycloak",
    "vault",
    "consul",
    "etcd",
    "nats",
    "traefik",
    "caddy",
    "cassandra",
];

/// Images one runs commands in.
const BASES: [&str; 16] = [
    "alpine",
    "debian",
    "ubuntu",
    "busybox",
    "python",
    "node",
    "golang",
    "rust",
    "ruby",
    "php",
    "openjdk",
    "fedora",
    "archlinux",
    "hello-world",
    "httpd",
    "wordpress",
];
