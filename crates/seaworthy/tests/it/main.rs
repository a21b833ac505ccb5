//! The program as its users meet it: one binary of end-to-end tests against real parts.
//!
//! Tests that need what this machine lacks print `skipped: …`; with `SEAWORTHY_REQUIRE_PARTS` set, as in CI, they fail instead.

mod bad_input;
mod cli;
mod engines;
mod judges;
mod leftovers;
mod mutants;
mod ship;
mod support;
