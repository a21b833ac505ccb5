//! What package managers leave behind in an image, and what others' SBOMs say: bytes in, packages out.
//!
//! Every reader is pure, bears any bytes, is bounded by the size of its input, and gives what it understood. Where a
//! file lies, and whether a later layer hides it, is the caller's affair.

pub mod apk;
pub mod auditable;
pub mod deb;
pub mod dotnet;
pub mod go;
pub mod java;
pub mod license;
pub mod lockfile;

pub mod npm;
pub mod php;
pub mod programs;
pub mod purl;
pub mod python;
pub mod r;
pub mod rpm;
pub mod ruby;
pub mod sbom;

mod zip;

use seaworthy_facts::{DistributionFact, PackageFact};

/// A file that names packages, and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its absolute path in the image.
    pub path: &'a str,
    /// The layer it lies in.
    pub layer: usize,
    /// Its content.
    pub bytes: &'a [u8],
    /// The distribution of the image.
    pub distribution: Option<&'a DistributionFact>,
}

impl Source<'_> {
    /// A package that this file proves.
    pub(crate) fn package(&self, kind: &str, name: &str, version: &str) -> PackageFact {
        PackageFact {
            kind: kind.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            purl: purl::purl(kind, None, name, version, &[]),
            evidence: self.path.to_owned(),
            layer: self.layer,
            ..PackageFact::default()
        }
    }

    /// The namespace and the `distro` qualifier of a distribution's packages.
    fn distro(&self, fallback: &str) -> (String, String) {
        self.distribution.map_or_else(
            || (fallback.to_owned(), String::new()),
            |known| {
                // The vendor's name in package URLs is not the system's id.
                let space = if known.id == "rhel" { "redhat" } else { known.id.as_str() };
                (if space.is_empty() { fallback } else { space }.to_owned(), known.qualifier())
            },
        )
    }

    /// The content as text; what is no UTF-8 is replaced.
    fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// The content as JSON, without a byte order mark.
    fn json(&self) -> Option<serde_json::Value> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        serde_json::from_slice(bytes).ok()
    }
}

/// Packages of a distribution's database with the files each of them brought.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// The packages.
    pub packages: Vec<PackageFact>,
    /// Path without a leading slash → index of its package. Paths come as the database spells them.
    pub files: Vec<(String, usize)>,
}

/// Base64 as hexadecimal digits; nothing for what is none.
pub(crate) fn hex_of_base64(text: &str) -> Option<String> {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        (bits, count) = ((bits << 6) | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            // Writing to a string cannot fail.
            let _ = write!(out, "{:02x}", (bits >> count) & 0xff);
        }
        bits &= (1 << count) - 1;
    }
    Some(out)
}

/// The source package as package URLs name it, with its version where that differs; empty where it is the package itself.
fn upstream(package: &seaworthy_facts::PackageFact) -> String {
    match &package.source {
        Some(source) if source.version == package.version => source.name.clone(),
        Some(source) => format!("{}@{}", source.name, source.version),
        None => String::new(),
    }
}
