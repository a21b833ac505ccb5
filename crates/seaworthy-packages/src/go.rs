//! Go's build information, as the toolchain lays it out since 1.18: a header of 32 bytes, then two strings.

use crate::Source;
use seaworthy_facts::{GoBuild, PackageFact};

/// How the information begins.
pub const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Bytes before the two strings.
pub const HEADER: usize = 32;

/// A length and where what it counts begins.
fn varint(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for index in 0..5 {
        let byte = *bytes.get(at.checked_add(index)?)?;
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, at + index + 1));
        }
    }
    None
}

/// How long the information is, once both lengths are there.
pub fn length(bytes: &[u8]) -> Option<usize> {
    let (version, start) = varint(bytes, HEADER)?;
    let (modules, start) = varint(bytes, start.checked_add(version)?)?;
    start.checked_add(modules)
}

/// What the information says.
#[derive(Clone, Debug, Default)]
pub struct Information {
    /// Toolchain and settings.
    pub build: GoBuild,
    /// The standard library, the main module and what it was built with.
    pub packages: Vec<PackageFact>,
    /// Whether modules are listed at all: what distributions build with vendored sources lists none.
    pub listed: bool,
}

/// Reads the information: `path`, `mod`, `dep`, `=>` and `build` lines between two markers of 16 bytes.
pub fn information(source: &Source<'_>) -> Option<Information> {
    let info = source.bytes;
    let (length, start) = varint(info, HEADER)?;
    let version = String::from_utf8_lossy(info.get(start..start.checked_add(length)?)?).into_owned();
    let (length, start) = varint(info, start + length)?;
    let modules = info.get(start..start.checked_add(length)?)?;
    let modules = modules.get(16..modules.len().saturating_sub(16)).unwrap_or_default();
    let mut information = Information::default();
    if let Some(number) = version.split_whitespace().next().and_then(|text| text.strip_prefix("go")) {
        information.packages.push(source.package("golang", "stdlib", number));
    }
    let text = String::from_utf8_lossy(modules);
    let mut modules: Vec<(&str, &str, bool)> = Vec::new();
    for line in text.lines() {
        let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
        let mut fields = rest.split('\t');
        let (name, version) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        match kind {
            "mod" | "dep" if !name.is_empty() => modules.push((name, version, kind == "mod")),
            // A replacement stands for the module before it; a folder has no version, and the module's name stays.
            "=>" => {
                if let Some(last) = modules.last_mut() {
                    if name.starts_with(['.', '/']) {
                        last.1 = "";
                    } else {
                        (last.0, last.1) = (name, version);
                    }
                }
            }
            "build" => {
                if let Some((key, value)) = rest.split_once('=') {
                    let value =
                        value.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(value);
                    information.build.settings.insert(key.to_owned(), value.to_owned());
                }
            }
            _ => {}
        }
    }
    information.listed = !modules.is_empty();
    let root = modules.iter().position(|(.., main)| *main);
    let ids: Vec<String> = modules
        .iter()
        .filter(|(.., main)| !main)
        .map(|(name, version, _)| format!("{name}@{version}"))
        .collect();
    for (at, (name, version, main)) in modules.into_iter().enumerate() {
        // A main module built from a work tree has no version, unless the linker was told to write one into it.
        let stated = (main && version == "(devel)").then(|| linked_version(&information.build)).flatten();
        let version = if version == "(devel)" { stated.as_deref().unwrap_or_default() } else { version };
        let mut package = source.package("golang", name, version);
        package.root = main;
        if root == Some(at) {
            package.depends.clone_from(&ids);
        }
        information.packages.push(package);
    }
    information.build.version = version;
    Some(information)
}

/// The version that the linker wrote into a variable of the main package, `-X main.version=1.2.3`, as Go spells one.
fn linked_version(build: &GoBuild) -> Option<String> {
    let flags = build.settings.get("-ldflags")?;
    let names = ["main.version=", "main.Version="];
    let value = names.iter().find_map(|name| flags.split(name).nth(1))?;
    let value = value.split([' ', '"', '\'']).next().unwrap_or_default();
    let number = value.strip_prefix('v').unwrap_or(value);
    let numbers = number.split(['-', '+']).next().unwrap_or_default();
    let release = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (numbers.split('.').count() == 3 && numbers.split('.').all(release)).then(|| format!("v{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_and_replaced() {
        let modules = format!(
            "{0}path\texample\nmod\tex.org/app\t(devel)\t\ndep\tex.org/a\tv1.2.0\th1:x=\ndep\tex.org/b\tv1\n=>\tex.org/c\tv2\ndep\tex.org/d\tv1\n=>\t./d\t(devel)\t\nbuild\tGOOS=linux\nbuild\t-ldflags=\"-s -X main.version=1.2.3 -X x=y\"\nbuild\t-tags=\"a b\"\n{0}",
            "0123456789abcdef"
        );
        let mut bytes = MAGIC.to_vec();
        bytes.extend([8, 2]);
        bytes.resize(HEADER, 0);
        bytes.push(8);
        bytes.extend(b"go1.22.1");
        bytes.extend([
            u8::try_from(modules.len() & 0x7f).unwrap() | 0x80,
            u8::try_from(modules.len() >> 7).unwrap(),
        ]);
        bytes.extend(modules.as_bytes());
        assert_eq!(length(&bytes), Some(bytes.len()));
        let found =
            information(&Source { path: "/app", layer: 0, bytes: &bytes, distribution: None }).unwrap();
        let names: Vec<_> =
            found.packages.iter().map(|one| (one.name.as_str(), one.version.as_str())).collect();
        assert_eq!(
            names,
            [
                ("stdlib", "1.22.1"),
                ("ex.org/app", "v1.2.3"),
                ("ex.org/a", "v1.2.0"),
                ("ex.org/c", "v2"),
                ("ex.org/d", "")
            ]
        );
        assert_eq!(found.build.settings["GOOS"], "linux");
        assert_eq!(found.build.settings["-tags"], "a b");
        assert!(found.listed);
    }
}
