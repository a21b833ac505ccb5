//! Reports package managers whose caches stay in the image.

use super::final_chain;
use super::shell::{Simple, commands};
use crate::{Cx, Sink};
use seaworthy_dockerfile::Instruction;

declare_rule! {
    name: "package-cache-left",
    summary: "a package manager's cache stays in the image",
    passes: "no package manager's cache stays in the image",
    family: Dockerfile, category: Size, severity: Low, confidence: Medium, persona: Regular,
    aliases: ["DL3009", "DL3019", "DL3032", "DL3040", "DL3042", "DL3060", "DKL-DI-0004", "DKL-DI-0005"], refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in final_chain(&docker.tree) {
            for item in stage.instructions {
                let found = commands(item);
                for simple in &found {
                    let Some((what, aliases, help)) = leaves(simple, &found, item) else { continue };
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

fn leaves(simple: &Simple, all: &[Simple], item: &Instruction) -> Option<Left> {
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
            if verb.contains("install")
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
                && !simple.words.iter().any(|word| word.starts_with("PIP_NO_CACHE_DIR=")) =>
        {
            Some(("pip's cache", &["DL3042"], "use `pip install --no-cache-dir`"))
        }
        "yarn" if verb == "install" && !cleans("yarn") && !cached("yarn") => {
            Some(("yarn's cache", &["DL3060"], "end the same `RUN` with `&& yarn cache clean`"))
        }
        _ => None,
    }
}
