//! The dependency list that scanners read out of Rust binaries, in cargo-auditable's format.
//!
//! The format (`rust-secure-code/cargo-auditable`, `PARSING.md` and its JSON schema): a section `.dep-v0` holding
//! zlib-compressed JSON, `{"packages": […]}`, sorted by name; edges are indices into the list. cargo-auditable hands the
//! section to the linker; here it is added to the linked file, because only after the build is it known exactly which
//! packages were compiled, and because a linker argument would put a path into cargo's fingerprints. The section is not
//! mapped at run time, so no address in the file moves.

use crate::BuildError;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use object::elf::{FileHeader64, SHT_PROGBITS};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Endianness, Object as _};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use super::metadata::{Metadata, is_proc_macro};

/// The section's name.
pub const SECTION: &str = ".dep-v0";

/// The whole list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditData {
    /// The packages, sorted by name, version and origin.
    pub packages: Vec<AuditPackage>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `crates.io`, `registry`, `git`, `local` or another scheme of cargo's.
    pub source: String,
    /// `build` for what only runs while building; absent for what is linked in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Indices of its dependencies, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<usize>,
    /// Whether it is the packaged crate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub root: bool,
}

/// The list of what `root` was built from: those packages of the graph that cargo compiled in this build.
pub(super) fn collect(metadata: &Metadata, root: &str, compiled: &BTreeSet<String>) -> AuditData {
    let nodes: BTreeMap<&str, _> = metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| (node.id.as_str(), node))
        .collect();
    let by_id: BTreeMap<&str, _> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    // What a build dependency or a procedural macro needs runs on the building machine, whatever cargo calls the edge.
    let mut linked: BTreeMap<&str, bool> = BTreeMap::from([(root, true)]);
    let mut queue = vec![root];
    while let Some(id) = queue.pop() {
        let here = linked[id];
        for dep in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
            if !dep.is_built() {
                continue;
            }
            let is_macro = by_id.get(dep.pkg.as_str()).is_some_and(|package| is_proc_macro(package));
            let there = here && dep.is_normal() && !is_macro;
            let known = linked.get(dep.pkg.as_str()).copied();
            if known.is_none() || (there && known == Some(false)) {
                linked.insert(&dep.pkg, there);
                queue.push(&dep.pkg);
            }
        }
    }
    let mut chosen: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| linked.contains_key(package.id.as_str()) && compiled.contains(&package.id))
        .collect();
    // Not by id: the id of a local package is its path, and the list must be the same in every directory.
    chosen.sort_by(|a, b| {
        (&a.name, &a.version, &a.source, &a.id).cmp(&(&b.name, &b.version, &b.source, &b.id))
    });
    let index: BTreeMap<&str, usize> =
        chosen.iter().enumerate().map(|(at, package)| (package.id.as_str(), at)).collect();
    let packages = chosen
        .iter()
        .map(|package| {
            let deps = nodes.get(package.id.as_str()).into_iter().flat_map(|node| &node.deps);
            let edges: BTreeSet<usize> = deps
                .filter(|dep| dep.is_built())
                .filter_map(|dep| index.get(dep.pkg.as_str()).copied())
                .collect();
            AuditPackage {
                name: package.name.clone(),
                version: package.version.clone(),
                source: source_word(package.source.as_deref()),
                kind: (!linked[package.id.as_str()]).then_some("build"),
                dependencies: edges.into_iter().collect(),
                root: package.id == root,
            }
        })
        .collect();
    AuditData { packages }
}

/// cargo's default registry by the end of its index's name, which the format calls `crates.io`.
fn source_word(source: Option<&str>) -> String {
    match source {
        None => "local".to_owned(),
        Some(text) if text.starts_with("registry+") && text.ends_with("/crates.io-index") => {
            "crates.io".to_owned()
        }
        Some(text) => text.split('+').next().unwrap_or(text).to_owned(),
    }
}

impl AuditData {
    /// The section's bytes.
    fn section(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("internal error: plain data serialises");
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(7));
        encoder.write_all(&json).and_then(|()| encoder.finish()).expect("internal error: memory takes writes")
    }

    /// The binary with the list in it. A binary that already carries one (cargo-auditable's wrapper was in use) stays.
    ///
    /// # Errors
    /// [`BuildError::Answer`] where the file is no 64-bit ELF file with a section table.
    pub fn embed(&self, binary: &[u8]) -> Result<Vec<u8>, BuildError> {
        let answer = |problem: String| BuildError::Answer { what: "the file cargo made".to_owned(), problem };
        let file = object::File::parse(binary).map_err(|error| answer(error.to_string()))?;
        if object::Object::section_by_name(&file, SECTION).is_some() {
            return Ok(binary.to_vec());
        }
        if !file.is_64() || !file.is_little_endian() {
            return Err(answer("only 64-bit little-endian ELF files are supported".to_owned()));
        }
        append_section(binary, SECTION, &self.section()).map_err(answer)
    }
}

/// Adds an unmapped section at the end of a 64-bit little-endian ELF file: its bytes, a longer table of section names,
/// and a new section table that the header then points at (System V ABI, "Section header").
fn append_section(binary: &[u8], name: &str, data: &[u8]) -> Result<Vec<u8>, String> {
    const HEADER: usize = 64;
    let header = FileHeader64::<Endianness>::parse(binary).map_err(|error| error.to_string())?;
    let endian = header.endian().map_err(|error| error.to_string())?;
    let sections = header.section_headers(endian, binary).map_err(|error| error.to_string())?;
    let names_at = header.shstrndx(endian, binary).map_err(|error| error.to_string())? as usize;
    let names = sections.get(names_at).ok_or("it has no table of section names")?;
    let mut strings = names.data(endian, binary).map_err(|error| error.to_string())?.to_vec();
    let count = u16::try_from(sections.len() + 1).map_err(|_| "it has too many sections".to_owned())?;
    let name_offset =
        u32::try_from(strings.len()).map_err(|_| "its section names are too long".to_owned())?;
    strings.extend_from_slice(name.as_bytes());
    strings.push(0);

    let mut out = binary.to_vec();
    let data_at = out.len() as u64;
    out.extend_from_slice(data);
    let strings_at = out.len() as u64;
    out.extend_from_slice(&strings);
    out.resize(out.len().next_multiple_of(8), 0);
    let table_at = out.len();
    let old_table = usize::try_from(header.e_shoff.get(endian)).map_err(|error| error.to_string())?;
    let old =
        binary.get(old_table..old_table + sections.len() * HEADER).ok_or("its section table is cut off")?;
    out.extend_from_slice(old);
    let moved = table_at + names_at * HEADER;
    put(&mut out, moved + 24, &strings_at.to_le_bytes());
    put(&mut out, moved + 32, &(strings.len() as u64).to_le_bytes());
    let mut added = [0_u8; HEADER];
    added[0..4].copy_from_slice(&name_offset.to_le_bytes());
    added[4..8].copy_from_slice(&SHT_PROGBITS.0.to_le_bytes());
    added[24..32].copy_from_slice(&data_at.to_le_bytes());
    added[32..40].copy_from_slice(&(data.len() as u64).to_le_bytes());
    added[48..56].copy_from_slice(&1_u64.to_le_bytes());
    out.extend_from_slice(&added);
    put(&mut out, 40, &(table_at as u64).to_le_bytes());
    put(&mut out, 60, &count.to_le_bytes());
    Ok(out)
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}
