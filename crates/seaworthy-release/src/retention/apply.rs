//! Carries a plan out: each step is checked against the registry right before it is taken, and what a refused deletion
//! leaves standing keeps all it needs.

use seaworthy_oci::{Descriptor, Index};
use seaworthy_registry::{self as registry, Kind, Repository};

use super::graph::Graph;
use super::{Plan, Version, by_digest};

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Manifests that are gone.
    pub deleted: Vec<String>,
    /// Tags that are gone while their manifest stays.
    pub untagged: Vec<String>,
    /// What was not done, and why: a digest or a tag, and the reason.
    pub left: Vec<(String, String)>,
}

/// Deletes what the plan says, in its order.
///
/// A tag that points elsewhere by now, or that the plan does not know of, keeps its manifest; a deletion the registry
/// refuses is noted, everything that hangs on it stays, and the rest goes on.
///
/// # Errors
/// When the registry fails or cannot be reached; what was done by then stands in `applied`.
pub fn apply(
    repository: &Repository<'_>,
    versions: &[Version],
    plan: &Plan,
    applied: &mut Applied,
) -> Result<(), registry::Error> {
    let places = by_digest(versions);
    let graph = Graph::new(versions);
    let mut stays = vec![false; versions.len()];
    for untag in &plan.untag {
        match self::untag(repository, &untag.tag, &untag.digest)? {
            Ok(()) => applied.untagged.push(untag.tag.clone()),
            Err(why) => applied.left.push((untag.tag.clone(), why)),
        }
    }
    for deletion in &plan.delete {
        let Some(&at) = places.get(deletion.digest.as_str()) else { continue };
        if stays[at] {
            applied.left.push((deletion.digest.clone(), "something that stays needs it".to_owned()));
            continue;
        }
        let why = match moved(repository, &deletion.digest, &deletion.tags)? {
            None => match repository.delete_manifest(&deletion.digest) {
                Ok(_) => None,
                Err(error) if refused(&error) => Some(error.to_string()),
                Err(error) => return Err(error),
            },
            why => why,
        };
        match why {
            None => applied.deleted.push(deletion.digest.clone()),
            Some(why) => {
                applied.left.push((deletion.digest.clone(), why));
                graph.keep(at, &mut stays);
            }
        }
    }
    Ok(())
}

/// Why a manifest may not go after all: one of its tags points elsewhere by now.
fn moved(
    repository: &Repository<'_>,
    digest: &str,
    tags: &[String],
) -> Result<Option<String>, registry::Error> {
    for tag in tags {
        if let Some(now) = repository.head_manifest(tag)?
            && now.digest.as_str() != digest
        {
            return Ok(Some(format!("the tag {tag} points to {} by now", now.digest)));
        }
    }
    Ok(None)
}

/// Whether the registry said no to this one deletion.
fn refused(error: &registry::Error) -> bool {
    matches!(error.kind, Kind::Status { code: 400..=499, .. } | Kind::Denied(_))
}

/// Takes a tag from its manifest; the inner error says why it stays.
///
/// Where a registry cannot delete a tag alone, the tag is moved to an empty index of its own, and that is deleted by its
/// digest; not before the registry has shown, by deleting one without a tag, that it deletes manifests at all.
fn untag(
    repository: &Repository<'_>,
    tag: &str,
    digest: &str,
) -> Result<Result<(), String>, registry::Error> {
    if let Some(why) = moved(repository, digest, &[tag.to_owned()])? {
        return Ok(Err(why));
    }
    match repository.delete_manifest(tag) {
        Ok(_) => {
            // Some registries take the name for the manifest behind it.
            if repository.head_manifest(digest)?.is_none() {
                return Ok(Err(format!("the registry deleted {digest} with its tag")));
            }
            if repository.head_manifest(tag)?.is_none() {
                return Ok(Ok(()));
            }
        }
        Err(error) if refused(&error) => {}
        Err(error) => return Err(error),
    }
    for (name, target) in [("a trial", None), ("the tag's own", Some(tag))] {
        let mut index = Index::of(Vec::new());
        index.annotations.insert("dev.seaworthy.prune".to_owned(), format!("{name}: {tag} of {digest}"));
        let Ok(bytes) = serde_json::to_vec(&index) else { return Ok(Err("an empty index".to_owned())) };
        let descriptor = Descriptor::of(seaworthy_oci::media_type::INDEX, &bytes);
        repository.put_manifest(target, &descriptor, &bytes)?;
        match repository.delete_manifest(descriptor.digest.as_str()) {
            Ok(_) => {}
            Err(error) if target.is_none() && refused(&error) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error),
        }
    }
    if repository.head_manifest(tag)?.is_some() {
        return Ok(Err("the registry keeps the tag".to_owned()));
    }
    Ok(Ok(()))
}
