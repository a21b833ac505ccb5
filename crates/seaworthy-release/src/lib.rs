//! Publishes, signs, attests and verifies images.
//!
//! One writer sends everything in the order that leaves nothing half-written: blobs, manifests, what is attached, tags
//! last. Then a fresh reader reads all of it back. Signatures and attestations are sigstore bundles as cosign writes
//! and reads them, made with a key; nothing here talks to a transparency log. What others signed without a key is
//! verified from the bundle alone ([`keyless`]).

mod attached;
mod bundle;
mod copy;
mod error;
mod keyfile;
pub mod keyless;
mod keys;
mod place;
mod publish;
mod pull;
pub mod retention;
mod tags;
mod verify;

pub use attached::{Document, attached};
pub use bundle::{PREDICATE_SIGN, PREDICATE_SPDX, Statement, Subject};
pub use copy::{Copied, CopyOptions, copy};
pub use error::{Error, InvalidTag};
pub use keys::{KeyPair, PrivateKey, PublicKey, write_pair};
pub use place::Destination;
pub use publish::{PublishOptions, attest, publish, push, sign};
pub use pull::pull;
pub use tags::check_tags;
pub use verify::{Attested, Reason, Rejected, Signed, Storage, Trust, Verified, attestations, verify};
