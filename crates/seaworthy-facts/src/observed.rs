//! An observation that may not have been made; "not run" is never confused with a result.

use serde::{Deserialize, Serialize};

/// What came of an attempt to observe something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", content = "value", rename_all = "kebab-case")]
pub enum Observed<T> {
    /// It was observed.
    Seen(T),
    /// It could not be observed, for this reason.
    NotRun(String),
    /// There is nothing to observe, for this reason.
    NotApplicable(String),
    /// Nobody tried; the same as not run, without a reason of its own.
    #[default]
    NotTried,
}

impl<T> Observed<T> {
    /// The observation, where there is one.
    pub const fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::NotRun(_) | Self::NotApplicable(_) | Self::NotTried => None,
        }
    }
}
