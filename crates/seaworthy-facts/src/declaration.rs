//! What small files at the project's root declare: licence, version, toolchain, lockfiles.

/// What a declaration is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The licence of a LICENSE file, as an SPDX identifier.
    Licence,
    /// The project's version.
    Version,
    /// The version of Rust it is built with.
    Rust,
    /// The version of Node.
    Node,
    /// The version of Python.
    Python,
    /// The least version of Go.
    Go,
}

/// One declaration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declaration {
    /// The file, relative to the project's root.
    pub path: String,
    /// What it is about.
    pub about: About,
    /// What it says.
    pub value: String,
}
