//! Reads the whole graph of a repository from a registry: tags, what they reach, and what is attached to any of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use seaworthy_oci::{Digest, Index, Manifest, media_type};
use seaworthy_registry::{self as registry, FetchedManifest, Repository};

use super::graph::subject_of_tag;
use super::{Kind, Version};

/// The most an image's configuration may hold, in bytes.
const CONFIG_LIMIT: u64 = 4 << 20;
/// The annotation that says when something was made.
const CREATED: &str = "org.opencontainers.image.created";

/// What a repository holds, as far as its tags lead there.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Every manifest found.
    pub versions: Vec<Version>,
    /// Tags that point to nothing: listed by the registry, but not found.
    pub dangling: Vec<String>,
}

/// Reads a repository. A registry of the distribution specification does not list manifests, so that what no tag, index or
/// subject leads to stays unseen; and it does not say when something was pushed, so that an age is that of the
/// configuration or annotation. What does not say when it was made counts as new.
///
/// # Errors
/// When the tags or the referrers cannot be listed: without them nobody knows what is needed. A manifest that cannot be
/// read is no error, but a version of its own kind.
pub fn survey(repository: &Repository<'_>, now: Timestamp) -> Result<Survey, registry::Error> {
    let mut reader =
        Reader { repository, now, found: BTreeMap::new(), next: VecDeque::new(), order: Vec::new() };
    let mut dangling = Vec::new();
    for tag in repository.tags()? {
        match repository.manifest(&tag) {
            Ok(manifest) => {
                let digest = manifest.descriptor.digest.clone();
                reader.read(&manifest);
                reader.tag(digest.as_str(), &tag);
            }
            Err(error) if error.is_not_found() => dangling.push(tag),
            Err(error) => reader.unreadable(&tag, error)?,
        }
    }
    while let Some(digest) = reader.next.pop_front() {
        reader.follow(&digest)?;
    }
    let Reader { mut found, order, .. } = reader;
    let versions = order.iter().filter_map(|digest| found.remove(digest)).collect();
    let mut survey = Survey { versions, dangling };
    survey.settle();
    Ok(survey)
}

struct Reader<'a> {
    repository: &'a Repository<'a>,
    now: Timestamp,
    found: BTreeMap<String, Version>,
    /// Manifests to look for, and digests whose referrers to list.
    next: VecDeque<Digest>,
    order: Vec<String>,
}

impl Reader<'_> {
    fn tag(&mut self, digest: &str, tag: &str) {
        if let Some(version) = self.found.get_mut(digest) {
            version.tags.push(tag.to_owned());
        }
        // A subject that lost its image may still be there under no tag.
        if let Some(Ok(subject)) = subject_of_tag(tag).map(|subject| subject.parse::<Digest>()) {
            self.next.push_back(subject);
        }
    }

    fn add(&mut self, version: Version) {
        if !self.found.contains_key(&version.digest) {
            self.order.push(version.digest.clone());
            self.found.insert(version.digest.clone(), version);
        }
    }

    /// A tag whose manifest cannot be read. Its digest may still be known.
    fn unreadable(&mut self, tag: &str, error: registry::Error) -> Result<(), registry::Error> {
        let Ok(Some(descriptor)) = self.repository.head_manifest(tag) else { return Err(error) };
        let digest = descriptor.digest.to_string();
        self.add(bare(&digest, Kind::Unreadable));
        self.tag(&digest, tag);
        Ok(())
    }

    /// Looks at one digest: the manifest if it is not known yet, then what is attached to it.
    fn follow(&mut self, digest: &Digest) -> Result<(), registry::Error> {
        if !self.found.contains_key(digest.as_str()) {
            match self.repository.manifest(digest.as_str()) {
                Ok(manifest) => {
                    self.read(&manifest);
                    return Ok(());
                }
                Err(error) if error.is_not_found() => {}
                Err(_) => self.add(bare(digest.as_str(), Kind::Unreadable)),
            }
        }
        for entry in self.repository.referrers(digest)?.manifests {
            if !self.found.contains_key(entry.digest.as_str()) {
                self.next.push_back(entry.digest);
            }
        }
        Ok(())
    }

    /// Takes a manifest into the graph, and everything it leads to into the queue.
    fn read(&mut self, manifest: &FetchedManifest) {
        let digest = &manifest.descriptor.digest;
        if self.found.contains_key(digest.as_str()) {
            return;
        }
        let version = if media_type::is_index(&manifest.descriptor.media_type) {
            serde_json::from_slice(&manifest.bytes).ok().map(|index| self.index(digest, &index))
        } else {
            serde_json::from_slice(&manifest.bytes).ok().map(|image| self.image(digest, &image))
        };
        let version = version.unwrap_or_else(|| bare(digest.as_str(), Kind::Unreadable));
        let reached =
            version.children.iter().chain(&version.subject).filter_map(|digest| digest.parse().ok());
        self.next.extend(reached);
        self.add(version);
        self.next.push_back(digest.clone());
    }

    fn index(&self, digest: &Digest, index: &Index) -> Version {
        let kind = if index.subject.is_some() { Kind::Referrer } else { Kind::Index };
        let mut version = bare(digest.as_str(), kind);
        version.children = index.manifests.iter().map(|entry| entry.digest.to_string()).collect();
        version.subject = index.subject.as_ref().map(|subject| subject.digest.to_string());
        version.age = self.since(index.annotations.get(CREATED).map(String::as_str));
        version
    }

    fn image(&self, digest: &Digest, image: &Manifest) -> Version {
        let kind = if image.subject.is_some() { Kind::Referrer } else { Kind::Image };
        let mut version = bare(digest.as_str(), kind);
        version.subject = image.subject.as_ref().map(|subject| subject.digest.to_string());
        let mut created = image.annotations.get(CREATED).cloned();
        let configured =
            [media_type::CONFIG, media_type::DOCKER_CONFIG].contains(&image.config.media_type.as_str());
        if created.is_none() && configured {
            let config = self.repository.pull_bytes(&image.config, CONFIG_LIMIT).ok();
            let config = config.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
            created = config.and_then(|config| config["created"].as_str().map(str::to_owned));
        }
        version.age = self.since(created.as_deref());
        version
    }

    /// The age of something made at this time; none for what does not say, or says a time to come.
    fn since(&self, created: Option<&str>) -> Duration {
        let created = created.and_then(|text| text.parse::<Timestamp>().ok());
        let age = created.map(|created| self.now.duration_since(created));
        age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default()
    }
}

fn bare(digest: &str, kind: Kind) -> Version {
    Version {
        digest: digest.to_owned(),
        kind,
        tags: Vec::new(),
        age: Duration::ZERO,
        children: Vec::new(),
        subject: None,
        undeletable: false,
    }
}

impl Survey {
    /// Gives an index without a date of its own the age of its youngest image, and the index behind the referrers tag
    /// its kind.
    fn settle(&mut self) {
        let ages: BTreeMap<String, Duration> =
            self.versions.iter().map(|version| (version.digest.clone(), version.age)).collect();
        for version in &mut self.versions {
            if version.kind != Kind::Index {
                continue;
            }
            let fallback = |tag: &String| subject_of_tag(tag).is_some() && !tag.contains('.');
            if !version.tags.is_empty() && version.tags.iter().all(fallback) {
                version.kind = Kind::FallbackIndex;
            } else if version.age == Duration::ZERO {
                let youngest = version.children.iter().filter_map(|child| ages.get(child)).min();
                version.age = youngest.copied().unwrap_or_default();
            }
        }
    }
}
