//! The ELF header, the program headers and the names of the sections.

use crate::visit::Piece;

/// What the header says.
#[derive(Debug)]
pub(super) struct Header {
    /// Machine by Go's name.
    pub(super) architecture: &'static str,
    /// The dynamic loader.
    pub(super) interpreter: Option<String>,
    kind: u16,
    wide: bool,
    little: bool,
    dynamic: Option<(u64, u64)>,
    sections: (u64, u64, u64),
    names: u64,
}

/// Reads numbers of the file's own width and order.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    bytes: &'a [u8],
    wide: bool,
    little: bool,
}

impl Numbers<'_> {
    fn at(&self, offset: usize, width: usize) -> Option<u64> {
        let bytes = self.bytes.get(offset..offset.checked_add(width)?)?;
        let fold = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        Some(if self.little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
    }

    /// A word at one offset in 32-bit files and another in 64-bit ones.
    fn word(&self, narrow: usize, wide: usize) -> Option<u64> {
        if self.wide { self.at(wide, 8) } else { self.at(narrow, 4) }
    }

    fn half(&self, narrow: usize, wide: usize) -> Option<u64> {
        self.at(if self.wide { wide } else { narrow }, 2)
    }
}

const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const DF_1_PIE: u64 = 0x0800_0000;

impl Header {
    /// Reads the header from a file's first piece; nothing when it is no ELF program or library.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..4)? != b"\x7fELF" {
            return None;
        }
        let (wide, little) = (bytes.get(4) == Some(&2), bytes.get(5) == Some(&1));
        let numbers = Numbers { bytes, wide, little };
        let kind = u16::try_from(numbers.at(16, 2)?).ok()?;
        if kind != ET_EXEC && kind != ET_DYN {
            return None;
        }
        let mut header = Self {
            architecture: architecture(numbers.at(18, 2)?, wide, little),
            interpreter: None,
            kind,
            wide,
            little,
            dynamic: None,
            sections: (numbers.word(32, 40)?, numbers.half(46, 58)?, numbers.half(48, 60)?),
            names: numbers.half(50, 62)?,
        };
        let start = usize::try_from(numbers.word(28, 32)?).ok()?;
        let (size, count) = (numbers.half(42, 54)?, numbers.half(44, 56)?);
        for index in 0..usize::try_from(count.min(256)).ok()? {
            let at = start.checked_add(index.checked_mul(usize::try_from(size).ok()?)?)?;
            let Some(entry) = bytes.get(at..) else { break };
            let entry = Numbers { bytes: entry, wide, little };
            let (Some(kind), Some(offset), Some(length)) =
                (entry.at(0, 4), entry.word(4, 8), entry.word(16, 32))
            else {
                break;
            };
            match kind {
                PT_DYNAMIC => header.dynamic = Some((offset, length.min(64 << 10))),
                PT_INTERP => {
                    let start = usize::try_from(offset).ok();
                    let end =
                        start.zip(usize::try_from(length).ok()).and_then(|(start, n)| start.checked_add(n));
                    let name =
                        start.zip(end).and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
                    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                    header.interpreter = Some(seaworthy_store::tape::shown(name));
                }
                _ => {}
            }
        }
        Some(header)
    }

    /// Whether it is a program rather than a library: linked at a fixed address, with a loader, or marked as
    /// position-independent.
    pub(super) fn is_program(&self, pie: bool) -> bool {
        self.kind == ET_EXEC || self.interpreter.is_some() || pie
    }

    /// Whether the dynamic section lies in a piece and marks a position-independent program.
    pub(super) fn is_pie(&self, piece: &Piece<'_>) -> bool {
        let Some((offset, length)) = self.dynamic else { return false };
        let Some(bytes) = part(piece, offset, length) else { return false };
        let step = if self.wide { 16 } else { 8 };
        bytes.chunks_exact(step).any(|entry| {
            let entry = Numbers { bytes: entry, wide: self.wide, little: self.little };
            entry.word(0, 0) == Some(DT_FLAGS_1)
                && entry.word(4, 8).is_some_and(|flags| flags & DF_1_PIE != 0)
        })
    }

    /// The table of section names, once the section headers, which tell where it is, have come by.
    pub(super) fn section_names(&self, piece: &Piece<'_>, names: &NameTables) -> Option<Vec<u8>> {
        let (start, size, count) = self.sections;
        if start == 0 || size == 0 || self.names >= count {
            return None;
        }
        let entry = part(piece, start.checked_add(self.names * size)?, size)?;
        let entry = Numbers { bytes: entry, wide: self.wide, little: self.little };
        let (offset, length) = (entry.word(16, 24)?, entry.word(20, 32)?.min(64 << 10));
        part(piece, offset, length).or_else(|| names.part(offset, length)).map(<[u8]>::to_vec)
    }
}

/// What may be the table of section names, kept until the section headers tell. Linkers put a symbol table of any size
/// between the two; every table of section names has its own name in it, by which it is recognised.
#[derive(Debug, Default)]
pub(super) struct NameTables(Vec<(u64, Vec<u8>)>);

impl NameTables {
    /// Bytes kept on each side of the name.
    const AROUND: usize = 4 << 10;
    /// Places kept; the latest is the most likely.
    const PLACES: usize = 4;

    pub(super) fn piece(&mut self, piece: &Piece<'_>) {
        for at in memchr::memmem::find_iter(piece.bytes, b".shstrtab\0") {
            let start = at.saturating_sub(Self::AROUND);
            let end = (at + Self::AROUND).min(piece.bytes.len());
            if self.0.len() == Self::PLACES {
                self.0.remove(0);
            }
            self.0.push((piece.offset + start as u64, piece.bytes[start..end].to_vec()));
        }
    }

    fn part(&self, offset: u64, length: u64) -> Option<&[u8]> {
        self.0.iter().rev().find_map(|(start, bytes)| {
            let from = usize::try_from(offset.checked_sub(*start)?).ok()?;
            bytes.get(from..from.checked_add(usize::try_from(length).ok()?)?)
        })
    }
}

/// A part of a file, when the piece holds all of it.
fn part<'a>(piece: &Piece<'a>, offset: u64, length: u64) -> Option<&'a [u8]> {
    let start = usize::try_from(offset.checked_sub(piece.offset)?).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    piece.bytes.get(start..end)
}

fn architecture(machine: u64, wide: bool, little: bool) -> &'static str {
    match (machine, wide, little) {
        (62, ..) => "amd64",
        (183, ..) => "arm64",
        (3, ..) => "386",
        (40, ..) => "arm",
        (243, true, _) => "riscv64",
        (21, _, true) => "ppc64le",
        (21, _, false) => "ppc64",
        (22, true, _) => "s390x",
        (8, true, true) => "mips64le",
        (8, true, false) => "mips64",
        (8, false, true) => "mipsle",
        (8, false, false) => "mips",
        (258, true, _) => "loong64",
        _ => "unknown",
    }
}
