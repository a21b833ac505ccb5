//! What a box wrote to its standard streams, with the time of each piece.

use std::time::Instant;

/// How many bytes of both streams together are kept.
const LIMIT: usize = 8 << 20;

/// A piece of output as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// When it was read.
    pub at: Instant,
    /// The bytes; a piece may end in the middle of a line.
    pub bytes: Vec<u8>,
}

/// The output of a box so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logs {
    /// Standard output.
    pub stdout: Vec<LogChunk>,
    /// Standard error.
    pub stderr: Vec<LogChunk>,
    /// More than 8 MiB were written; what came later is missing.
    pub truncated: bool,
    /// How many bytes were written, kept or not.
    pub written: u64,
    used: usize,
}

impl Logs {
    /// Standard output as text, with replacement characters for what is not UTF-8.
    pub fn stdout_text(&self) -> String {
        text(&self.stdout)
    }

    /// Standard error as text.
    pub fn stderr_text(&self) -> String {
        text(&self.stderr)
    }

    /// Both streams as text in the order they were read.
    pub fn text(&self) -> String {
        let mut chunks: Vec<_> = self.stdout.iter().chain(&self.stderr).collect();
        chunks.sort_by_key(|chunk| chunk.at);
        String::from_utf8_lossy(&chunks.iter().flat_map(|chunk| chunk.bytes.clone()).collect::<Vec<_>>())
            .into_owned()
    }

    pub(crate) fn push(&mut self, error: bool, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        let room = LIMIT.saturating_sub(self.used);
        let kept = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        self.truncated |= kept.len() < bytes.len();
        if kept.is_empty() {
            return;
        }
        self.used += kept.len();
        let stream = if error { &mut self.stderr } else { &mut self.stdout };
        stream.push(LogChunk { at: Instant::now(), bytes: kept.to_vec() });
    }
}

fn text(chunks: &[LogChunk]) -> String {
    let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_kept_and_told() {
        let mut logs = Logs::default();
        logs.push(false, b"out");
        logs.push(true, b"err");
        assert_eq!(
            (logs.stdout_text().as_str(), logs.stderr_text().as_str(), logs.truncated),
            ("out", "err", false)
        );
        assert_eq!(logs.text(), "outerr");
        for _ in 0..9 {
            logs.push(false, &vec![b'x'; 1 << 20]);
        }
        let kept: usize = logs.stdout.iter().chain(&logs.stderr).map(|chunk| chunk.bytes.len()).sum();
        assert!(logs.truncated && kept == LIMIT);
    }
}
