//! Platforms (`image-spec` image-index.md, "platform").

use serde::{Deserialize, Serialize};
use std::fmt;

/// Operating system and architecture an image is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// Architecture by Go's name, such as `amd64`.
    pub architecture: String,
    /// Operating system by Go's name, such as `linux`.
    pub os: String,
    /// Version of the operating system.
    #[serde(rename = "os.version", default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Variant of the architecture, such as `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    /// A platform from `os/arch` or `os/arch/variant`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let os = parts.next().filter(|part| !part.is_empty())?;
        let architecture = parts.next().filter(|part| !part.is_empty())?;
        let variant = parts.next();
        if parts.next().is_some() {
            return None;
        }
        let variant = variant.map(str::to_owned);
        Some(Self { architecture: architecture.to_owned(), os: os.to_owned(), os_version: None, variant })
    }

    /// The platform of this machine.
    pub fn host() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self {
            architecture: architecture.to_owned(),
            os: "linux".to_owned(),
            os_version: None,
            variant: None,
        }
    }

    /// Whether an image for `self` serves a request for `wanted`; a variant counts only where both name one.
    pub fn serves(&self, wanted: &Self) -> bool {
        let variant = match (&self.variant, &wanted.variant) {
            (Some(mine), Some(asked)) => mine == asked,
            _ => true,
        };
        self.os == wanted.os && self.architecture == wanted.architecture && variant
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(out, "/{variant}"),
            None => Ok(()),
        }
    }
}
