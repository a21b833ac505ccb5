//! Known vulnerabilities: OSV exports become one index, and packages are judged by it.
//!
//! [`import`] reads exports, [`Index`] answers "what affects this version of this package", and [`scan`] asks it about
//! every package of an image or of an SBOM. What could not be judged is told, never dropped: an empty result means
//! that something was looked at. Nothing here uses the network.

mod advisory;
mod base;
mod components;
mod ecosystem;
mod enrich;
mod error;
mod evaluate;
mod import;
mod index;
mod rate;
mod scan;
mod vex;

pub use advisory::{Advisory, Affected, Event, Range, Rated, Refused, read_record};
pub use base::{attribute, compare, shared_layers, stated_base};
pub use components::{Component, SbomError, Subject, of_image, read_sbom};
pub use ecosystem::{canonical, scheme};
pub use enrich::{Enrichment, EnrichmentError};
pub use error::{ImportError, IndexError};
pub use evaluate::{affects, fixes};
pub use import::{Counts, Imported, Limits, Report as ImportReport, SourceReport, import};
pub use index::{Hit, Index, Known, META_LIMIT, Meta, SourceMeta, seal as seal_index, write as write_index};
pub use scan::{Options, scan};
pub use vex::{Vex, VexError};
