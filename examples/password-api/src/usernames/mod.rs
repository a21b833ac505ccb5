//! Usernames: read a request, and generate names that fit a service's rules and share no words.
//!
//! Nothing is remembered between requests; what other programs keep in files is given in the request.

mod filter;
mod generate;
mod profile;
mod request;
mod scheme;
mod vocabulary;

pub use generate::{Generated, generate};
pub use profile::{PROFILES, Profile};
pub use request::{FIELDS, UsernameRequest};
