//! How the stages of a file depend on each other.

use seaworthy_dockerfile::{Base, Dockerfile, Kind, Stage};
use std::collections::BTreeSet;

/// The stages the last one needs, itself included.
pub(crate) fn reachable(stages: &[Stage<'_>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = stages.len().checked_sub(1).into_iter().collect();
    while let Some(index) = open.pop() {
        let Some(stage) = stages.get(index).filter(|_| found.insert(index)) else { continue };
        if let Base::Stage(earlier) = stage.base {
            open.push(earlier);
        }
        let named = |name: &str| Dockerfile::stage_named(stages, name, stages.len());
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
