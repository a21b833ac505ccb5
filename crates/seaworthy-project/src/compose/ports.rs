//! Port mappings in short and long form.

use super::value::Value;
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
        short: true,
        shared: false,
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
pub(crate) fn read(value: &Value) -> Vec<ComposePort> {
    let one = |item: &Value| {
        let shared = value.shared || item.shared || item.foreign;
        if let Some(text) = item.text() {
            return Some(ComposePort { shared, ..short_port(&text, item.span) });
        }
        let text = |key: &str| item.get(key).and_then(Value::text);
        Some(ComposePort {
            span: item.span,
            host_ip: text("host_ip"),
            published: text("published"),
            target: text("target")?,
            protocol: text("protocol").unwrap_or_else(|| "tcp".to_owned()),
            short: false,
            shared,
        })
    };
    value.items().iter().filter_map(one).collect()
}
