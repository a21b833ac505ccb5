//! The program as its users meet it: one binary of end-to-end tests against real parts.
//!
//! Tests that need what this machine lacks print `skipped: …`; with `SEAWORTHY_REQUIRE_PARTS` set, as in CI, they fail instead.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where a helper fails, and says what it skips"
)]

mod bad_input;
mod check_adopt;
mod check_bases;
mod check_engine;
mod check_fix;
mod cli;
mod dockle;
mod engines;
mod formats;
mod judges;
mod leftovers;
mod looking;
mod lsp;
mod memory;
mod mutants;
mod prune;
mod sboms;
mod scan;
mod scan_update;
mod secrets_hidden;
mod services;
mod ship;
mod structure;
mod support;
mod tags;
mod zoo;
