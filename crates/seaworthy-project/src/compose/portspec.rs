//! Docker's short form of a port: `[[address:][published]:]target[/protocol]`, with ranges.

use std::net::IpAddr;

/// One port of a short form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) host_ip: String,
    pub(crate) published: String,
    pub(crate) target: u16,
    pub(crate) protocol: String,
}

/// Reads a short form; a range is a port each, in the order docker gives them.
pub(crate) fn parse(text: &str) -> Result<Vec<Port>, String> {
    let (address, published, target) = match text.split(':').collect::<Vec<_>>().as_slice() {
        [target] => (String::new(), "", *target),
        [published, target] => (String::new(), *published, *target),
        [address @ .., published, target] => (address.join(":"), *published, *target),
        [] => return Err(format!("`{text}` is no port")),
    };
    let (target, protocol) = target.split_once('/').unwrap_or((target, ""));
    let protocol = if protocol.is_empty() { "tcp".to_owned() } else { protocol.to_ascii_lowercase() };
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("`{protocol}` in `{text}` is no protocol: `tcp`, `udp` or `sctp`"));
    }
    let host_ip = match address.strip_prefix('[') {
        Some(rest) => {
            rest.strip_suffix(']').ok_or_else(|| format!("`{text}` has a bracket that is not closed"))?
        }
        None => &address,
    };
    if !host_ip.is_empty() && host_ip.parse::<IpAddr>().is_err() {
        return Err(format!("`{host_ip}` in `{text}` is no IP address"));
    }
    let (first, last) = range(target).ok_or_else(|| format!("`{target}` in `{text}` is no port"))?;
    let host = if published.is_empty() {
        None
    } else {
        Some(range(published).ok_or_else(|| format!("`{published}` in `{text}` is no port"))?)
    };
    let count = last - first;
    if let Some((from, to)) = host
        && to - from != count
        && count != 0
    {
        return Err(format!("`{text}` maps {} ports to {}", to - from + 1, count + 1));
    }
    let mut ports: Vec<Port> = (0..=count)
        .map(|at| Port {
            host_ip: host_ip.to_owned(),
            published: match host {
                Some((from, to)) if count == 0 && from != to => format!("{from}-{to}"),
                Some((from, _)) => (from + at).to_string(),
                None => String::new(),
            },
            target: first + at,
            protocol: protocol.clone(),
        })
        .collect();
    ports.sort_by_key(|port| port.target.to_string());
    Ok(ports)
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (first, last): (u16, u16) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_read_as_docker_reads_them() {
        let read = |text: &str| {
            parse(text).map(|ports| {
                let shown = ports.iter().map(|port| {
                    format!("{}|{}|{}/{}", port.host_ip, port.published, port.target, port.protocol)
                });
                shown.collect::<Vec<_>>().join(" ")
            })
        };
        for (text, want) in [
            ("80", "||80/tcp"),
            ("8080:80/UDP", "|8080|80/udp"),
            ("127.0.0.1::5", "127.0.0.1||5/tcp"),
            ("[::1]:80:81", "::1|80|81/tcp"),
            ("::1:80:81", "::1|80|81/tcp"),
            ("8000-8001:9-10", "|8001|10/tcp |8000|9/tcp"),
            ("8000-8010:80", "|8000-8010|80/tcp"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(want), "{text}");
        }
        for text in ["", "a", "80:", "1-2:3-5", "x:80:80", "80/icmp", "70000", "9-8", "[::1:80:80"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
