//! Whose layer a vulnerability lies in, and what another base image would change.

use seaworthy_facts::{
    BaseBy, BaseChange, ImageFacts, Origin, ScanBase, ScanFacts, Tally, VulnerabilityFact,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the lowest layers of two images are the same.
pub fn shared_layers(image: &ImageFacts, base: &ImageFacts) -> usize {
    let pairs = image.layers.iter().zip(&base.layers);
    pairs.take_while(|(own, other)| own.diff_id == other.diff_id).count()
}

/// The base image as the image itself, or its history, tells; nothing where it does not tell how many layers it has.
pub fn stated_base(image: &ImageFacts) -> Option<ScanBase> {
    let base = image.base.as_ref()?;
    let layers = base.layers?;
    let name = base.name.clone().or_else(|| base.digest.clone());
    Some(ScanBase { name: name.unwrap_or_default(), layers, guessed: base.by == BaseBy::History })
}

/// Says of every vulnerability whose layer it lies in.
pub fn attribute(facts: &mut ScanFacts, base: ScanBase) {
    for one in &mut facts.vulnerabilities {
        one.origin = one.layer.map(|layer| if layer < base.layers { Origin::Base } else { Origin::Yours });
    }
    facts.base = Some(base);
}

fn names(list: &[&VulnerabilityFact]) -> (Tally, BTreeSet<String>) {
    let mut worst = BTreeMap::new();
    for one in list {
        let rating = worst.entry(one.id.clone()).or_insert(one.rating);
        *rating = one.rating.max(*rating);
    }
    let mut tally = Tally::new();
    for rating in worst.values() {
        *tally.entry(*rating).or_default() += 1;
    }
    (tally, worst.into_keys().collect())
}

/// What would change if the base were another one, whose scan is given. Each vulnerability counts once.
pub fn compare(facts: &mut ScanFacts, other: &ScanFacts, name: &str) {
    let own: Vec<&VulnerabilityFact> = facts.open().filter(|one| one.origin == Some(Origin::Base)).collect();
    let theirs: Vec<&VulnerabilityFact> = other.open().collect();
    let (before, old) = names(&own);
    let (after, fresh) = names(&theirs);
    facts.compared = Some(BaseChange {
        name: name.to_owned(),
        before,
        after,
        gone: old.difference(&fresh).cloned().collect(),
        new: fresh.difference(&old).cloned().collect(),
    });
}
