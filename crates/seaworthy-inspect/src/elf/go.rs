//! Go's build information, as the toolchain lays it out since 1.18: a header of 32 bytes, then two strings.

use crate::packages::purl;
use crate::visit::Piece;
use seaworthy_facts::PackageFact;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER: usize = 32;
/// The largest information that is read, in bytes.
const LIMIT: usize = 4 << 20;

/// Finds the information in a file that streams by.
#[derive(Default)]
pub(super) struct GoFinder {
    taken: Vec<u8>,
    wanted: usize,
    done: bool,
}

impl GoFinder {
    pub(super) fn piece(&mut self, piece: &Piece<'_>) {
        if self.done {
            return;
        }
        if !self.taken.is_empty() {
            self.take(piece.fresh());
            return;
        }
        for at in memchr::memmem::find_iter(piece.bytes, MAGIC) {
            let rest = &piece.bytes[at..];
            // The section is aligned; Go's own tools carry the magic as a constant, too.
            if (piece.offset + at as u64).is_multiple_of(16)
                && rest.get(15).is_some_and(|flags| flags & 2 != 0)
            {
                self.wanted = LIMIT;
                self.take(rest);
                return;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let step = bytes.len().min(self.wanted.saturating_sub(self.taken.len()));
        self.taken.extend_from_slice(&bytes[..step]);
        if let Some(length) = length(&self.taken) {
            self.wanted = length.min(LIMIT);
        }
        if self.taken.len() >= self.wanted {
            self.taken.truncate(self.wanted);
            self.done = true;
        }
    }

    /// The information, when it is whole.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        self.done.then_some(self.taken)
    }
}

/// A length and where what it counts begins.
fn varint(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for index in 0..5 {
        let byte = *bytes.get(at + index)?;
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, at + index + 1));
        }
    }
    None
}

/// How long the information is, once both lengths are there.
fn length(bytes: &[u8]) -> Option<usize> {
    let (version, start) = varint(bytes, HEADER)?;
    let (modules, start) = varint(bytes, start.checked_add(version)?)?;
    start.checked_add(modules)
}

/// Reads the modules: `path`, `mod`, `dep` and `=>` lines between two markers of 16 bytes.
pub(super) fn packages(info: &[u8], path: &str, layer: usize, packages: &mut Vec<PackageFact>) {
    let parts = || {
        let (length, start) = varint(info, HEADER)?;
        let version = info.get(start..start.checked_add(length)?)?;
        let (length, start) = varint(info, start + length)?;
        let modules = info.get(start..start.checked_add(length)?)?;
        Some((
            String::from_utf8_lossy(version).into_owned(),
            modules.get(16..modules.len().saturating_sub(16)).unwrap_or_default(),
        ))
    };
    let Some((version, modules)) = parts() else { return };
    let mut add = |name: &str, version: &str, root: bool| {
        packages.push(PackageFact {
            kind: "golang".to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            purl: purl("golang", None, name, version, &[]),
            license: None,
            evidence: path.to_owned(),
            layer,
            depends: Vec::new(),
            root,
            ..PackageFact::default()
        });
    };
    if let Some(number) = version.split_whitespace().next().and_then(|text| text.strip_prefix("go")) {
        add("stdlib", number, false);
    }
    let text = String::from_utf8_lossy(modules);
    let mut modules: Vec<(&str, &str, bool)> = Vec::new();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let kind = fields.next().unwrap_or_default();
        let (Some(name), Some(version)) = (fields.next(), fields.next()) else { continue };
        match kind {
            "mod" => modules.push((name, version, true)),
            "dep" => modules.push((name, version, false)),
            // A replacement stands for the module before it.
            "=>" => {
                if let Some(last) = modules.last_mut() {
                    (last.0, last.1) = (name, version);
                }
            }
            _ => {}
        }
    }
    for (name, version, root) in modules {
        // A main module built from a work tree has no version.
        add(name, if version == "(devel)" { "" } else { version }, root);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_and_replaced() {
        let modules = format!(
            "{0}path\texample\nmod\tex.org/app\t(devel)\t\ndep\tex.org/a\tv1.2.0\th1:x=\ndep\tex.org/b\tv1\n=>\tex.org/c\tv2\n{0}",
            "0123456789abcdef"
        );
        let mut bytes = MAGIC.to_vec();
        bytes.extend([8, 2]);
        bytes.resize(HEADER, 0);
        bytes.push(8);
        bytes.extend(b"go1.22.1");
        let length = modules.len();
        bytes.extend([u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()]);
        bytes.extend(modules.as_bytes());
        let mut file = vec![0; 64];
        file.extend(&bytes);
        file.extend([0; 40]);
        let mut finder = GoFinder::default();
        finder.piece(&Piece { bytes: &file, seen: 0, offset: 0, last: true });
        let info = finder.finish().unwrap();
        assert_eq!(info, bytes);
        let mut found = Vec::new();
        packages(&info, "/app", 0, &mut found);
        let names: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.version.as_str())).collect();
        assert_eq!(
            names,
            [("stdlib", "1.22.1"), ("ex.org/app", ""), ("ex.org/a", "v1.2.0"), ("ex.org/c", "v2")]
        );
    }
}
