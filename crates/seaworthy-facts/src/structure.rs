//! What container-structure-test files say about an image.

use seaworthy_finding::Span;
use serde::{Deserialize, Serialize};

/// The results of every structure test file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructureFacts {
    /// The files in the order they were named.
    pub files: Vec<StructureFile>,
    /// Wall time in milliseconds.
    #[serde(default)]
    pub ms: u64,
}

/// One file and what came of its tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructureFile {
    /// Path relative to the project's root, or as it was named.
    pub path: String,
    /// Its text, for places and excerpts.
    #[serde(default, skip_serializing)]
    pub text: String,
    /// Why the file as a whole was refused, or what its author should know; nothing of a refused file ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<StructureProblem>,
    /// Its tests in the order they run.
    #[serde(default)]
    pub tests: Vec<StructureTest>,
}

/// What is wrong with a file, or with one assertion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructureProblem {
    /// Where in the file.
    pub span: Span,
    /// What is wrong, in words.
    pub message: String,
    /// What to write instead, where that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
}

/// How one test ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StructureOutcome {
    /// Every assertion holds.
    Passed,
    /// An assertion does not hold, or the test is invalid.
    Failed,
    /// It could not be run here.
    #[default]
    NotRun,
}

/// One test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructureTest {
    /// Its name as container-structure-test reports it, such as `Command Test: version`.
    pub name: String,
    /// Where it stands in the file.
    pub span: Span,
    /// How it ended.
    pub outcome: StructureOutcome,
    /// What does not hold; for a test that was not run, why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<StructureProblem>,
    /// The beginning of the command's standard output.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// The beginning of the command's standard error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// Milliseconds of its commands.
    #[serde(default)]
    pub ms: u64,
}
