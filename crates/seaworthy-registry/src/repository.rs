//! One repository: manifests, blobs' existence, tags.

use crate::client::{Call, Client, Fetched, Payload, refuse};
use crate::error::{Error, Kind};
use crate::url;
use seaworthy_oci::{Descriptor, Digest, Reference, media_type};
use serde::Deserialize;
use std::collections::BTreeSet;
use ureq::ResponseExt as _;
use ureq::http::Method;

/// Everything a manifest may be; registries answer 404 when a type is missing here.
pub(crate) const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
/// Pages of tags that are read before the registry is believed to turn in circles.
const PAGES: usize = 10_000;

/// What a repository is opened for; decides the scope of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Pull,
    /// Reading and writing.
    Push,
    /// Reading, writing and deleting.
    Delete,
}

/// A manifest as it was fetched; its bytes match the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedManifest {
    /// Type, digest and size.
    pub descriptor: Descriptor,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One repository of one registry.
#[derive(Clone, Debug)]
pub struct Repository<'c> {
    pub(crate) client: &'c Client,
    pub(crate) base: String,
    pub(crate) path: String,
    pub(crate) scope: String,
}

#[derive(Deserialize)]
struct TagList {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl<'c> Repository<'c> {
    pub(crate) fn new(client: &'c Client, reference: &Reference, access: Access) -> Self {
        let actions = match access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
            Access::Delete => "pull,push,delete",
        };
        Self {
            client,
            base: client.base(&reference.domain),
            path: reference.path.clone(),
            scope: format!("repository:{}:{actions}", reference.path),
        }
    }

    pub(crate) fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.base, self.path)
    }

    pub(crate) fn call<'a>(
        &'a self,
        action: &'static str,
        method: Method,
        url: String,
        payload: Payload<'a>,
    ) -> Call<'a> {
        Call { method, url, headers: Vec::new(), payload, scope: &self.scope, action, again: true }
    }

    /// Looks a tag or digest up without fetching the manifest; `None` where it does not exist.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub fn head_manifest(&self, target: &str) -> Result<Option<Descriptor>, Error> {
        let action = "look up manifest";
        let mut call =
            self.call(action, Method::HEAD, self.url(&format!("manifests/{target}")), Payload::None);
        call.headers.push(("accept", MANIFEST_TYPES.to_owned()));
        let answer = self.client.send(&call)?;
        match answer.status().as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(refuse(action, &call.url, answer)),
        }
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let digest = header("docker-content-digest").and_then(|text| text.parse::<Digest>().ok());
        let size = header("content-length").and_then(|text| text.parse::<u64>().ok());
        let kind = plain_type(header("content-type").unwrap_or_default());
        if let (Some(digest), Some(size)) = (digest, size) {
            return Ok(Some(Descriptor::new(&kind, digest, size)));
        }
        // Some registries leave the digest out; the manifest itself tells it.
        self.manifest(target).map(|fetched| Some(fetched.descriptor))
    }

    /// Fetches a manifest by tag or digest and checks it. One that arrives corrupt is fetched again once.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where it does not exist; [`Kind::Digest`] where it is not what was asked for.
    pub fn manifest(&self, target: &str) -> Result<FetchedManifest, Error> {
        match self.manifest_once(target) {
            Err(error) if matches!(error.kind, Kind::Digest { .. }) => self.manifest_once(target),
            other => other,
        }
    }

    fn manifest_once(&self, target: &str) -> Result<FetchedManifest, Error> {
        let action = "fetch manifest";
        let mut call =
            self.call(action, Method::GET, self.url(&format!("manifests/{target}")), Payload::None);
        call.headers.push(("accept", MANIFEST_TYPES.to_owned()));
        let (headers, bytes) = match self.client.fetch(&call)? {
            Fetched::Whole(headers, bytes) => (headers, bytes),
            Fetched::Other(answer) => return Err(refuse(action, &call.url, answer)),
        };
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let claimed = header("docker-content-digest").and_then(|text| text.parse::<Digest>().ok());
        let declared = plain_type(header("content-type").unwrap_or_default());
        let fail = |kind| Error::new(action, &call.url, kind);
        let expected = target.parse::<Digest>().ok().or(claimed);
        let got = Digest::of(&bytes);
        if let Some(expected) = expected.filter(|expected| expected.algorithm() == "sha256")
            && expected != got
        {
            return Err(fail(Kind::Digest { expected: expected.to_string(), got: got.to_string() }));
        }
        let kind = media_type_of(&bytes).unwrap_or(declared);
        Ok(FetchedManifest { descriptor: Descriptor::new(&kind, got, bytes.len() as u64), bytes })
    }

    /// Stores a manifest under a tag, or under its digest when there is no tag. Returns whether the registry itself
    /// lists the manifest's subject (`OCI-Subject`).
    ///
    /// # Errors
    /// When the registry refuses it, or names another digest than ours.
    pub fn put_manifest(
        &self,
        tag: Option<&str>,
        descriptor: &Descriptor,
        bytes: &[u8],
    ) -> Result<bool, Error> {
        let action = "upload manifest";
        let target = tag.map_or_else(|| descriptor.digest.to_string(), str::to_owned);
        let mut call =
            self.call(action, Method::PUT, self.url(&format!("manifests/{target}")), Payload::Bytes(bytes));
        call.headers.push(("content-type", descriptor.media_type.clone()));
        let mut answer = self.client.send(&call)?;
        if !matches!(answer.status().as_u16(), 200..=202) {
            return Err(refuse(action, &call.url, answer));
        }
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let stored = header("docker-content-digest").and_then(|text| text.parse::<Digest>().ok());
        let listed = answer.headers().contains_key("oci-subject");
        if let Some(stored) = stored.filter(|stored| *stored != descriptor.digest) {
            let kind = Kind::Digest { expected: descriptor.digest.to_string(), got: stored.to_string() };
            return Err(Error::new(action, &call.url, kind));
        }
        crate::client::drain(&mut answer);
        Ok(listed)
    }

    /// Deletes a manifest by its digest, or a tag by its name, and returns whether it was there. A digest takes every
    /// tag that points to it along; many registries cannot delete a tag alone.
    ///
    /// # Errors
    /// [`Kind::Status`] with 405 where the registry deletes nothing, with 400 or 405 where it deletes no tags.
    pub fn delete_manifest(&self, target: &str) -> Result<bool, Error> {
        let action = "delete manifest";
        let url = self.url(&format!("manifests/{target}"));
        let call = self.call(action, Method::DELETE, url, Payload::None);
        let mut answer = self.client.send(&call)?;
        match answer.status().as_u16() {
            200 | 202 | 204 => {
                crate::client::drain(&mut answer);
                Ok(true)
            }
            404 => {
                crate::client::drain(&mut answer);
                Ok(false)
            }
            _ => Err(refuse(action, &call.url, answer)),
        }
    }

    /// Whether a blob is there, by one request.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let action = "look up blob";
        let call = self.call(action, Method::HEAD, self.url(&format!("blobs/{digest}")), Payload::None);
        let answer = self.client.send(&call)?;
        match answer.status().as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            // A registry sends on to its storage only what it has; the storage may refuse HEAD.
            _ if url::origin(&answer.get_uri().to_string()) != url::origin(&call.url) => Ok(true),
            _ => Err(refuse(action, &call.url, answer)),
        }
    }

    /// All tags, page by page, each once, in the registry's order.
    ///
    /// # Errors
    /// When the repository does not exist or cannot be listed.
    pub fn tags(&self) -> Result<Vec<String>, Error> {
        let action = "list tags";
        let mut tags = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = Some(self.url("tags/list?n=1000"));
        let mut visited = BTreeSet::new();
        while let Some(target) = next.take() {
            if visited.len() >= PAGES || !visited.insert(target.clone()) {
                let kind = Kind::Protocol("its pages go in circles".to_owned());
                return Err(Error::new(action, &target, kind));
            }
            let call = self.call(action, Method::GET, target, Payload::None);
            let (headers, bytes) = match self.client.fetch(&call)? {
                Fetched::Whole(headers, bytes) => (headers, bytes),
                Fetched::Other(answer) => return Err(refuse(action, &call.url, answer)),
            };
            next = next_page(&call.url, &headers);
            let page: TagList = serde_json::from_slice(&bytes)
                .map_err(|error| Error::new(action, &call.url, Kind::Protocol(error.to_string())))?;
            tags.extend(page.tags.unwrap_or_default().into_iter().filter(|tag| seen.insert(tag.clone())));
        }
        Ok(tags)
    }
}

