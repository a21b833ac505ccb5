//! What stops an inspection.

use seaworthy_store::StoreError;

/// An image that cannot be inspected.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// A layer cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A layer was left unread because another one failed. Never seen by a caller: the failure comes first.
    #[error("a layer was not read")]
    Unread,
}

impl InspectError {
    /// What to do next, where the message does not say it already.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Unread => None,
        }
    }
}
