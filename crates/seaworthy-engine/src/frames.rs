//! Splits the attach stream of a container without a terminal: eight bytes of header (stream, three zeros, length in
//! network order), then the bytes (Docker Engine API, "Attach to a container", "Stream format").

use std::io::{self, Read};

/// What was read of both streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// Whether bytes were dropped because a stream grew beyond the limit.
    pub truncated: bool,
}

/// Reads frames to the end of the stream, keeping at most `limit` bytes of each stream. What was read before an error
/// stays in `into`.
pub(crate) fn split(mut reader: impl Read, limit: usize, into: &mut Split) -> io::Result<()> {
    loop {
        let mut header = [0; 8];
        if !fill(&mut reader, &mut header)? {
            return Ok(());
        }
        let mut left = u64::from(u32::from_be_bytes([header[4], header[5], header[6], header[7]]));
        let mut buffer = [0; 8192];
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(buffer.len()).min(buffer.len());
            let count = reader.read(&mut buffer[..want])?;
            if count == 0 {
                return Ok(());
            }
            left -= count as u64;
            let target = if header[0] == 2 { &mut into.stderr } else { &mut into.stdout };
            let room = limit.saturating_sub(target.len()).min(count);
            target.extend_from_slice(&buffer[..room]);
            into.truncated |= room < count;
        }
    }
}

/// Fills the buffer; false at the end of the stream, also in the middle of a header.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    let mut done = 0;
    while done < buffer.len() {
        match reader.read(&mut buffer[done..]) {
            Ok(0) => return Ok(false),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, text: &str) -> Vec<u8> {
        let mut out = vec![stream, 0, 0, 0];
        out.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
        out.extend_from_slice(text.as_bytes());
        out
    }

    #[test]
    fn streams_are_told_apart_and_bounded() {
        let bytes = [frame(1, "out"), frame(2, "err"), frame(1, "more")].concat();
        let mut seen = Split::default();
        split(bytes.as_slice(), 5, &mut seen).unwrap();
        assert_eq!(seen, Split { stdout: b"outmo".to_vec(), stderr: b"err".to_vec(), truncated: true });
    }

    #[test]
    fn a_cut_stream_ends_quietly() {
        let bytes = frame(1, "whole");
        for length in 0..bytes.len() {
            let mut seen = Split::default();
            split(&bytes[..length], 100, &mut seen).unwrap();
            assert!(b"whole".starts_with(&seen.stdout));
        }
    }
}