/// The target of `Link: <…>; rel="next"`, on the same registry only.
pub(crate) fn next_page(base: &str, headers: &ureq::http::HeaderMap) -> Option<String> {
    let links = headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
    let mut all = links.flat_map(|value| value.split(','));
    let next = all.find(|link| {
        let flat = link.to_ascii_lowercase().replace(['"', ' '], "");
        flat.contains(";rel=next")
    })?;
    let target = next.split_once('<')?.1.split_once('>')?.0;
    let joined = url::join(base, target);
    (url::origin(&joined) == url::origin(base)).then_some(joined)
}

/// A `Content-Type` without its parameters.
fn plain_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_owned()
}

/// What a manifest says it is; where it says nothing, what its members show.
fn media_type_of(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    if let Some(kind) = value.get("mediaType").and_then(serde_json::Value::as_str) {
        return Some(kind.to_owned());
    }
    if value.get("manifests").is_some() {
        return Some(media_type::INDEX.to_owned());
    }
    value.get("config").map(|_| media_type::MANIFEST.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::{HeaderMap, HeaderValue};

    #[test]
    fn pages_are_followed_on_the_same_host_only() {
        let base = "https://r.example/v2/a/tags/list?n=2";
        for (link, expect) in [
            (
                "</v2/a/tags/list?last=b&n=2>; rel=\"next\"",
                Some("https://r.example/v2/a/tags/list?last=b&n=2"),
            ),
            ("<https://evil.example/x>; rel=\"next\"", None),
            ("</x>; rel=\"prev\"", None),
            ("nonsense; rel=next", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("link", HeaderValue::from_static(link));
            assert_eq!(next_page(base, &headers).as_deref(), expect, "{link}");
        }
    }

    #[test]
    fn manifests_tell_their_type() {
        assert_eq!(media_type_of(br#"{"manifests":[]}"#).as_deref(), Some(media_type::INDEX));
        assert_eq!(media_type_of(br#"{"config":{}}"#).as_deref(), Some(media_type::MANIFEST));
        assert_eq!(media_type_of(br#"{"mediaType":"x"}"#).as_deref(), Some("x"));
        assert_eq!(media_type_of(b"<html>"), None);
    }
}
