//! A private HTTP service that generates passwords, keys and usernames.
//!
//! The generators (`passwords`, `usernames`, `random`) know nothing of HTTP; `http` maps requests to them
//! and every outcome to JSON; `server` owns sockets, limits and the drain. Nothing is written to disk, no
//! outbound connection is made, and neither tokens nor generated values reach a log.

pub mod auth;
pub mod cli;
pub mod clients;
pub mod config;
pub mod error;
pub mod health;
pub mod http;
pub mod json_errors;
pub mod logging;
pub mod passwords;
pub mod payload;
pub mod random;
pub mod secret_file;
pub mod server;
pub mod throttle;
pub mod timeout_io;
pub mod tls;
pub mod usernames;

/// The version reported by `--version` and in the start line.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
