//! How a command ends when it cannot do its work.

use seaworthy_finding::ExitCode;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// An error with its exit code and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: ExitCode,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure with a message.
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// A tool, usage or configuration error, the sources of the error included; an error of the file system brings its
    /// hint along.
    pub(crate) fn of(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = format!("failed to {what}: {}", words(error));
        let mut hint = error.downcast_ref::<io::Error>().and_then(next_step);
        let mut source = error.source();
        while let Some(error) = source {
            message = format!("{message}: {}", words(error));
            hint = hint.or_else(|| error.downcast_ref::<io::Error>().and_then(next_step));
            source = error.source();
        }
        Self { code: ExitCode::Error, message, hint: hint.map(str::to_owned) }
    }

    /// A file or directory that the system does not let us use.
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("failed to {action} `{}`: {}", path.display(), words(error));
        Self { code: ExitCode::Error, message, hint: next_step(error).map(str::to_owned) }
    }

    /// The end of a run that a signal stopped: nothing is printed, and what was made is dropped on the way out.
    pub(crate) fn interrupted() -> Self {
        Self::new(ExitCode::Interrupted, "")
    }

    /// The same with a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with another exit code.
    #[must_use]
    pub(crate) fn code(mut self, code: ExitCode) -> Self {
        self.code = code;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// An error's words without the system's numbers, which say nothing more.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let text = error.to_string();
    // `tempfile` adds the name of a file that never came to be.
    let text = text.split_once(" at path \"").map_or(text.as_str(), |(words, _)| words);
    let number = text.rsplit_once(" (os error ");
    let number =
        number.filter(|(_, rest)| rest.trim_end_matches(')').bytes().all(|byte| byte.is_ascii_digit()));
    number.map_or(text, |(words, _)| words).to_owned()
}

/// What to do about an error of the file system.
fn next_step(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "check the path; a relative one begins at the current directory",
        ErrorKind::PermissionDenied => "check who may read and write it",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space, or name another place by `TMPDIR` or `--output`"
        }
        ErrorKind::ReadOnlyFilesystem => "name a place that can be written",
        ErrorKind::IsADirectory => "name a file, not a directory",
        ErrorKind::NotADirectory => "name a directory, or a file of the kinds that `--help` lists",
        ErrorKind::AlreadyExists => "nothing is overwritten: remove it, or choose another name",
        ErrorKind::InvalidData => "a text in UTF-8 is expected",
        _ => return None,
    })
}
