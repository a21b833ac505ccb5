//! Reports services that need another one which a profile may leave out.

use super::support::{config, services};
use crate::{Cx, Sink, text};

declare_rule! {
    name: "dependency-profile",
    summary: "a service needs another one that is only there with a profile",
    passes: "every service's needs are there whenever it is",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Compose specification, profiles"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let needs = service.depends_on.iter().filter(|need| !need.optional).map(|need| &need.service);
        for need in needs.chain(&service.references) {
            let Some(other) = compose.services.iter().find(|other| other.name == need.value) else {
                continue;
            };
            // The other one is there when every profile that brings this one brings it too.
            let brought = |profile: &str| other.profiles.iter().any(|known| known.value == profile);
            let always = other.profiles.is_empty()
                || (!service.profiles.is_empty()
                    && service.profiles.iter().all(|profile| brought(&profile.value)));
            if always || other.profiles.iter().any(|profile| profile.value.contains('$')) {
                continue;
            }
            let profiles: Vec<&str> = other.profiles.iter().map(|profile| profile.value.as_str()).collect();
            out.finding(format!(
                "service `{}` needs `{}`, which is only there with the profile {}",
                service.name,
                other.name,
                text::names(&profiles, 3)
            ))
            .why("without the profile compose refuses the file: the other service is not defined then")
            .help("give both the same profiles, or write `required: false` in the long form of `depends_on`")
            .at_file(&compose.file, need.span)
            .command(config(compose, service));
        }
    }
}
