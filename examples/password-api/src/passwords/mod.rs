//! Passwords and keys: a request is read, turned into a plan that is known to be possible, and generated.

mod alphabet;
mod digest;
mod encoding;
mod format;
mod grouping;
mod phrase;
mod plan;
mod request;

pub use format::Format;
pub use plan::Plan;
pub use request::{FIELDS, PasswordRequest};
