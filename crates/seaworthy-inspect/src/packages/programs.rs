//! Well-known programs as they stream by.

use crate::visit::{File, Piece, Visitor};
use seaworthy_packages::programs::{Program, program};

/// A recognised program.
pub(crate) struct ProgramFound {
    pub(crate) record: u32,
    pub(crate) program: &'static Program,
    pub(crate) version: String,
}

/// Looks into files whose name is that of a well-known program.
#[derive(Default)]
pub(crate) struct ProgramVisitor {
    current: Option<&'static Program>,
    found: Vec<ProgramFound>,
}

impl ProgramVisitor {
    pub(crate) fn finish(self) -> Vec<ProgramFound> {
        self.found
    }
}

fn name<'a>(file: &File<'a>) -> &'a [u8] {
    file.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

impl Visitor for ProgramVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.current = if file.size >= 4096 { program(name(file)) } else { None };
        self.current.is_some()
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        let Some(program) = self.current else { return };
        if piece.first() && !piece.bytes.starts_with(b"\x7fELF") {
            self.current = None;
            return;
        }
        if let Some(version) = program.version(piece.bytes, name(file)) {
            self.found.push(ProgramFound { record: file.record, program, version });
            self.current = None;
        }
    }
}
