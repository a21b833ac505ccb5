//! Boots an image and observes how it behaves.
//!
//! A [`Subject`] says what is booted and what is known of it; a [`Driver`] boots it, in the embedded sandbox or on
//! a Docker Engine; [`run`] makes the boots and fills [`seaworthy_facts::RunFacts`]. Both drivers give the same
//! facts. Health is probed from here, never by an engine. Nothing is printed.

mod boot;
mod commands;
mod docker;
mod driver;
mod expect;
mod forward;
mod health;
mod http;
mod idle;
mod logs;
mod missing;
mod need;
mod plan;
mod pool;
mod probe;
mod sandbox;
mod services;
mod stop;
mod thorough;
mod trial;
mod volume;
mod writes;

pub use commands::{NoCommands, SandboxCommands};
pub use docker::DockerDriver;
pub use driver::{
    Captured, Container, Driver, DriverError, ExecResult, Launch, MountedFile, Peer, PrivilegeStatus,
    ProcessStatus, Reached, TmpfsMount, Unreached,
};
pub use plan::{Beside, Plan, PlanError, Required, Secret, Subject};
pub use sandbox::SandboxDriver;
pub use services::{ServicePlan, attach};
pub use trial::{Event, Options, run};

/// Whether a text is a request such as `GET /healthz`, and if not, how one is written.
///
/// # Errors
/// When it is none; the text says so to people.
pub fn check_request(text: &str) -> Result<(), String> {
    http::Request::parse(text).map(drop)
}
