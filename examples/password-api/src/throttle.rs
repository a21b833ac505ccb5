//! Counting events per client in a sliding window, and blocking a client that has too many.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clients::ClientId;

/// Clients remembered at once; beyond it the one unseen for longest is forgotten, which bounds the memory.
const MAX_CLIENTS: usize = 2048;

/// Blocks a client whose events within `window` reach `limit`.
#[derive(Debug)]
pub struct Throttle {
    limit: usize,
    window: Duration,
    block: Duration,
    clients: Mutex<BTreeMap<ClientId, Entry>>,
}

#[derive(Debug)]
struct Entry {
    events: VecDeque<Instant>,
    blocked_until: Option<Instant>,
    seen: Instant,
}

/// The client is blocked for this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked(pub Duration);

impl Throttle {
    /// A throttle in which the event number `limit` within `window` blocks for `block`.
    pub fn new(limit: usize, window: Duration, block: Duration) -> Self {
        Self { limit: limit.max(1), window, block, clients: Mutex::new(BTreeMap::new()) }
    }

    /// Says whether the client is blocked, without counting anything.
    pub fn check(&self, client: ClientId, now: Instant) -> Result<(), Blocked> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(&client).map_or(Ok(()), |entry| entry.blocked(now))
    }

    /// Counts an event; the one that reaches the limit is itself refused.
    pub fn count(&self, client: ClientId, now: Instant) -> Result<(), Blocked> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            self.make_room(&mut clients, now);
        }
        let entry = clients.entry(client).or_insert_with(|| Entry {
            events: VecDeque::new(),
            blocked_until: None,
            seen: now,
        });
        entry.blocked(now)?;
        entry.seen = now;
        entry.blocked_until = None;
        while entry.events.front().is_some_and(|&at| now.duration_since(at) >= self.window) {
            entry.events.pop_front();
        }
        entry.events.push_back(now);
        if entry.events.len() < self.limit {
            return Ok(());
        }
        entry.events.clear();
        entry.blocked_until = Some(now + self.block);
        Err(Blocked(self.block))
    }

    /// Forgets clients whose events and block have passed, or else the one unseen for longest.
    fn make_room(&self, clients: &mut BTreeMap<ClientId, Entry>, now: Instant) {
        clients
            .retain(|_, entry| entry.blocked(now).is_err() || now.duration_since(entry.seen) < self.window);
        if clients.len() >= MAX_CLIENTS {
            let oldest = clients
                .iter()
                .min_by_key(|(_, entry)| (entry.blocked(now).is_err(), entry.seen))
                .map(|(&client, _)| client);
            if let Some(oldest) = oldest {
                clients.remove(&oldest);
            }
        }
    }
}

impl Entry {
    fn blocked(&self, now: Instant) -> Result<(), Blocked> {
        match self.blocked_until {
            Some(until) if until > now => Err(Blocked(until - now)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    use super::{Blocked, MAX_CLIENTS, Throttle};
    use crate::clients::ClientId;

    fn client(n: u32) -> ClientId {
        ClientId::of(IpAddr::V4(Ipv4Addr::from(n)))
    }

    fn throttle() -> Throttle {
        Throttle::new(16, Duration::from_secs(60), Duration::from_secs(300))
    }

    #[test]
    fn the_sixteenth_event_blocks_for_the_whole_time() {
        let (throttle, start) = (throttle(), Instant::now());
        for _ in 0..15 {
            assert_eq!(throttle.count(client(1), start), Ok(()));
        }
        assert_eq!(throttle.check(client(1), start), Ok(()));
        assert_eq!(throttle.count(client(1), start), Err(Blocked(Duration::from_secs(300))));
        let later = start + Duration::from_secs(299);
        assert_eq!(throttle.check(client(1), later), Err(Blocked(Duration::from_secs(1))));
        assert_eq!(throttle.check(client(2), later), Ok(()), "others are not affected");
        let free = start + Duration::from_secs(300);
        assert_eq!(throttle.check(client(1), free), Ok(()));
        assert_eq!(throttle.count(client(1), free), Ok(()), "counting starts anew");
    }

    #[test]
    fn events_leave_the_window() {
        let (throttle, start) = (throttle(), Instant::now());
        for second in 0..200 {
            // One event each five seconds: never more than 12 within 60 s.
            assert_eq!(throttle.count(client(1), start + Duration::from_secs(5 * second)), Ok(()));
        }
    }

    #[test]
    fn memory_is_bounded_and_blocks_survive_a_flood_of_clients() {
        let (throttle, start) = (throttle(), Instant::now());
        for _ in 0..16 {
            let _ = throttle.count(client(0), start);
        }
        for n in 1..=(MAX_CLIENTS as u32 + 500) {
            assert_eq!(throttle.count(client(n), start), Ok(()));
        }
        assert!(throttle.clients.lock().unwrap().len() <= MAX_CLIENTS);
        assert!(throttle.check(client(0), start).is_err());
    }
}
