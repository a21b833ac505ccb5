//! Boots beside one another, as many as this machine has memory and processors for.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most boots at once: beyond that their times say more about the machine than about the service.
const MOST: usize = 8;
/// What a boot is taken to need where nothing is known of it.
const UNKNOWN: u64 = 256 << 20;
/// The runtime's own share of a boot.
const OVERHEAD: u64 = 16 << 20;

/// How many boots may run at once, by the memory the main boot took at its peak.
pub(crate) fn width(peak: Option<u64>) -> usize {
    let available = available_memory(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default());
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    at_once(available, processors, peak)
}

/// The memory this machine can give without swapping, in bytes; nothing where it does not say.
pub(crate) fn available_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

/// The memory limit of a boot for which none is asked: enough for any service, and never enough to bring this machine
/// down with it.
pub(crate) fn memory_limit() -> Option<u64> {
    const LEAST: u64 = 256 << 20;
    const MOST: u64 = 4 << 30;
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    Some((available_memory(&meminfo)? / 2).clamp(LEAST, MOST))
}

fn at_once(available: Option<u64>, processors: usize, peak: Option<u64>) -> usize {
    let each = peak.map_or(UNKNOWN, |peak| peak + peak / 4) + OVERHEAD;
    // A third stays for everything else on the machine.
    let room = available.map_or(1, |available| available / 3 * 2 / each.max(1));
    usize::try_from(room).unwrap_or(MOST).min(processors * 2).clamp(1, MOST)
}

/// Does a piece of work for each item, at most `width` at once; results come in the items' order.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], width: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..width.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((at, item)) = {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    items.get(at).map(|item| (at, item))
                } {
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_processors_bound_the_width() {
        let gib = 1_u64 << 30;
        assert_eq!(at_once(Some(12 * gib), 16, Some(100 << 20)), 8);
        assert_eq!(at_once(Some(12 * gib), 2, Some(100 << 20)), 4);
        assert_eq!(at_once(Some(gib), 16, Some(300 << 20)), 1);
        assert_eq!(at_once(Some(1 << 20), 16, None), 1, "one boot is always tried");
        assert_eq!(at_once(None, 16, None), 1);
        assert_eq!(available_memory("MemTotal: 8 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
    }

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u64> = (0..20).collect();
        let doubled = each(&items, 3, |item| {
            std::thread::sleep(std::time::Duration::from_millis(20 - item));
            item * 2
        });
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(each(&[] as &[u8], 4, |item| *item).is_empty());
    }
}
