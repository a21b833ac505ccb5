//! What the project's source code says about its surroundings: variables it reads, paths it serves.

use std::collections::{BTreeMap, BTreeSet};

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The file, relative to the project's root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// What becomes of a variable that is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// This text takes its place.
    Default(String),
    /// The program stops.
    Stops,
    /// Nothing tells.
    Unknown,
}

/// A place that reads a variable of the environment by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableRead {
    /// Where.
    pub place: SourcePlace,
    /// What happens without the variable.
    pub absence: Absence,
}

/// What is known of the project's source code; tests and examples are asked for names only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// Number of source files that were read.
    pub files: usize,
    /// Whether that is all of them.
    pub complete: bool,
    /// Whether variables are read under names that are put together when the program runs.
    pub computed_names: bool,
    /// Variables that are read by name, by their names.
    pub reads: BTreeMap<String, Vec<VariableRead>>,
    /// Every variable and path that claims name and that was looked for.
    pub asked: BTreeSet<String>,
    /// Those of them that stand in source code, in any spelling.
    pub in_code: BTreeSet<String>,
    /// Those of them that stand in any other file that is no document: compose files, scripts, templates.
    pub elsewhere: BTreeSet<String>,
    /// Text constants that look like a path of a health check, without the outer slashes, and where they stand first.
    pub health_paths: BTreeMap<String, SourcePlace>,
}

impl SourceFacts {
    /// Whether nothing but documents has a name that was looked for.
    pub fn nowhere(&self, name: &str) -> bool {
        self.complete
            && self.asked.contains(name)
            && !self.in_code.contains(name)
            && !self.elsewhere.contains(name)
    }
}
