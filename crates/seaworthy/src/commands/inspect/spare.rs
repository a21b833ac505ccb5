//! What an image ships for nothing, and what it could do without, summed up.

use seaworthy_facts::{FileKind, ImageFacts, Spare, WasteCause};
use std::collections::BTreeMap;

/// Files and bytes of what an image could do without although nothing hides it; caches count as waste already, but
/// stand here too.
pub(crate) fn of(facts: &ImageFacts) -> BTreeMap<Spare, (usize, u64)> {
    let mut sums: BTreeMap<Spare, (usize, u64)> = BTreeMap::new();
    for file in
        facts.files.iter().filter(|file| file.kind == FileKind::File && file.link.is_none() && file.size > 0)
    {
        if let Some(spare) = Spare::of(&file.path) {
            let sum = sums.entry(spare).or_default();
            sum.0 += 1;
            sum.1 += file.size;
        }
    }
    sums
}

/// Files and bytes of what is stored for nothing, by cause.
pub(crate) fn waste(facts: &ImageFacts) -> BTreeMap<WasteCause, (usize, u64)> {
    let mut sums: BTreeMap<WasteCause, (usize, u64)> = BTreeMap::new();
    for waste in &facts.waste {
        let sum = sums.entry(waste.cause).or_default();
        sum.0 += 1;
        sum.1 += waste.bytes;
    }
    sums
}
