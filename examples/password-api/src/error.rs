//! Why a generator gave nothing: the request's fault, or the machine's.

use crate::payload::Invalid;
use crate::random::RandomError;

/// The two ways a generator fails.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The request cannot be met; the message is for the client.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no randomness, so nothing may be generated.
    #[error(transparent)]
    Random(#[from] RandomError),
}
