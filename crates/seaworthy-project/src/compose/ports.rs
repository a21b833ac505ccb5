//! Port mappings in short and long form.

use crate::yaml::{Kind, Node};
use seaworthy_facts::ComposePort;
use seaworthy_finding::Span;

/// Reads `[ip:][published:]target[/protocol]`; interpolations are kept as text.
pub fn short_port(text: &str, span: Span) -> ComposePort {
    let (ports, protocol) = match text.rsplit_once('/') {
        Some((ports, protocol)) if !protocol.contains('}') => (ports, protocol),
        _ => (text, "tcp"),
    };
    let mut parts = split(ports);
    let target = parts.pop().unwrap_or_default().to_owned();
    let published = parts.pop().filter(|text| !text.is_empty()).map(str::to_owned);
    let host = parts.join(":");
    let host = host.trim_matches(['[', ']']);
    ComposePort {
        span,
        host_ip: (!host.is_empty()).then(|| host.to_owned()),
        published,
        target,
        protocol: protocol.to_owned(),
    }
}

/// Splits at colons outside of `${…}` and `[…]`.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, ch) in text.char_indices() {
        match ch {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The mappings under `ports`.
pub(crate) fn read(node: &Node) -> Vec<ComposePort> {
    node.items()
        .iter()
        .filter_map(|item| match &item.kind {
            Kind::Scalar { value, .. } => Some(short_port(value, item.span)),
            Kind::Map(_) => {
                let text = |name: &str| item.get(name).and_then(|node| node.text().map(str::to_owned));
                Some(ComposePort {
                    span: item.span,
                    host_ip: text("host_ip"),
                    published: text("published"),
                    target: text("target")?,
                    protocol: text("protocol").unwrap_or_else(|| "tcp".to_owned()),
                })
            }
            Kind::Seq(_) => None,
        })
        .collect()
}
