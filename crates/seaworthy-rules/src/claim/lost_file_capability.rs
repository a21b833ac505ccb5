//! Reports a program that carries capabilities its container cannot have.

use crate::compose::support::{capability, option};
use crate::image::unstartable_command::find;
use crate::{Cx, Sink};
use seaworthy_facts::{ComposeFact, ComposeService, DEFAULT_CAPABILITIES};
use seaworthy_finding::{Severity, Span};
use std::collections::BTreeSet;

declare_rule! {
    name: "lost-file-capability",
    summary: "the program carries capabilities that its container does not have",
    passes: "the container can give the program the capabilities it carries",
    family: Claim, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["capabilities(7), Safety checking for capability-dumb binaries", "prctl(2), PR_SET_NO_NEW_PRIVS"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    let argv = image.config.config.argv();
    let program = argv.first().and_then(|command| find(image, command).ok());
    let carried =
        program.and_then(|file| file.detail.as_ref()).filter(|detail| !detail.capabilities().is_empty());
    let (Some(program), Some(carried)) = (program, carried) else {
        out.not_applicable("the program that is started carries no capabilities");
        return;
    };
    let wanted: Vec<String> = carried.capabilities().iter().map(|name| capability(name)).collect();
    let command = "docker run --rm --user 0 --entrypoint getcap IMAGE -r /";
    let services: Vec<_> = services(cx).collect();
    for (compose, service) in &services {
        if service.privileged.as_ref().is_some_and(|value| value.value) {
            continue;
        }
        let has = allowed(service);
        let lost: Vec<&str> = wanted.iter().map(String::as_str).filter(|name| !has.contains(*name)).collect();
        if !lost.is_empty() && carried.demands_capabilities() {
            out.finding(format!(
                "`{}` does not have {}, which `{}` carries: the kernel refuses to execute it",
                service.name,
                lost.join(", "),
                program.path
            ))
            .why("a file whose capabilities cannot be had does not start, with `operation not permitted`")
            .help(format!("add `cap_add: [{}]`, or take them off the file with `setcap -r`", lost.join(", ")))
            .at_file(&compose.file, dropped(service))
            .command(command);
        } else if let Some(span) = locked(service) {
            out.finding(format!(
                "`{}` runs under `no-new-privileges`, so {} of `{}` {} nothing",
                service.name,
                wanted.join(", "),
                program.path,
                if wanted.len() == 1 { "is worth" } else { "are worth" }
            ))
            .severity(Severity::Medium)
            .why("the program starts without the capabilities it was given, and fails where it needs them")
            .help("take them off the file with `setcap -r`, and do without what they allow, such as ports below 1024")
            .at_file(&compose.file, span)
            .command(command);
        }
    }
    let lost: Vec<&str> =
        wanted.iter().map(String::as_str).filter(|name| !DEFAULT_CAPABILITIES.contains(name)).collect();
    if services.is_empty() && !lost.is_empty() && carried.demands_capabilities() {
        let layer = image.layers.get(program.layer).map_or(String::new(), |layer| layer.digest.clone());
        out.finding(format!(
            "`{}` carries {}, which a container does not have by itself: the kernel refuses to execute it",
            program.path,
            lost.join(", ")
        ))
        .why("a file whose capabilities cannot be had does not start, with `operation not permitted`")
        .help(
            "take them off the file with `setcap -r`, or say in a compose file that the container needs them",
        )
        .at_layer(layer, program.path.clone())
        .command(command);
    }
}

/// The services that run this image: built from its Dockerfile, or named like it.
fn services<'a>(cx: &Cx<'a>) -> impl Iterator<Item = (&'a ComposeFact, &'a ComposeService)> {
    let main = cx.main_dockerfile().map(|docker| docker.file.path.as_str());
    let name = cx.image.and_then(|image| image.name.as_deref());
    let cx = *cx;
    let all = cx.composes().iter().flat_map(|compose| compose.services.iter().map(move |one| (compose, one)));
    all.filter(move |(compose, service)| {
        let built = cx.service_dockerfile(compose, service).map(|docker| docker.file.path.as_str());
        let image = service.image.as_ref().map(|image| repository(&image.value));
        (built.is_some() && built == main) || (image.is_some() && image == name)
    })
}

/// A reference without its tag and digest.
fn repository(reference: &str) -> &str {
    let plain = reference.split('@').next().unwrap_or(reference);
    match plain.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => plain,
    }
}

/// The capabilities a service may use.
fn allowed(service: &ComposeService) -> BTreeSet<String> {
    let mut has: BTreeSet<String> = DEFAULT_CAPABILITIES.iter().map(|&name| name.to_owned()).collect();
    for dropped in &service.cap_drop {
        let name = capability(&dropped.value);
        if name == "ALL" {
            has.clear();
        }
        has.remove(&name);
    }
    for added in &service.cap_add {
        let name = capability(&added.value);
        if name == "ALL" {
            has.extend(seaworthy_facts::capability_names().map(|name| capability(&format!("cap_{name}"))));
        }
        has.insert(name);
    }
    has
}

fn dropped(service: &ComposeService) -> Span {
    service.cap_drop.first().map_or(service.name_span, |drop| drop.span)
}

/// Where `no-new-privileges` is switched on.
fn locked(service: &ComposeService) -> Option<Span> {
    let mut at = None;
    for entry in &service.security_opt {
        if let (key, value) = option(&entry.value)
            && key == "no-new-privileges"
        {
            let off =
                value.is_some_and(|value| ["0", "f", "false"].contains(&value.to_ascii_lowercase().as_str()));
            at = if off { None } else { Some(entry.span) };
        }
    }
    at
}
