//! A stream that another thread fills: a few buffers on the way, each used again.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes of one buffer.
const PIECE: usize = 128 << 10;
/// Buffers on the way at once.
const PIECES: usize = 4;

/// What a thread writes, read. Dropped before the end, it makes the writer's next write fail.
pub struct Pump {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
    done: bool,
}

/// The other side of a [`Pump`].
pub struct PumpWriter {
    full: SyncSender<io::Result<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
    current: Vec<u8>,
}

impl Pump {
    /// Starts a thread that writes a stream; its error is the reader's.
    pub fn start(work: impl FnOnce(&mut PumpWriter) -> io::Result<()> + Send + 'static) -> Self {
        let (full, from) = sync_channel(PIECES);
        let (empty, back) = sync_channel(PIECES + 1);
        std::thread::spawn(move || {
            let mut writer = PumpWriter { full, empty: back, current: Vec::with_capacity(PIECE) };
            let outcome = work(&mut writer);
            // What came before an error is still read.
            let outcome = writer.flush().and(outcome);
            if let Err(error) = outcome {
                // Nobody listens when the reader was dropped.
                let _ = writer.full.send(Err(error));
            }
        });
        Self { full: from, empty, current: Vec::new(), at: 0, done: false }
    }
}

impl Read for Pump {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.current.len() {
            if self.done {
                return Ok(0);
            }
            let mut used = std::mem::take(&mut self.current);
            used.clear();
            // The writer may have ended.
            let _ = self.empty.try_send(used);
            self.at = 0;
            match self.full.recv() {
                Ok(Ok(bytes)) => self.current = bytes,
                Ok(Err(error)) => {
                    self.done = true;
                    return Err(error);
                }
                Err(_) => self.done = true,
            }
        }
        let count = buffer.len().min(self.current.len() - self.at);
        buffer[..count].copy_from_slice(&self.current[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

impl Write for PumpWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = buffer.len().min(PIECE - self.current.len());
        self.current.extend_from_slice(&buffer[..count]);
        if self.current.len() == PIECE {
            self.flush()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.current.is_empty() {
            return Ok(());
        }
        let next = self.empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(PIECE));
        let bytes = std::mem::replace(&mut self.current, next);
        self.full.send(Ok(bytes)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_written_is_read_and_errors_come_through() {
        let mut pump = Pump::start(|out| {
            for number in 0..100_000u32 {
                out.write_all(&number.to_le_bytes())?;
            }
            Err(io::Error::other("the end"))
        });
        let mut bytes = Vec::new();
        let error = pump.read_to_end(&mut bytes).unwrap_err();
        assert_eq!((bytes.len(), error.to_string().as_str()), (400_000, "the end"));
        assert_eq!(bytes[399_996..], 99_999u32.to_le_bytes());
    }

    #[test]
    fn a_dropped_reader_ends_the_writer() {
        let (told, heard) = std::sync::mpsc::channel();
        let pump = Pump::start(move |out| {
            let result = loop {
                if let Err(error) = out.write_all(&[0; 4096]) {
                    break error.kind();
                }
            };
            let _ = told.send(result);
            Ok(())
        });
        drop(pump);
        assert_eq!(heard.recv().unwrap(), io::ErrorKind::BrokenPipe);
    }
}
