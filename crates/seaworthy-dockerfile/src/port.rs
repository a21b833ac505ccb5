//! What EXPOSE takes for a port.

/// `[[ip:]host:]port[-port][/protocol]` with numbers up to 65535.
pub(crate) fn is_valid(text: &str) -> bool {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, ""));
    if !matches!(protocol.to_ascii_lowercase().as_str(), "" | "tcp" | "udp" | "sctp") {
        return false;
    }
    let (host, container) = ports.rsplit_once(':').unwrap_or(("", ports));
    let host = host.rsplit_once(':').map_or(host, |(_, host)| host);
    is_range(container) && (host.is_empty() || is_range(host))
}

fn is_range(text: &str) -> bool {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (low.parse::<u16>(), high.parse::<u16>()) {
        (Ok(low), Ok(high)) => low <= high,
        _ => false,
    }
}
