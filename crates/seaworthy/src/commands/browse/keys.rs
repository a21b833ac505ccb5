//! What is typed, from the bytes a terminal sends.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::io;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// A letter with Ctrl.
    Ctrl(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Tab,
    Backspace,
    Escape,
}

/// Milliseconds after which a lone escape is the key.
const ESCAPE: i64 = 40;

/// Reads keys from standard input.
#[derive(Default)]
pub(crate) struct Keys {
    bytes: VecDeque<u8>,
    /// The terminal is gone.
    pub(crate) ended: bool,
}

impl Keys {
    /// The next key, or nothing when none comes within some milliseconds.
    pub(crate) fn next(&mut self, patience: i64) -> io::Result<Option<Key>> {
        if self.bytes.is_empty() && !self.fill(patience)? {
            return Ok(None);
        }
        if self.bytes == [0x1b] {
            // A sequence comes in one piece, but a slow line may cut it.
            self.fill(ESCAPE)?;
        }
        Ok(take(&mut self.bytes))
    }

    fn fill(&mut self, patience: i64) -> io::Result<bool> {
        let stdin = io::stdin();
        let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
        let patience = Timespec { tv_sec: patience / 1000, tv_nsec: patience % 1000 * 1_000_000 };
        match poll(&mut polled, Some(&patience)) {
            Ok(0) => return Ok(false),
            // A signal, such as that of a new size of the window.
            Err(rustix::io::Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let mut buffer = [0u8; 256];
        let count = match rustix::io::read(&stdin, &mut buffer) {
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return Ok(false),
            // A terminal that hung up.
            Err(rustix::io::Errno::IO) => 0,
            other => other?,
        };
        self.ended = count == 0;
        self.bytes.extend(&buffer[..count]);
        Ok(count > 0)
    }
}

/// Takes one key from the front.
fn take(bytes: &mut VecDeque<u8>) -> Option<Key> {
    let first = bytes.pop_front()?;
    Some(match first {
        0x1b => return escape(bytes),
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x7f | 0x08 => Key::Backspace,
        0 => Key::Ctrl(' '),
        1..=26 => Key::Ctrl(char::from(first - 1 + b'a')),
        28..=31 => return None,
        32..=126 => Key::Char(char::from(first)),
        _ => {
            let length = match first {
                0xc0..=0xdf => 1,
                0xe0..=0xef => 2,
                0xf0..=0xf7 => 3,
                _ => return None,
            };
            let mut text = vec![first];
            text.extend(bytes.drain(..bytes.len().min(length)));
            return String::from_utf8(text).ok()?.chars().next().map(Key::Char);
        }
    })
}

/// The rest of an escape sequence: CSI and SS3 as xterm, the Linux console and rxvt send them.
fn escape(bytes: &mut VecDeque<u8>) -> Option<Key> {
    let Some(kind @ (b'[' | b'O')) = bytes.front().copied() else {
        return Some(Key::Escape);
    };
    bytes.pop_front();
    let mut number = 0u16;
    let mut parameter = true;
    while let Some(byte) = bytes.pop_front() {
        match byte {
            b'0'..=b'9' if parameter => {
                number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
            }
            // What follows the first number tells modifiers, which change nothing here.
            b';' => parameter = false,
            b'0'..=b'?' => {}
            b'A' => return Some(Key::Up),
            b'B' => return Some(Key::Down),
            b'C' => return Some(Key::Right),
            b'D' => return Some(Key::Left),
            b'H' => return Some(Key::Home),
            b'F' => return Some(Key::End),
            b'M' if kind == b'O' => return Some(Key::Enter),
            b'~' => {
                return match number {
                    1 | 7 => Some(Key::Home),
                    4 | 8 => Some(Key::End),
                    5 => Some(Key::PageUp),
                    6 => Some(Key::PageDown),
                    _ => None,
                };
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Option<Key>> {
        let mut queue: VecDeque<u8> = bytes.iter().copied().collect();
        let mut found = Vec::new();
        while !queue.is_empty() {
            found.push(take(&mut queue));
        }
        found
    }

    #[test]
    fn sequences_become_keys() {
        assert_eq!(
            keys(b"a\x1b[A\x1bOB\x1b[5~\x1b[1;5C"),
            [Some(Key::Char('a')), Some(Key::Up), Some(Key::Down), Some(Key::PageUp), Some(Key::Right),]
        );
        assert_eq!(keys(b"\x1b"), [Some(Key::Escape)]);
        assert_eq!(
            keys(b"\x01\r\t\x7f"),
            [Some(Key::Ctrl('a')), Some(Key::Enter), Some(Key::Tab), Some(Key::Backspace)]
        );
        assert_eq!(keys("é日".as_bytes()), [Some(Key::Char('é')), Some(Key::Char('日'))]);
    }

    #[test]
    fn broken_sequences_do_no_harm() {
        for bytes in [&b"\x1b["[..], b"\x1b[999999999999~", b"\x1b[;;;;", b"\xff\xfe", b"\xe6", b"\x1b[\x1b["]
        {
            keys(bytes);
        }
    }
}
