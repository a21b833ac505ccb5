//! Image sources and sinks: OCI layouts and archives, docker archives, directories, the stores of engines.
//!
//! Nothing here trusts a length, a digest or a path it reads; every size and digest is checked on the way through.

mod archive;
mod error;
mod folder;
mod graph;
mod gunzip;
mod image;
mod layer;
mod layout;
mod pump;
mod stop;
pub mod tape;
mod unpack;
mod verify;

pub use archive::{Archive, write_docker_archive, write_oci_archive};
pub use error::StoreError;
pub use graph::{is_docker_graph, open_docker_graph, open_storage, storage_roots};
pub use gunzip::Gunzip;
pub use image::{Image, descend, open};
pub use layer::Zstd;
pub use layer::{Compression, LayerEnd, LayerStream, Limits};
pub use layout::{BlobSink, DOCUMENT_LIMIT, Layout, REF_NAME, parse_config, parse_index, parse_manifest};
pub use pump::{Pump, PumpWriter};
pub use stop::stop;
pub use unpack::{UnpackOptions, Unpacked, unpack};
pub use verify::Verified;

use seaworthy_oci::Descriptor;
use std::io::Read;
use std::path::PathBuf;

/// A store that blobs can be read from: a layout, an archive, a registry, an engine.
pub trait Blobs: Send + Sync {
    /// Opens a blob. What is read need not be right yet: the caller verifies it ([`Verified`]).
    ///
    /// # Errors
    /// When the blob is missing or cannot be read.
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError>;

    /// Where the blobs lie, for messages.
    fn place(&self) -> String;

    /// The directory that holds a layer already unpacked, as overlayfs stacks it, where there is one.
    fn tree(&self, _layer: &Descriptor) -> Option<PathBuf> {
        None
    }
}
