//! When to try again, and how long to wait before.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tries per request, the first one included.
pub(crate) const ATTEMPTS: u32 = 6;
/// The longest wait a registry may ask for by `Retry-After`; a longer one ends the call at once.
pub(crate) const LONGEST: Duration = Duration::from_mins(1);
const FIRST: Duration = Duration::from_millis(200);
const CAP: Duration = Duration::from_secs(8);

/// Statuses that pass: overload, and gateways that lost the server behind them.
pub(crate) fn is_retryable(code: u16) -> bool {
    matches!(code, 408 | 425 | 429 | 499 | 500 | 502 | 503 | 504 | 520..=524)
}

/// The wait before try number `attempt` (from 1): doubling with a cap, of which the upper half is random, so that
/// parallel uploads do not return together.
pub(crate) fn backoff(attempt: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(CAP);
    let half = full / 2;
    half + half.mul_f64(random())
}

/// The wait a registry asks for: seconds, or an HTTP date. Hub's own header is a UNIX time.
pub(crate) fn asked_for(headers: &ureq::http::HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(seconds) = text("retry-after").and_then(|value| value.parse::<u64>().ok()) {
        return Some(Duration::from_secs(seconds));
    }
    let until = text("x-retry-after").and_then(|value| value.parse::<u64>().ok())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(until.saturating_sub(now)))
}

/// A number in `0..1`; spread matters here, secrecy does not.
fn random() -> f64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let mixed = nanos.wrapping_mul(2_654_435_761).rotate_left(13) ^ nanos;
    f64::from(mixed) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::{HeaderMap, HeaderValue};

    #[test]
    fn waits_grow_and_stay_bounded() {
        for attempt in 1..40 {
            let wait = backoff(attempt);
            assert!(wait >= FIRST / 2 && wait <= CAP, "{attempt}: {wait:?}");
        }
        assert!(backoff(6) > backoff(1));
    }

    #[test]
    fn the_registrys_wish_is_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(asked_for(&headers), None);
        headers.insert("x-retry-after", HeaderValue::from_static("12"));
        assert_eq!(asked_for(&headers), Some(Duration::ZERO));
        headers.insert("retry-after", HeaderValue::from_static(" 7 "));
        assert_eq!(asked_for(&headers), Some(Duration::from_secs(7)));
    }
}
