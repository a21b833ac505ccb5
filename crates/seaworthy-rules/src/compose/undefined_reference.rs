//! Reports names of services, networks, volumes, secrets and configs that nothing defines.

use super::support::config;
use crate::{Cx, Sink, text};
use seaworthy_facts::{ComposeFact, ComposeResource, Spanned};
use seaworthy_finding::did_you_mean;

declare_rule! {
    name: "undefined-reference",
    summary: "a service names something that nothing defines",
    passes: "everything services name is defined",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Compose specification, networks, volumes, secrets, configs, depends_on"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    // A file that is laid over others, or takes them in, may name what they define.
    let whole = |compose: &&ComposeFact| {
        !compose.partial && !compose.includes && compose.problems.is_empty() && standalone(&compose.file.path)
    };
    for compose in cx.composes().iter().filter(whole) {
        let over = cx.composes().iter().filter(|other| other.partial && beside(other, compose));
        let others: Vec<&ComposeFact> = over.chain([compose]).collect();
        let names = |list: fn(&ComposeFact) -> &[ComposeResource]| -> Vec<&str> {
            others.iter().flat_map(|known| list(known)).map(|entry| entry.name.value.as_str()).collect()
        };
        let mut networks = names(|known| &known.networks);
        networks.push("default");
        let volumes = names(|known| &known.volume_resources);
        let secrets = names(|known| &known.secrets);
        let configs = names(|known| &known.configs);
        let services: Vec<&str> =
            others.iter().flat_map(|known| &known.services).map(|service| service.name.as_str()).collect();
        for service in &compose.services {
            let mut missing: Vec<(&str, &Spanned<String>, &[&str])> = Vec::new();
            let absent = |used: &Spanned<String>, known: &[&str]| {
                !known.contains(&used.value.as_str()) && !used.value.contains('$') && !used.value.is_empty()
            };
            for used in service.networks.iter().filter(|used| absent(used, &networks)) {
                missing.push(("network", used, &networks));
            }
            for used in service.secrets.iter().filter(|used| absent(used, &secrets)) {
                missing.push(("secret", used, &secrets));
            }
            for used in service.configs.iter().filter(|used| absent(used, &configs)) {
                missing.push(("config", used, &configs));
            }
            let needs = service.depends_on.iter().filter(|need| !need.optional).map(|need| &need.service);
            for used in needs.chain(&service.references).filter(|used| absent(used, &services)) {
                missing.push(("service", used, &services));
            }
            let mounted: Vec<Spanned<String>> = service
                .mounts
                .iter()
                .filter(|mount| mount.kind == "volume")
                .map(|mount| Spanned { value: mount.source.clone(), span: mount.span })
                .filter(|used| absent(used, &volumes))
                .collect();
            missing.extend(mounted.iter().map(|used| ("volume", used, volumes.as_slice())));
            for (kind, used, known) in missing {
                let help = match did_you_mean(&used.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => format!("define it under the top-level `{kind}s`"),
                    None => format!("define it under `{kind}s`, where {} stand", text::names(known, 4)),
                };
                out.finding(format!(
                    "service `{}` names the {kind} `{}`, which is not defined",
                    service.name, used.value
                ))
                .why("compose refuses the file, so nothing starts")
                .help(help)
                .at_file(&compose.file, used.span)
                .command(config(compose, service));
            }
        }
    }
}

/// Whether compose takes the file by itself.
pub(super) fn standalone(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "compose.yaml" | "compose.yml" | "docker-compose.yaml" | "docker-compose.yml")
}

/// Whether one file is laid over the other when compose is called without `-f`.
fn beside(over: &ComposeFact, base: &ComposeFact) -> bool {
    let directory =
        |path: &str| path.rsplit_once('/').map_or(String::new(), |(directory, _)| directory.to_owned());
    directory(&over.file.path) == directory(&base.file.path)
}
