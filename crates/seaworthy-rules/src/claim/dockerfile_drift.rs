//! Reports an image that differs from what the Dockerfile's last stage says.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Command, Healthcheck, Keyword, Kind};
use seaworthy_finding::Span;
use std::collections::BTreeSet;

declare_rule! {
    name: "dockerfile-drift",
    summary: "the image is not what the Dockerfile describes",
    passes: "user, ports, health check, command and variables are the Dockerfile's",
    family: Claim, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(docker) = cx.main_dockerfile() else {
        out.not_applicable("no Dockerfile belongs to this image");
        return;
    };
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    let Some(stage) = docker.tree.final_stage() else {
        out.not_applicable("the Dockerfile has no stage");
        return;
    };
    let config = &image.config.config;
    let scopes = docker.tree.scopes();
    let Some(scope) = scopes.last() else { return };
    let mut drift: Vec<(Span, String)> = Vec::new();
    let last = |keyword: Keyword| stage.instructions.iter().rev().find(move |item| item.keyword == keyword);

    if let Some((item, Kind::User(word))) = last(Keyword::User).map(|item| (item, &item.kind)) {
        let wanted = scope.expand(word);
        // Packaging may write the number where the Dockerfile writes the name.
        let resolved = image.start_ids().map(|(uid, gid)| format!("{uid}:{gid}"));
        let number = image.users.iter().find(|user| user.name == wanted).map(|user| user.uid.to_string());
        let same = wanted == config.user
            || resolved.as_deref() == Some(wanted.as_str())
            || config.user.split(':').next() == Some(wanted.split(':').next().unwrap_or(""))
            || number.is_some_and(|number| config.user.split(':').next() == Some(number.as_str()));
        if !same && !wanted.contains('$') {
            drift.push((item.span, format!("`USER {wanted}`, but the image has `{}`", config.user)));
        }
    }
    let mut ports = BTreeSet::new();
    let mut place = None;
    for item in stage.instructions {
        if let Kind::Expose { ports: words } = &item.kind {
            place = place.or(Some(item.span));
            ports.extend(
                words
                    .iter()
                    .map(|word| scope.expand(word))
                    .map(|port| if port.contains('/') { port } else { format!("{port}/tcp") }),
            );
        }
    }
    let plain =
        ports.iter().all(|port| port.split('/').next().is_some_and(|number| number.parse::<u16>().is_ok()));
    if let Some(place) = place.filter(|_| plain) {
        let missing: Vec<&String> =
            ports.iter().filter(|port| !config.exposed_ports.contains_key(*port)).collect();
        if let Some(first) = missing.first() {
            drift.push((place, format!("`EXPOSE {first}`, which the image does not declare")));
        }
        if let Some(extra) = config.exposed_ports.keys().find(|port| !ports.contains(*port)) {
            drift.push((place, format!("no `EXPOSE {extra}`, which the image declares")));
        }
    }
    if let Some((item, Kind::Healthcheck(health))) = last(Keyword::Healthcheck).map(|item| (item, &item.kind))
    {
        let actual = config.healthcheck.as_ref().map(|health| health.test.clone()).unwrap_or_default();
        let wanted = match health {
            Healthcheck::None => vec!["NONE".to_owned()],
            Healthcheck::Cmd(Command::Exec(words)) => {
                std::iter::once("CMD".to_owned()).chain(words.iter().map(|word| word.raw.clone())).collect()
            }
            Healthcheck::Cmd(Command::Shell { script, .. }) => vec!["CMD-SHELL".to_owned(), script.clone()],
        };
        if actual != wanted && !(actual.is_empty() && wanted == ["NONE"]) {
            let actual = if actual.is_empty() { "none".to_owned() } else { actual.join(" ") };
            drift.push((
                item.span,
                format!("`HEALTHCHECK {}`, but the image has `{actual}`", wanted.join(" ")),
            ));
        }
    }
    for (keyword, actual) in [(Keyword::Entrypoint, &config.entrypoint), (Keyword::Cmd, &config.cmd)] {
        let Some(item) = last(keyword) else { continue };
        let (Kind::Entrypoint(Command::Exec(words)) | Kind::Cmd(Command::Exec(words))) = &item.kind else {
            continue;
        };
        let wanted: Vec<String> = words.iter().map(|word| word.raw.clone()).collect();
        if wanted != *actual {
            drift.push((
                item.span,
                format!("`{keyword} {}`, but the image has `{}`", wanted.join(" "), actual.join(" ")),
            ));
        }
    }
    for item in stage.instructions {
        let Kind::Env { pairs, .. } = &item.kind else { continue };
        for pair in pairs {
            let (name, wanted) = (scope.expand(&pair.key), pair.value.unquoted());
            // The value of a later line, or one that needs the base image's variables, cannot be compared.
            if pair.value.has_variable() || scope.env.get(&name) != Some(&wanted) {
                continue;
            }
            match config.env_value(&name) {
                Some(actual) if actual == wanted => {}
                // The facts do not repeat a secret, so it cannot be compared.
                Some(actual) if actual.contains("… (") && actual.ends_with(" characters)") => {}
                Some(_) => {
                    drift.push((pair.span, format!("`ENV {name}` with another value than the image has")));
                }
                None => drift.push((pair.span, format!("`ENV {name}`, which the image does not have"))),
            }
        }
    }
    for (span, text) in &drift {
        out.finding(format!("the Dockerfile says {text}"))
            .why("what was reviewed is not what runs")
            .help("build the image from this Dockerfile again, or bring the two into agreement")
            .at_file(&docker.file, *span)
            .command("docker image inspect --format '{{json .Config}}' IMAGE");
    }
    if drift.is_empty() {
        out.observed(format!("compared with the last stage of `{}`", docker.file.path));
    }
}
