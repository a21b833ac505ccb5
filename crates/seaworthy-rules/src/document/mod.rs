//! Rules that hold documents and compose files against the Dockerfile and the work tree.

mod attestation_claim;
mod base_version_mismatch;
mod broken_link;
mod health_path_mismatch;
mod healthcheck_shadowed;
mod incomplete_example;
mod invalid_command;
mod licence_label_mismatch;
mod lockfile_not_copied;
mod non_root_claim;
mod own;
mod platform_claim;
mod port_mismatch;
mod published;
mod refuted_checkbox;
mod shape;
mod signature_identity;
mod unbound_publish;
mod undocumented_variable;
mod unpublished_image;
mod unpublished_scan_target;
mod unpublished_tag;
mod unread_variable;
mod user_mismatch;
mod variable_default_mismatch;
mod variables;
mod version_label_mismatch;
mod volume_mismatch;

rules![
    port_mismatch,
    user_mismatch,
    healthcheck_shadowed,
    unbound_publish,
    broken_link,
    invalid_command,
    non_root_claim,
    licence_label_mismatch,
    base_version_mismatch,
    unpublished_image,
    unpublished_tag,
    platform_claim,
    refuted_checkbox,
    version_label_mismatch,
    lockfile_not_copied,
    unread_variable,
    variable_default_mismatch,
    undocumented_variable,
    volume_mismatch,
    health_path_mismatch,
    signature_identity,
    attestation_claim,
    unpublished_scan_target,
    incomplete_example,
];

use crate::dockerfile::final_chain;
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_facts::{ComposePort, DocCommand, DockerfileFact};
use seaworthy_finding::Span;
use std::collections::BTreeSet;

/// The ports the final stage exposes, where every one is a plain number; base images may expose more.
pub(crate) fn exposed(docker: &DockerfileFact) -> Option<BTreeSet<u16>> {
    let scopes = docker.tree.scopes();
    let mut ranges: BTreeSet<(u16, u16)> = BTreeSet::new();
    for stage in final_chain(&docker.tree) {
        for item in stage.instructions {
            let Kind::Expose { ports } = &item.kind else { continue };
            for word in ports {
                let text = scopes.get(stage.index)?.expand(word);
                let range = text.split('/').next()?.rsplit(':').next()?.to_owned();
                let (low, high) = range.split_once('-').unwrap_or((&range, &range));
                ranges.insert((low.parse().ok()?, high.parse().ok()?));
            }
        }
    }
    // Each port once, however often ranges that overlap name it.
    let mut out = BTreeSet::new();
    let mut next = 0;
    for (low, high) in ranges {
        out.extend(low.max(next)..=high);
        next = next.max(high.saturating_add(1));
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

/// The `-p` values of a documented command and where each stands.
pub(crate) fn published(command: &DocCommand) -> impl Iterator<Item = (Span, ComposePort)> {
    command.values("publish").map(|value| (value.span, mapping(&value.value, value.span)))
}

/// Reads `[address:][host:]container[/protocol]`.
fn mapping(text: &str, span: Span) -> ComposePort {
    let (ports, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let (host, target) = ports.rsplit_once(':').map_or((None, ports), |(host, target)| (Some(host), target));
    let (host_ip, published) = match host {
        None => (None, None),
        Some(host) => match host.rsplit_once(':') {
            Some((ip, port)) => (Some(ip.trim_matches(['[', ']']).to_owned()), Some(port.to_owned())),
            None => (None, Some(host.to_owned())),
        },
    };
    ComposePort {
        span,
        host_ip,
        published,
        target: target.to_owned(),
        protocol: protocol.to_owned(),
        short: true,
        shared: false,
    }
}

/// The last value of a label in the final image's stages, and where the value stands.
pub(crate) fn label(docker: &DockerfileFact, names: &[&str]) -> Option<(String, Span)> {
    last_of(docker, |item| {
        let Kind::Label { pairs, .. } = &item.kind else { return None };
        let pair = pairs.iter().rev().find(|pair| names.contains(&pair.key.unquoted().as_str()))?;
        (!pair.value.has_variable()).then(|| (pair.value.unquoted(), pair.value.span))
    })
}
