//! OCI references, digests, descriptors, manifests and image configurations, without I/O.
//!
//! Wire types follow the OCI image specification 1.1 (`image-spec`: manifest, image-index, config, descriptor) and Docker's
//! schema 2; unknown fields are ignored on reading, absent ones left out on writing.

mod config;
mod digest;
mod manifest;
mod object;
mod platform;
mod reference;
mod transport;

pub use config::{ContainerConfig, Healthcheck, History, ImageConfig, RootFs};
pub use digest::{Digest, DigestError, Hasher};
pub use manifest::{Descriptor, Index, Manifest, media_type};
pub use platform::Platform;
pub use reference::{Reference, ReferenceError};
pub use transport::{Source, SourceError};
