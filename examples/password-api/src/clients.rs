//! Who a client is, and how many things it has open at once.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// A client as the limits see it: an IPv4 address, or an IPv6 network of 64 bits.
///
/// One IPv6 host owns a whole /64 and could otherwise escape every limit by changing its address.
/// Forwarding headers are ignored: anyone can write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(u64, bool);

impl ClientId {
    /// The client behind an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u64::from(u32::from(v4)), false),
            IpAddr::V6(v6) => Self((u128::from(v6) >> 64) as u64, true),
        }
    }
}

/// Counts open things per client and refuses those beyond a limit.
#[derive(Debug)]
pub struct Gauge {
    limit: usize,
    open: Mutex<BTreeMap<ClientId, usize>>,
}

/// One open thing; dropping it closes it.
#[derive(Debug)]
pub struct Open {
    gauge: Arc<Gauge>,
    client: ClientId,
}

impl Gauge {
    /// A gauge that lets each client have `limit` things open.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::new(BTreeMap::new()) })
    }

    /// Opens one more, or returns `None` at the limit.
    pub fn open(self: &Arc<Self>, client: ClientId) -> Option<Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_insert(0);
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Open { gauge: Arc::clone(self), client })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.gauge.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientId, Gauge};

    fn id(address: &str) -> ClientId {
        ClientId::of(address.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_network_are_one_client() {
        assert_eq!(id("2001:db8::1"), id("2001:db8::ffff"));
        assert_ne!(id("2001:db8::1"), id("2001:db8:0:1::1"));
        assert_eq!(id("::ffff:192.0.2.7"), id("192.0.2.7"));
        assert_ne!(id("192.0.2.7"), id("192.0.2.8"));
    }

    #[test]
    fn closing_makes_room_and_leaves_no_trace() {
        let gauge = Gauge::new(2);
        let first = gauge.open(id("192.0.2.1")).unwrap();
        let _second = gauge.open(id("192.0.2.1")).unwrap();
        assert!(gauge.open(id("192.0.2.1")).is_none());
        assert!(gauge.open(id("192.0.2.2")).is_some());
        drop(first);
        assert!(gauge.open(id("192.0.2.1")).is_some());
        assert_eq!(gauge.open.lock().unwrap().len(), 1, "closed clients are forgotten");
    }
}
