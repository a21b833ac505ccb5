//! How the stages of a file depend on each other.

use seaworthy_dockerfile::{Base, Kind, Stage};
use std::collections::{BTreeMap, BTreeSet};

/// Names of stages with their indices in order, so that a reference is found without looking at every stage.
pub(crate) struct Names {
    named: BTreeMap<String, Vec<usize>>,
    count: usize,
}

impl Names {
    pub(crate) fn new(stages: &[Stage<'_>]) -> Self {
        let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for stage in stages {
            if let Some(name) = &stage.name {
                named.entry(name.clone()).or_default().push(stage.index);
            }
        }
        Self { named, count: stages.len() }
    }

    /// The last stage of a name in the whole file.
    pub(crate) fn last(&self, name: &str) -> Option<usize> {
        self.named.get(&name.to_lowercase())?.last().copied()
    }

    /// The stage a reference means, seen from stage `before`: the last of that name above it, or its number.
    pub(crate) fn above(&self, name: &str, before: usize) -> Option<usize> {
        let named = self.named.get(&name.to_lowercase());
        let earlier = named
            .and_then(|all| all.get(all.partition_point(|index| *index < before).checked_sub(1)?).copied());
        earlier.or_else(|| name.parse().ok().filter(|index| *index < before.min(self.count)))
    }

    /// All names.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }
}

/// The stages the last one needs, itself included.
pub(crate) fn reachable(stages: &[Stage<'_>]) -> BTreeSet<usize> {
    let names = Names::new(stages);
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = stages.len().checked_sub(1).into_iter().collect();
    while let Some(index) = open.pop() {
        let Some(stage) = stages.get(index).filter(|_| found.insert(index)) else { continue };
        if let Base::Stage(earlier) = stage.base {
            open.push(earlier);
        }
        let named = |name: &str| names.above(name, stages.len());
        for item in stage.instructions {
            let item = match &item.kind {
                Kind::Onbuild(inner) => inner.as_ref(),
                _ => item,
            };
            match &item.kind {
                Kind::Copy { .. } => {
                    open.extend(item.flag_value("from").and_then(|word| named(&word.raw)));
                }
                Kind::Run(_) => {
                    let mounts = item.mounts();
                    let fields = mounts.iter().flat_map(|mount| &mount.fields);
                    let from = fields.filter(|field| field.key == "from");
                    open.extend(from.filter_map(|field| named(field.value.as_deref()?)));
                }
                _ => {}
            }
        }
    }
    found
}

/// For each stage, whether it begins with nothing and gets nothing.
pub(crate) fn empty(stages: &[Stage<'_>]) -> Vec<bool> {
    let mut out: Vec<bool> = Vec::with_capacity(stages.len());
    for stage in stages {
        let begins = match stage.base {
            Base::Scratch => true,
            Base::Stage(earlier) => out.get(earlier) == Some(&true),
            Base::Image(_) => false,
        };
        let gets = stage.instructions.iter().any(|item| {
            matches!(
                item.kind,
                Kind::Copy { .. } | Kind::Add { .. } | Kind::Run(_) | Kind::Workdir(_) | Kind::Unknown { .. }
            )
        });
        out.push(begins && !gets);
    }
    out
}
