//! Reports images from registries that the project does not trust.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_finding::Span;
use std::collections::BTreeSet;

declare_rule! {
    name: "untrusted-registry",
    summary: "an image comes from a registry that is not trusted",
    passes: "every image comes from a trusted registry",
    family: Dockerfile, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: ["DL3026"], refs: ["hadolint, trustedRegistries"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let own = cx.param_list("registries").unwrap_or_default();
    let shared = cx.project().and_then(|project| project.hadolint.as_ref());
    let trusted: Vec<&str> = shared
        .iter()
        .flat_map(|config| config.trusted_registries.iter())
        .chain(&own)
        .map(String::as_str)
        .collect();
    if trusted.is_empty() {
        out.not_applicable("no trusted registries are named");
        return;
    }
    for docker in cx.dockerfiles() {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for item in &docker.tree.instructions {
            for (word, image) in images(item) {
                if names.contains(&image.to_lowercase()) || image.parse::<usize>().is_ok() || image.is_empty()
                {
                    continue;
                }
                let Some(registry) = foreign(&image, &trusted) else { continue };
                out.finding(format!("`{image}` comes from `{registry}`, which is not trusted"))
                    .why("the project names the registries it takes images from")
                    .help(format!(
                        "use a copy in {}, or add the registry to the list",
                        crate::text::names(&trusted, 3)
                    ))
                    .at_file(&docker.file, word)
                    .command(format!("grep -n '{registry}' {}", docker.file.path));
            }
            if let Kind::From { alias: Some(alias), .. } = &item.kind {
                names.insert(alias.raw.to_lowercase());
            }
        }
    }
}

/// Everything an instruction takes from a registry, or from a stage.
fn images(item: &Instruction) -> Vec<(Span, String)> {
    match &item.kind {
        Kind::From { image, .. } => vec![(image.span, image.unquoted())],
        Kind::Copy { .. } => {
            item.flag_value("from").map(|word| (word.span, word.raw.clone())).into_iter().collect()
        }
        Kind::Run(_) => item
            .mounts()
            .iter()
            .flat_map(|mount| &mount.fields)
            .filter(|field| field.key == "from")
            .filter_map(|field| Some((field.value_span.unwrap_or(field.span), field.value.clone()?)))
            .collect(),
        _ => Vec::new(),
    }
}

/// The registry of an image where no pattern of the list fits it. A star stands for anything at either end.
fn foreign(image: &str, trusted: &[&str]) -> Option<String> {
    if image == "scratch" {
        return None;
    }
    let first = image.split_once('/').map(|(first, _)| first);
    let named = first.filter(|first| first.contains(['.', ':']) || *first == "localhost");
    let fits = |registry: &str| {
        trusted.iter().any(|pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            _ if *pattern == "*" => true,
            (Some(end), None) => registry.ends_with(end),
            (None, Some(start)) => registry.starts_with(start),
            (Some(rest), Some(_)) => registry.contains(rest.trim_end_matches('*')),
            (None, None) => registry == *pattern,
        })
    };
    let known = match named {
        Some(registry) => fits(registry),
        // An image without a registry comes from the default one, which has two names.
        None => !image.starts_with('$') && (fits("docker.io") || fits("hub.docker.com")),
    };
    (!known).then(|| named.unwrap_or("the default registry").to_owned())
}
