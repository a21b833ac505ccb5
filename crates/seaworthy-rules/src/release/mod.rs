//! Rules over what was published and read back.

mod digest_mismatch;
mod invalid_tag;
mod sbom_mismatch;
mod sbom_missing;
mod tag_missing;
mod unsigned_image;

rules![digest_mismatch, invalid_tag, tag_missing, unsigned_image, sbom_missing, sbom_mismatch];

/// Whether an artifact or predicate type is that of a software bill of materials.
pub(crate) fn is_sbom(referrer: &seaworthy_facts::ReferrerFact) -> bool {
    let types = [Some(referrer.artifact_type.as_str()), referrer.predicate_type.as_deref()];
    types.into_iter().flatten().any(|kind| {
        let kind = kind.to_ascii_lowercase();
        ["spdx", "cyclonedx", "sbom"].iter().any(|word| kind.contains(word))
    })
}
