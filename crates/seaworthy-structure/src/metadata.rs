//! Metadata tests: the image's configuration.

use crate::model::{MetadataTest, Pair, Text};
use crate::re2;
use seaworthy_facts::StructureProblem;
use seaworthy_finding::{Span, did_you_mean};
use seaworthy_oci::ContainerConfig;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn judge(test: &MetadataTest, config: &ContainerConfig) -> Vec<StructureProblem> {
    let mut errors = Vec::new();
    let mut wrong = |span: Span, message: String, help: String| {
        errors.push(StructureProblem { span, message, help });
    };
    let env = variables(&config.env);
    for pair in &test.env {
        value(
            pair,
            env.get(pair.key.value.as_str()).copied(),
            "variable",
            || near(&pair.key.value, env.keys().copied()),
            &mut wrong,
        );
    }
    for pair in &test.unbound_env {
        if env.contains_key(pair.key.value.as_str()) {
            wrong(
                pair.key.span,
                format!("variable `{}` is set, and must not be", pair.key.value),
                String::new(),
            );
        }
    }
    let labels: BTreeMap<&str, &str> = config.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    for pair in &test.labels {
        value(
            pair,
            labels.get(pair.key.value.as_str()).copied(),
            "label",
            || near(&pair.key.value, labels.keys().copied()),
            &mut wrong,
        );
    }
    for (name, wanted, own) in
        [("Cmd", &test.cmd, &config.cmd), ("Entrypoint", &test.entrypoint, &config.entrypoint)]
    {
        if let Some((wanted, span)) = wanted
            && !wanted.iter().map(|text| &text.value).eq(own.iter())
        {
            let wanted: Vec<&String> = wanted.iter().map(|text| &text.value).collect();
            wrong(*span, format!("{name} is {own:?}, expected {wanted:?}"), shell_form(own, &wanted));
        }
    }
    for (name, wanted, own) in
        [("WorkingDir", &test.workdir, &config.working_dir), ("User", &test.user, &config.user)]
    {
        if !wanted.value.is_empty() && wanted.value != *own {
            wrong(wanted.span, format!("{name} is `{own}`, expected `{}`", wanted.value), String::new());
        }
    }
    let ports = ports(config);
    for (list, must) in [(&test.exposed, true), (&test.unexposed, false)] {
        for port in list {
            listed("port", port, ports.contains(port.value.as_str()), must, "exposed", &mut wrong);
        }
    }
    for (list, must) in [(&test.volumes, true), (&test.unmounted, false)] {
        for volume in list {
            listed(
                "volume",
                volume,
                config.volumes.contains_key(&volume.value),
                must,
                "declared",
                &mut wrong,
            );
        }
    }
    errors
}

/// Names and values of an environment; the last of one name counts.
pub(crate) fn variables(env: &[String]) -> BTreeMap<&str, &str> {
    env.iter().map(|entry| entry.split_once('=').unwrap_or((entry, ""))).collect()
}

fn value(
    pair: &Pair,
    own: Option<&str>,
    what: &str,
    near: impl Fn() -> String,
    wrong: &mut impl FnMut(Span, String, String),
) {
    let (key, wanted) = (&pair.key.value, &pair.value.value);
    let Some(own) = own else {
        wrong(pair.key.span, format!("{what} `{key}` is not set"), near());
        return;
    };
    let span = if pair.value.span == Span::default() { pair.key.span } else { pair.value.span };
    if !pair.is_regex {
        if own != wanted {
            wrong(span, format!("{what} `{key}` is `{own}`, expected `{wanted}`"), String::new());
        }
        return;
    }
    // One that does not compile is a fault of the test, told before.
    if re2::compile(wanted).is_ok_and(|regex| !regex.is_match(own)) {
        wrong(span, format!("{what} `{key}` is `{own}`, which `{wanted}` does not match"), String::new());
    }
}

fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    did_you_mean(name, known).map(|near| format!("did you mean `{near}`?")).unwrap_or_default()
}

/// What to say where only the shell around a command differs.
fn shell_form(own: &[String], wanted: &[&String]) -> String {
    match own {
        [shell, flag, rest]
            if flag == "-c"
                && *rest == wanted.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ") =>
        {
            format!("the Dockerfile's instruction is in shell form, which runs it by `{shell}`")
        }
        _ => String::new(),
    }
}

fn listed(
    what: &str,
    text: &Text,
    found: bool,
    must: bool,
    word: &str,
    wrong: &mut impl FnMut(Span, String, String),
) {
    if found == must {
        return;
    }
    let help = match text.value.split_once('/') {
        Some((number, protocol)) if what == "port" => {
            format!("ports are compared by number alone: write `{number}`; `/{protocol}` never matches")
        }
        _ => String::new(),
    };
    let should = if must { format!("is not {word}") } else { format!("is {word}, and must not be") };
    wrong(text.span, format!("{what} `{}` {should}", text.value), help);
}

/// The numbers of the exposed ports, ranges one by one.
fn ports(config: &ContainerConfig) -> BTreeSet<String> {
    let mut ports = BTreeSet::new();
    for key in config.exposed_ports.keys() {
        let number = key.split_once('/').map_or(key.as_str(), |(number, _)| number);
        let range =
            number.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match range {
            Some((from, to)) => ports.extend((from..=to).map(|port: u16| port.to_string())),
            None => {
                ports.insert(number.to_owned());
            }
        }
    }
    ports
}
