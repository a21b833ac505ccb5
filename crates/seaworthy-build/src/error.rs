//! What can go wrong in a build, and what to do next.

use std::path::PathBuf;

/// The class of a build error; the program maps it to an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The machine lacks a program or a service the build needs.
    EnvironmentMissing,
    /// The project or the policy asks for something that cannot be.
    Input,
    /// The compiler or the builder refused the project.
    BuildFailed,
    /// The user stopped it.
    Cancelled,
    /// A file could not be read or written, or a tool answered in an unknown way.
    Internal,
}

/// Why a build made no image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A program is not on `PATH`.
    #[error("`{program}` is not installed or not on PATH")]
    ProgramMissing {
        /// The program.
        program: String,
        /// What to do about it.
        hint: String,
    },
    /// A service the build needs does not answer.
    #[error("{problem}")]
    ServiceMissing {
        /// What lacks.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// The project or the policy asks for something that cannot be.
    #[error("{problem}")]
    Input {
        /// What is wrong.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// The compiler or the builder refused; its own words are in `output`.
    #[error("{what} failed")]
    Failed {
        /// The program and what it was doing.
        what: String,
        /// What it printed: compiler diagnostics, or the failing step of a Dockerfile.
        output: String,
        /// What to do about it.
        hint: String,
    },
    /// The user stopped it.
    #[error("the build was stopped")]
    Cancelled,
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// `read`, `write`, `start`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A tool answered in a form that is not understood.
    #[error("{what} is not understood: {problem}")]
    Answer {
        /// Whose answer.
        what: String,
        /// What about it.
        problem: String,
    },
    /// The layout could not be written or the result of the builder not be read.
    #[error("cannot store the image in {}", path.display())]
    Store {
        /// The layout.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BuildError {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ProgramMissing { .. } | Self::ServiceMissing { .. } => ErrorKind::EnvironmentMissing,
            Self::Input { .. } => ErrorKind::Input,
            Self::Failed { .. } => ErrorKind::BuildFailed,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Io { .. } | Self::Answer { .. } | Self::Store { .. } => ErrorKind::Internal,
        }
    }

    /// What to do next, where there is something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::ProgramMissing { hint, .. }
            | Self::ServiceMissing { hint, .. }
            | Self::Input { hint, .. }
            | Self::Failed { hint, .. } => Some(hint.as_str()).filter(|hint| !hint.is_empty()),
            _ => None,
        }
    }

    /// The words of the compiler or builder, to be shown as they are.
    pub fn output(&self) -> Option<&str> {
        match self {
            Self::Failed { output, .. } => Some(output.as_str()).filter(|output| !output.is_empty()),
            _ => None,
        }
    }

    pub(crate) fn input(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Input { problem: problem.into(), hint: hint.into() }
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
