//! Executables as they stream by: ELF header, loader, debug sections, and the dependency lists inside.
//!
//! A binary may be far larger than what may be kept of it, so nothing here needs it whole: the header tells where the
//! interesting parts lie, and the lists of dependencies (cargo-auditable's zlib stream, Go's build information) are
//! recognised by their own first bytes. System V gABI chapter 4 and 5; `rust-secure-code/cargo-auditable` PARSING.md;
//! Go `debug/buildinfo`.

mod auditable;
mod go;
mod header;

use crate::merge::absolute;
use crate::packages::View;
use crate::visit::{File, Piece, Visitor};
use auditable::AuditFinder;
use go::GoFinder;
use header::{Header, NameTables};
use seaworthy_facts::{BinaryFact, Contents, PackageFact, ScriptFact};
use seaworthy_packages::Source;
use seaworthy_packages::auditable::crates as auditable_crates;
use seaworthy_packages::go::information;
use seaworthy_store::tape::shown;

/// What is known of one ELF file.
#[derive(Debug)]
pub(crate) struct ElfFound {
    record: u32,
    header: Header,
    executable: bool,
    sections: Option<Vec<u8>>,
    audit: Option<Vec<u8>>,
    go: Option<Vec<u8>>,
}

/// The first line of an executable script.
#[derive(Debug)]
pub(crate) struct ScriptFound {
    record: u32,
    interpreter: String,
    argument: String,
}

/// What the visitor gathers in one layer.
#[derive(Debug, Default)]
pub(crate) struct ElfScan {
    programs: Vec<ElfFound>,
    scripts: Vec<ScriptFound>,
}

/// What starts: programs, what they are made of, and scripts.
pub(crate) struct Programs {
    pub(crate) binaries: Vec<BinaryFact>,
    pub(crate) packages: Vec<PackageFact>,
    pub(crate) scripts: Vec<ScriptFact>,
}

/// Most scripts of one layer that are kept.
const SCRIPTS: usize = 20_000;
/// Bytes of a script's first line the kernel reads (`BINPRM_BUF_SIZE`).
const SCRIPT_LINE: usize = 256;

/// Looks at ELF files and scripts.
#[derive(Default)]
pub(crate) struct ElfVisitor {
    found: Vec<ElfFound>,
    scripts: Vec<ScriptFound>,
    current: Option<Current>,
}

struct Current {
    header: Header,
    sections: Option<Vec<u8>>,
    names: NameTables,
    pie: bool,
    audit: AuditFinder,
    go: GoFinder,
}

impl ElfVisitor {
    pub(crate) fn finish(self) -> ElfScan {
        ElfScan { programs: self.found, scripts: self.scripts }
    }

    /// Keeps the first line of a script that can be started (`execve(2)`, "Interpreter scripts").
    fn script(&mut self, file: &File<'_>, bytes: &[u8]) {
        if file.mode & 0o111 == 0 || self.scripts.len() >= SCRIPTS {
            return;
        }
        let head = &bytes[2..bytes.len().min(SCRIPT_LINE)];
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_start();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let end = line.iter().position(blank).unwrap_or(line.len());
        let argument = line[end..].trim_ascii();
        self.scripts.push(ScriptFound {
            record: file.record,
            interpreter: String::from_utf8_lossy(&line[..end]).into_owned(),
            argument: shown(argument),
        });
    }
}

impl Visitor for ElfVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.current = None;
        file.size >= 4
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        if piece.first() {
            if piece.bytes.starts_with(b"#!") {
                self.script(file, piece.bytes);
                return;
            }
            let Some(header) = Header::read(piece.bytes) else { return };
            let (audit, go) = (AuditFinder::default(), GoFinder::default());
            let names = NameTables::default();
            self.current = Some(Current { header, sections: None, names, pie: false, audit, go });
        }
        let Some(current) = &mut self.current else { return };
        if current.sections.is_none() {
            current.names.piece(piece);
            current.sections = current.header.section_names(piece, &current.names);
        }
        current.pie |= current.header.is_pie(piece);
        current.audit.piece(piece);
        current.go.piece(piece);
        if piece.last
            && let Some(current) = self.current.take()
        {
            let executable = current.header.is_program(current.pie)
                && (file.mode & 0o111 != 0 || current.header.interpreter.is_some());
            let (audit, go) = (current.audit.finish(), current.go.finish());
            if executable || audit.is_some() || go.is_some() {
                self.found.push(ElfFound {
                    record: file.record,
                    header: current.header,
                    executable,
                    sections: current.sections,
                    audit,
                    go,
                });
            }
        }
    }
}

/// Executables of the final tree, and the packages they carry.
pub(crate) fn read(view: &View<'_>) -> Programs {
    let mut binaries = Vec::new();
    let mut packages = Vec::new();
    let mut scripts = Vec::new();
    for (layer, scan) in view.scans.iter().enumerate() {
        for script in scan.elf.scripts.iter().filter(|script| view.is_visible(layer, script.record)) {
            scripts.push(ScriptFact {
                path: absolute(scan.table.path(script.record)),
                interpreter: script.interpreter.clone(),
                argument: script.argument.clone(),
            });
        }
        for found in scan.elf.programs.iter().filter(|found| view.is_visible(layer, found.record)) {
            let path = absolute(scan.table.path(found.record));
            let source = |bytes| Source { path: &path, layer, bytes, distribution: None };
            let crates = found.audit.as_ref().and_then(|json| auditable_crates(&source(json)));
            let auditable = crates.is_some();
            packages.extend(crates.into_iter().flatten());
            let go = found.go.as_ref().and_then(|info| information(&source(info)));
            let listed = auditable || go.as_ref().is_some_and(|go| go.listed);
            let build = go.map(|go| {
                packages.extend(go.packages);
                go.build
            });
            if found.executable {
                let sections = found.sections.as_deref().unwrap_or_default();
                let has = |name: &[u8]| memchr::memmem::find(sections, name).is_some();
                binaries.push(BinaryFact {
                    architecture: found.header.architecture.to_owned(),
                    is_static: found.header.interpreter.is_none(),
                    interpreter: found.header.interpreter.clone(),
                    debug_symbols: has(b".debug_info") || has(b".zdebug_info"),
                    auditable,
                    go: build,
                    contents: if listed { Contents::Listed } else { Contents::Unknown },
                    owner: None,
                    layer,
                    path,
                });
            }
        }
    }
    binaries.sort_by(|left, right| left.path.cmp(&right.path));
    scripts.sort_by(|left, right| left.path.cmp(&right.path));
    Programs { binaries, packages, scripts }
}
