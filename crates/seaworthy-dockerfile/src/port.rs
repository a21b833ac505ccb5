//! What EXPOSE takes for a port.

/// `[[ip:]host:]port[-port][/protocol]` with numbers up to 65535.
pub(crate) fn is_valid(text: &str) -> bool {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, ""));
    if !matches!(protocol.to_ascii_lowercase().as_str(), "" | "tcp" | "udp" | "sctp") {
        return false;
    }
    let container = ports.rsplit_once(':').map_or(ports, |(_, container)| container);
    let (low, high) = container.split_once('-').unwrap_or((container, container));
    match (low.parse::<u16>(), high.parse::<u16>()) {
        (Ok(low), Ok(high)) => low <= high,
        _ => false,
    }
}
