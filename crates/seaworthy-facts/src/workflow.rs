//! What a repository's workflows and actions say.

use crate::TextFile;
use seaworthy_workflow::{Action, Problem, Workflow};

/// A workflow file.
#[derive(Clone, Debug)]
pub struct WorkflowFact {
    /// The file.
    pub file: TextFile,
    /// What does not read.
    pub problems: Vec<Problem>,
    /// What it says.
    pub workflow: Workflow,
}

/// An `action.yml`.
#[derive(Clone, Debug)]
pub struct ActionFact {
    /// The file.
    pub file: TextFile,
    /// What does not read.
    pub problems: Vec<Problem>,
    /// What it says.
    pub action: Action,
}
