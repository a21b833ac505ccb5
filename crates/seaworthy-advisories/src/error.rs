//! What can go wrong with an index and with an import.

use std::path::PathBuf;

/// An index that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The system does not let us read it.
    #[error("read `{path}`", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no index, or one of another version.
    #[error("use `{path}`: {what}", path = .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// Its bytes are not those that were written.
    #[error("use `{path}`: it is damaged ({what})", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        what: &'static str,
    },
    /// The system does not let us write it.
    #[error("write `{path}`", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl IndexError {
    /// What to do next.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Foreign { .. } | Self::Damaged { .. } => {
                Some("make it anew with `seaworthy db import PATH…` or `seaworthy db update URL`")
            }
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

/// An export that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system does not let us read it.
    #[error("read `{path}`", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not what its name or its first bytes say.
    #[error("read `{path}`: {what}", path = .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It is larger than anything that is published.
    #[error("read `{path}`: more than {limit}", path = .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in words.
        limit: String,
    },
    /// Nothing in it is an advisory.
    #[error("find an advisory in {places}")]
    Nothing {
        /// The paths that were given.
        places: String,
    },
}
