//! Drives Docker Engine and Podman through their HTTP API.
//!
//! Synchronous, and only the endpoints a trial needs. Three habits hold everywhere: the API version is negotiated, a
//! process that exits with a code other than zero is data and no error, and what is made carries [`RUN_LABEL`] and is
//! removed by a guard.

mod address;
mod client;
mod connect;
mod container;
mod error;
mod exec;
mod frames;
mod image;
mod limits;
mod network;
mod spec;
mod unix;

pub use address::{Address, Tls, candidates};
pub use connect::{Engine, EngineInfo};
pub use container::{
    Change, ChangeKind, Container, ContainerState, HealthState, ListedContainer, Logs, MemoryStats, PathEntry,
};
pub use error::{EngineError, ErrorKind};
pub use exec::{ExecOutput, ExecSpec};
pub use image::{ImageSummary, LoadedImage};
pub use network::NetworkGuard;
pub use spec::{Bind, ContainerSpec, HealthOverride, NetworkMode};

/// The label every container and network of a run carries; its value is the run's id.
pub const RUN_LABEL: &str = "seaworthy.run";
