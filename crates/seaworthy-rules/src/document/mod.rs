//! Rules that hold documents and compose files against the Dockerfile and the work tree.

mod broken_link;
mod healthcheck_shadowed;
mod port_mismatch;
mod unbound_publish;
mod user_mismatch;

rules![port_mismatch, user_mismatch, healthcheck_shadowed, unbound_publish, broken_link];

use crate::dockerfile::final_chain;
use seaworthy_dockerfile::scope::stage_scopes;
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_facts::DockerfileFact;
use std::collections::BTreeSet;

/// The ports the final stage exposes, where every one is a plain number; base images may expose more.
pub(crate) fn exposed(docker: &DockerfileFact) -> Option<BTreeSet<u16>> {
    let scopes = stage_scopes(&docker.tree, &|_| None);
    let mut out = BTreeSet::new();
    for stage in final_chain(&docker.tree) {
        for item in stage.instructions {
            let Kind::Expose { ports } = &item.kind else { continue };
            for word in ports {
                let text = scopes.get(stage.index)?.expand(word);
                let range = text.split('/').next()?.rsplit(':').next()?.to_owned();
                let (low, high) = range.split_once('-').unwrap_or((&range, &range));
                out.extend(low.parse::<u16>().ok()?..=high.parse::<u16>().ok()?);
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The last instruction of the final image's stages for which `wanted` gives something.
pub(crate) fn last_of<'a, T>(
    docker: &'a DockerfileFact,
    wanted: impl Fn(&'a Instruction) -> Option<T>,
) -> Option<T> {
    let chain = final_chain(&docker.tree);
    chain.iter().flat_map(|stage| stage.instructions.iter().rev()).find_map(wanted)
}
