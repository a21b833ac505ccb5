//! Unbiased random numbers from the operating system.

use std::fmt;

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError;

/// A source of uniformly distributed bytes.
pub trait ByteSource {
    /// Fills the whole buffer, or fails.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RandomError>;
}

/// The operating system's generator, asked by the `getrandom` system call itself.
///
/// A static binary cannot look the C library's function up at run time, and libraries that try to then open
/// `/dev/urandom`, which need not exist beside a binary on an empty root.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsBytes;

impl ByteSource for OsBytes {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RandomError> {
        let mut filled = 0;
        while filled < buffer.len() {
            // A long request may be answered in part, or be interrupted by a signal.
            match getrandom(&mut buffer[filled..], GetRandomFlags::empty()) {
                Ok(0) => return Err(RandomError),
                Ok(bytes) => filled += bytes,
                Err(Errno::INTR) => {}
                Err(_) => return Err(RandomError),
            }
        }
        Ok(())
    }
}

/// Bytes fetched from the source at once: one system call serves many draws.
const BUFFER: usize = 256;

/// Uniform draws over a byte source.
pub struct Random<S> {
    source: S,
    buffer: [u8; BUFFER],
    used: usize,
}

impl<S> fmt::Debug for Random<S> {
    /// Hides the buffer: its bytes become secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}

impl Random<OsBytes> {
    /// Draws from the operating system.
    pub fn from_os() -> Self {
        Self::new(OsBytes)
    }
}

impl<S: ByteSource> Random<S> {
    /// Draws from `source`.
    pub fn new(source: S) -> Self {
        Self { source, buffer: [0; BUFFER], used: BUFFER }
    }

    fn byte(&mut self) -> Result<u8, RandomError> {
        if self.used == BUFFER {
            self.source.fill(&mut self.buffer)?;
            self.used = 0;
        }
        // The byte is erased as it is handed out, so that no copy of a secret stays in the buffer.
        let byte = std::mem::take(&mut self.buffer[self.used]);
        self.used += 1;
        Ok(byte)
    }

    /// Returns `len` random bytes.
    pub fn bytes(&mut self, len: usize) -> Result<Vec<u8>, RandomError> {
        let mut bytes = vec![0; len];
        self.source.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns a uniform number in `0..bound`; `0` when `bound` is below 2.
    ///
    /// A plain remainder would favour small numbers, so draws from the incomplete last stretch of the
    /// range are thrown away and repeated (rejection sampling).
    pub fn below(&mut self, bound: usize) -> Result<usize, RandomError> {
        if bound <= 1 {
            return Ok(0);
        }
        if bound <= 256 {
            let usable = 256 - 256 % bound;
            loop {
                let draw = usize::from(self.byte()?);
                if draw < usable {
                    return Ok(draw % bound);
                }
            }
        }
        let bound = bound as u64;
        let usable = (1 << 32) - (1 << 32) % bound;
        loop {
            let draw =
                u64::from(u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]));
            if draw < usable {
                return Ok((draw % bound) as usize);
            }
        }
    }

    /// Returns a uniformly chosen item, or `None` for an empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Result<Option<&'a T>, RandomError> {
        Ok(items.get(self.below(items.len())?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{ByteSource, Random, RandomError};

    /// A source that plays the given bytes and then fails.
    pub(crate) struct Script(pub(crate) Vec<u8>);

    impl ByteSource for Script {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RandomError> {
            if self.0.is_empty() {
                return Err(RandomError);
            }
            let take = buffer.len().min(self.0.len());
            buffer.fill(0xff);
            buffer[..take].copy_from_slice(&self.0[..take]);
            self.0.drain(..take);
            Ok(())
        }
    }

    #[test]
    fn draws_beyond_the_last_whole_stretch_are_repeated() {
        // 256 mod 10 = 6: the draws 250..=255 would make 0..=5 too frequent.
        let mut random = Random::new(Script(vec![250, 255, 249, 10, 253, 7]));
        assert_eq!(random.below(10).unwrap(), 9);
        assert_eq!(random.below(10).unwrap(), 0);
        assert_eq!(random.below(10).unwrap(), 7);
    }

    #[test]
    fn wide_bounds_reject_too() {
        // 2^32 mod 1000 = 296: draws from 4294967000 on are repeated.
        let mut script = 4_294_967_000_u32.to_le_bytes().to_vec();
        script.extend(4_294_966_999_u32.to_le_bytes());
        script.extend(123_456_u32.to_le_bytes());
        let mut random = Random::new(Script(script));
        assert_eq!(random.below(1000).unwrap(), 999);
        assert_eq!(random.below(1000).unwrap(), 456);
    }

    #[test]
    fn a_failing_source_is_an_error_and_not_a_constant() {
        assert!(Random::new(Script(Vec::new())).below(10).is_err());
        assert!(Random::new(Script(Vec::new())).bytes(4).is_err());
    }

    #[test]
    fn the_operating_system_fills_long_buffers_to_the_end() {
        let bytes = Random::from_os().bytes(1 << 20).unwrap();
        assert!(bytes.chunks(64).all(|chunk| chunk.iter().any(|&byte| byte != 0)));
    }

    #[test]
    fn degenerate_bounds_draw_nothing() {
        let mut random = Random::new(Script(Vec::new()));
        assert_eq!(random.below(0).unwrap(), 0);
        assert_eq!(random.below(1).unwrap(), 0);
        assert!(random.pick::<u8>(&[]).unwrap().is_none());
    }

    #[test]
    fn operating_system_draws_are_uniform() {
        // Chi-square with 61 degrees of freedom: mean 61, standard deviation 11; 170 is beyond nine of
        // them (chance below 1e-11), while a plain `byte % 62` would give about 2,000.
        const CELLS: usize = 62;
        const DRAWS: usize = 124_000;
        let mut random = Random::from_os();
        let mut counts = [0_u32; CELLS];
        for _ in 0..DRAWS {
            counts[random.below(CELLS).unwrap()] += 1;
        }
        let expected = (DRAWS / CELLS) as f64;
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
        assert!(chi < 170.0, "chi-square {chi}");
        assert!(chi > 5.0, "suspiciously even: chi-square {chi}");
    }
}
