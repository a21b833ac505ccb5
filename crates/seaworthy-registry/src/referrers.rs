//! Referrers: what is attached to a manifest, by the API or by the fallback tag (`distribution-spec`, "Listing
//! referrers" and "Pushing manifests with subject").
//!
//! Registries lose entries when two clients write at once, so attachments are written one after the other by one
//! writer, the fallback index by one PUT, and everything is read back until it is listed.

use crate::client::{Fetched, Payload, drain};
use crate::error::{Error, Kind};
use crate::repository::{Repository, next_page};
use crate::retry;
use seaworthy_oci::{Descriptor, Digest, Index, media_type};
use std::collections::BTreeSet;
use ureq::http::Method;

/// Rounds of writing and reading back before an attachment counts as lost.
const ROUNDS: u32 = 6;
/// Pages of referrers that are read.
const PAGES: usize = 1000;

/// What is attached to a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referrers {
    /// Descriptors as listed. Artifact type and annotations may be wrong or absent: other writers leave them out of
    /// the fallback index, so who needs them opens the manifest.
    pub manifests: Vec<Descriptor>,
    /// Whether the registry has the API. Where it lists nothing, the entries are those of the fallback tag.
    pub native: bool,
}

/// One manifest to attach; its blobs are uploaded before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Descriptor with artifact type and annotations, as it is to be listed.
    pub descriptor: Descriptor,
    /// The manifest, whose `subject` is set.
    pub bytes: Vec<u8>,
}

/// How attachments were listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Whether the registry keeps the list itself.
    pub native: bool,
    /// Entries that had to be written again because the registry had lost them.
    pub repaired: u32,
}

/// The tag under which registries without the API list the referrers of a digest.
pub fn fallback_tag(subject: &Digest) -> String {
    format!("{}-{}", subject.algorithm(), subject.hex())
}

impl Repository<'_> {
    /// Lists what is attached to a manifest.
    ///
    /// # Errors
    /// When the registry cannot be asked. Whatever lies under the fallback tag and is no index counts as nothing.
    pub fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        match self.native_referrers(subject)? {
            Some(manifests) if !manifests.is_empty() => Ok(Referrers { manifests, native: true }),
            // A registry that learned the API later may not list what was attached before.
            native => {
                let manifests = self.fallback_index(subject)?.manifests;
                Ok(Referrers { manifests, native: native.is_some() })
            }
        }
    }

    /// `None` where the registry has no API: it answers 404, or anything that is no index.
    fn native_referrers(&self, subject: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        let mut found: Vec<Descriptor> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = Some(self.url(&format!("referrers/{subject}")));
        for page in 0..PAGES {
            let Some(target) = next.take() else { break };
            let mut call = self.call("list referrers", Method::GET, target, Payload::None);
            call.headers.push(("accept", media_type::INDEX.to_owned()));
            let (headers, bytes) = match self.client.fetch(&call)? {
                Fetched::Whole(headers, bytes) => (headers, bytes),
                Fetched::Other(mut answer) => {
                    drain(&mut answer);
                    return Ok((page > 0).then_some(found));
                }
            };
            next = next_page(&call.url, &headers);
            let Some(index) = as_index(&bytes) else { return Ok((page > 0).then_some(found)) };
            found.extend(index.manifests.into_iter().filter(|entry| seen.insert(entry.digest.clone())));
        }
        Ok(Some(found))
    }

    /// The index under the fallback tag; an empty one where there is none, or something else (`cosign copy` pushes
    /// images there).
    fn fallback_index(&self, subject: &Digest) -> Result<Index, Error> {
        match self.manifest(&fallback_tag(subject)) {
            Ok(fetched) => Ok(as_index(&fetched.bytes).unwrap_or_else(|| Index::of(Vec::new()))),
            Err(error) if error.is_not_found() => Ok(Index::of(Vec::new())),
            Err(error) => Err(error),
        }
    }

    /// Stores manifests whose subject is `subject` and makes sure that all of them are listed.
    ///
    /// # Errors
    /// When a manifest is refused; [`Kind::Lost`] when the list stays incomplete.
    pub fn attach(&self, subject: &Digest, attachments: &[Attachment]) -> Result<Attached, Error> {
        let mut native = true;
        for attachment in attachments {
            native &= self.put_manifest(None, &attachment.descriptor, &attachment.bytes)?;
        }
        let mut repaired = 0;
        for round in 1..=ROUNDS {
            if !native {
                self.write_fallback(subject, attachments)?;
            }
            // The header promises that the registry lists it; only the list itself proves it.
            let listed = if native {
                self.native_referrers(subject)?.unwrap_or_default()
            } else {
                self.fallback_index(subject)?.manifests
            };
            let missing: Vec<&Attachment> = attachments
                .iter()
                .filter(|ours| !listed.iter().any(|entry| entry.digest == ours.descriptor.digest))
                .collect();
            if missing.is_empty() {
                return Ok(Attached { native, repaired });
            }
            if round == ROUNDS {
                let names: Vec<&str> = missing.iter().map(|lost| lost.descriptor.digest.as_str()).collect();
                let target = self.url(&format!("referrers/{subject}"));
                return Err(Error::new("attach", &target, Kind::Lost(names.join(", "))));
            }
            std::thread::sleep(retry::backoff(round));
            if native {
                for lost in &missing {
                    self.put_manifest(None, &lost.descriptor, &lost.bytes)?;
                }
            }
            repaired += u32::try_from(missing.len()).unwrap_or(u32::MAX);
        }
        // The last round has returned.
        Ok(Attached { native, repaired })
    }

    /// Adds the entries to the index under the fallback tag, keeping all others, by one PUT.
    fn write_fallback(&self, subject: &Digest, attachments: &[Attachment]) -> Result<(), Error> {
        let mut index = self.fallback_index(subject)?;
        let before = index.manifests.clone();
        for attachment in attachments {
            index.manifests.retain(|entry| entry.digest != attachment.descriptor.digest);
            index.manifests.push(attachment.descriptor.clone());
        }
        if index.manifests == before {
            return Ok(());
        }
        index.media_type = Some(media_type::INDEX.to_owned());
        let target = self.url(&format!("manifests/{}", fallback_tag(subject)));
        let bytes = serde_json::to_vec(&index)
            .map_err(|error| Error::new("attach", &target, Kind::Protocol(error.to_string())))?;
        let descriptor = Descriptor::of(media_type::INDEX, &bytes);
        self.put_manifest(Some(&fallback_tag(subject)), &descriptor, &bytes)?;
        Ok(())
    }
}

/// An index, and nothing that merely is JSON.
fn as_index(bytes: &[u8]) -> Option<Index> {
    let index: Index = serde_json::from_slice(bytes).ok()?;
    let kind = index.media_type.as_deref();
    (index.schema_version == 2 && kind.is_none_or(media_type::is_index)).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_index_is_an_index() {
        assert!(as_index(br#"{"schemaVersion":2,"manifests":[]}"#).is_some());
        for text in [
            "<html>",
            "{}",
            r#"{"schemaVersion":1,"manifests":[]}"#,
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}"#,
        ] {
            assert!(as_index(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn the_fallback_tag_is_the_specified_one() {
        let digest = Digest::of(b"");
        assert_eq!(fallback_tag(&digest), format!("sha256-{}", digest.hex()));
    }
}
