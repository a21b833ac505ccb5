//! Exit codes, in one place: they are part of the public interface.

/// What a command tells the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Fit, or clean: nothing at or above the threshold.
    Clean = 0,
    /// Findings at or above the threshold, a failed behaviour, or a gate that could not be proven.
    Findings = 1,
    /// Usage, configuration or tool error.
    Error = 2,
    /// There was nothing to check.
    NothingToCheck = 3,
    /// The environment lacks what was explicitly asked for.
    EnvironmentMissing = 4,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code with its meaning, for `seaworthy help exit-codes` and the documentation.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Clean, "fit or clean: nothing at or above the threshold"),
        (Self::Findings, "findings at or above the threshold, a failed behaviour, or an unproven gate"),
        (Self::Error, "usage, configuration or tool error"),
        (Self::NothingToCheck, "nothing to check"),
        (Self::EnvironmentMissing, "the environment lacks what was explicitly asked for"),
        (Self::Interrupted, "interrupted"),
    ];

    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
