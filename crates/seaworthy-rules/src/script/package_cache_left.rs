//! Reports package managers whose caches stay in the image.

use super::Simple;
use crate::dockerfile::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Instruction, Kind};

declare_rule! {
    name: "package-cache-left",
    summary: "a package manager's cache stays in the image",
    passes: "no package manager's cache stays in the image",
    family: Dockerfile, category: Size, severity: Low, confidence: Medium, persona: Regular,
    aliases: ["DL3009", "DL3019", "DL3032", "DL3040", "DL3042", "DL3060", "DKL-DI-0004", "DKL-DI-0005"], refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let chain = final_chain(&docker.tree);
        let pip_quiet = chain.iter().flat_map(|stage| stage.instructions).any(|item| match &item.kind {
            Kind::Env { pairs, .. } => pairs
                .iter()
                .any(|pair| pair.key.unquoted() == "PIP_NO_CACHE_DIR" && switched_on(&pair.value.unquoted())),
            _ => false,
        });
        for stage in chain {
            for item in stage.instructions {
                let found = cx.commands(docker, item);
                // A removal before the command leaves what the command stores.
                let exported = found.iter().any(|other| {
                    other.program() == "export"
                        && other
                            .words
                            .iter()
                            .any(|word| word.strip_prefix("PIP_NO_CACHE_DIR=").is_some_and(switched_on))
                });
                for (at, simple) in found.iter().enumerate() {
                    let Some((what, aliases, help)) =
                        leaves(simple, &found[at..], inner(item), pip_quiet || exported)
                    else {
                        continue;
                    };
                    out.finding(format!(
                        "`{} {}` leaves {what} in the layer",
                        simple.program(),
                        simple.rest().get(1).map_or("", String::as_str)
                    ))
                    .aliases(aliases)
                    .why("the cache is shipped with every pull and is never used")
                    .help(help)
                    .at_file(&docker.file, simple.span)
                    .command("docker history IMAGE");
                }
            }
        }
    }
}

type Left = (&'static str, &'static [&'static str], &'static str);

/// The instruction itself, or the one an `ONBUILD` holds.
fn inner(item: &Instruction) -> &Instruction {
    match &item.kind {
        Kind::Onbuild(inner) => inner,
        _ => item,
    }
}

fn switched_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
}

fn leaves(simple: &Simple, all: &[Simple], item: &Instruction, pip_quiet: bool) -> Option<Left> {
    let rest = simple.rest();
    let verb = rest.iter().skip(1).find(|word| !word.starts_with('-')).map_or("", String::as_str);
    let removes = |path: &str| {
        all.iter().any(|other| other.program() == "rm" && other.words.iter().any(|word| word.contains(path)))
    };
    let cached = |path: &str| {
        item.flags.iter().filter(|flag| flag.name == "mount").filter_map(|flag| flag.value.as_ref()).any(
            |value| {
                let text = value.unquoted();
                (text.contains("type=cache") || text.contains("type=tmpfs")) && text.contains(path)
            },
        )
    };
    let cleans = |program: &str| {
        all.iter().any(|other| {
            other.program() == program && other.has("clean") && (other.has("all") || program == "yarn")
        })
    };
    match simple.program() {
        "apt-get" | "apt" | "aptitude"
            if verb == "update" && !removes("/var/lib/apt/lists") && !cached("/var/lib/apt") =>
        {
            Some((
                "the package lists",
                &["DL3009", "DKL-DI-0005"],
                "end the same `RUN` with `&& rm -rf /var/lib/apt/lists/*`",
            ))
        }
        "apk"
            if verb == "add"
                && !simple.has("--no-cache")
                && !removes("/var/cache/apk")
                && !cached("/var/cache/apk") =>
        {
            Some(("the package index", &["DL3019", "DKL-DI-0004"], "use `apk add --no-cache`"))
        }
        "yum"
            if verb.contains("install")
                && !cleans("yum")
                && !removes("/var/cache/yum")
                && !cached("/var/cache/yum") =>
        {
            Some(("the package cache", &["DL3032"], "end the same `RUN` with `&& yum clean all`"))
        }
        name @ ("dnf" | "microdnf")
            if (verb.contains("install") || matches!(verb, "in" | "upgrade" | "update"))
                && !cleans(name)
                && !removes("/var/cache")
                && !cached("/var/cache") =>
        {
            Some(("the package cache", &["DL3040"], "end the same `RUN` with `&& dnf clean all`"))
        }
        "pip" | "pip3"
            if verb == "install"
                && !simple.has("--no-cache-dir")
                && !removes("/.cache")
                && !cached("/.cache")
                && !pip_quiet
                && !simple
                    .words
                    .iter()
                    .any(|word| word.strip_prefix("PIP_NO_CACHE_DIR=").is_some_and(switched_on)) =>
        {
            Some(("pip's cache", &["DL3042"], "use `pip install --no-cache-dir`"))
        }
        "yarn" if verb == "install" && !cleans("yarn") && !cached("yarn") => {
            Some(("yarn's cache", &["DL3060"], "end the same `RUN` with `&& yarn cache clean`"))
        }
        _ => None,
    }
}
