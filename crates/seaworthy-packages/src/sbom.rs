//! Software bills of materials of others, read back into packages: SPDX 2.2 and 2.3 (JSON and tag-value), CycloneDX
//! 1.2 to 1.7 (JSON), and syft's own JSON.
//!
//! Reading is tolerant: what is understood is given. [`check`] is strict: it says what makes a document invalid, by
//! CycloneDX's schemas and by what SPDX requires.

mod check_spdx;
mod compare;
mod cyclonedx;
mod fields;
mod schema;
mod spdx;
mod syft;
mod tag_value;

pub use compare::{Comparison, compare};
use seaworthy_facts::{DistributionFact, PackageFact};
use serde_json::Value;
use std::fmt;

/// How this program's own documents begin to say that nothing tells what is in a program.
const UNKNOWN: &str = "unknown contents";

/// The form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SPDX as JSON.
    SpdxJson,
    /// SPDX as tags and values.
    SpdxTagValue,
    /// CycloneDX as JSON.
    CycloneDx,
    /// syft's own JSON.
    Syft,
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::SpdxJson => "SPDX JSON",
            Self::SpdxTagValue => "SPDX tag-value",
            Self::CycloneDx => "CycloneDX JSON",
            Self::Syft => "syft JSON",
        })
    }
}

/// Why a document is no SBOM that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SbomError {
    /// It is neither JSON nor tags and values.
    Syntax(String),
    /// It is JSON of some other kind.
    Unknown,
    /// The version of the format is none that is known.
    Version(Format, String),
}

impl fmt::Display for SbomError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(why) => write!(out, "it is neither JSON nor SPDX tag-value: {why}"),
            Self::Unknown => out.write_str("it is no SPDX, CycloneDX or syft document"),
            Self::Version(format, version) => write!(out, "{format} of version `{version}` is not known"),
        }
    }
}

impl std::error::Error for SbomError {}

/// What a document says.
#[derive(Clone, Debug, PartialEq)]
pub struct Bom {
    /// Its form.
    pub format: Format,
    /// The version of the format, such as `1.6` or `SPDX-2.3`.
    pub version: String,
    /// What it describes, by name.
    pub subject: String,
    /// The digest of the image it describes, where it names one.
    pub digest: Option<String>,
    /// The distribution, where it names one.
    pub distribution: Option<DistributionFact>,
    /// The packages. Those without a package URL have the kind that could be guessed, or none.
    pub packages: Vec<PackageFact>,
    /// Programs of which it says that nothing is known of what is in them.
    pub unknown: Vec<String>,
    /// Oddities that did not stop the reading.
    pub problems: Vec<String>,
}

/// Reads a document of any known form.
///
/// # Errors
/// When it is no such document. What is merely invalid is read all the same.
pub fn read(bytes: &[u8]) -> Result<Bom, SbomError> {
    let (format, document) = parse(bytes)?;
    let mut bom = match format {
        Format::CycloneDx => cyclonedx::read(&document),
        Format::Syft => syft::read(&document),
        Format::SpdxJson | Format::SpdxTagValue => spdx::read(&document, format),
    }?;
    if bom.distribution.is_none() {
        bom.distribution = fields::distribution(&bom.packages);
    }
    Ok(bom)
}

/// What makes a document invalid; nothing for a valid one. At most twenty reasons.
///
/// # Errors
/// When it is no document of a known form, or of a version that has no schema here.
pub fn check(bytes: &[u8]) -> Result<Vec<String>, SbomError> {
    let (format, document) = parse(bytes)?;
    match format {
        Format::CycloneDx => {
            let version = cyclonedx::version(&document)?;
            Ok(schema::check(&document, version))
        }
        Format::SpdxJson | Format::SpdxTagValue => Ok(check_spdx::check(&document)),
        Format::Syft => syft::read(&document).map(|_| Vec::new()),
    }
}

/// The form of a document, and the document as JSON.
fn parse(bytes: &[u8]) -> Result<(Format, Value), SbomError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let text = String::from_utf8_lossy(bytes);
        return if text.lines().any(|line| line.trim_start().starts_with("SPDXVersion:")) {
            Ok((Format::SpdxTagValue, tag_value::read(&text)))
        } else {
            Err(SbomError::Syntax("no line says `SPDXVersion:`".to_owned()))
        };
    }
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| SbomError::Syntax(error.to_string()))?;
    let has = |key: &str| document.get(key).is_some();
    // An attestation holds the document as its predicate.
    if has("predicate") && has("predicateType") {
        let inner = document.get("predicate").cloned().unwrap_or_default();
        let inner = inner.get("Data").cloned().unwrap_or(inner);
        let text = inner.as_str().map_or_else(|| inner.to_string(), str::to_owned);
        return if text.len() < bytes.len() { parse(text.as_bytes()) } else { Err(SbomError::Unknown) };
    }
    let format = if has("bomFormat") || (has("specVersion") && has("version")) {
        Format::CycloneDx
    } else if has("spdxVersion") || has("SPDXID") {
        Format::SpdxJson
    } else if has("artifacts") && (has("schema") || has("descriptor")) {
        Format::Syft
    } else {
        return Err(SbomError::Unknown);
    };
    Ok((format, document))
}
