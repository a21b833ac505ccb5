//! Reports package managers whose caches stay in the image.

use super::call::{Managed, base, program_at};
use super::managers::Kind;
use super::runs::{Run, runs};
use crate::dockerfile::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind as Item, Stage};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "package-cache-left",
    summary: "a package manager's cache stays in the image",
    passes: "no package manager's cache stays in the image",
    family: Dockerfile, category: Size, severity: Low, confidence: Medium, persona: Regular,
    fix: Safe,
    aliases: [
        "DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DL3060", "DS-0015", "DS-0019", "DS-0020", "DS-0025",
        "DS-0027", "DKL-DI-0004", "DKL-DI-0005",
    ],
    refs: ["Dockerfile best practices, RUN"],
}

/// What stays, its names in other tools, how to leave it out, and the edit that does.
struct Left {
    what: &'static str,
    aliases: Vec<&'static str>,
    help: String,
    fix: Option<(Applicability, Vec<Edit>)>,
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    report(cx, out, true);
}

/// Reports what is left in the stages that are shipped, or in the others.
pub(super) fn report(cx: &Cx<'_>, out: &mut Sink, shipped: bool) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        let in_chain: Vec<usize> = final_chain(&docker.tree).iter().map(|stage| stage.index).collect();
        for run in runs(cx, docker) {
            if (in_chain.contains(&run.stage) || in_chain.is_empty()) != shipped {
                continue;
            }
            let quiet = pip_is_quiet(&stages, run.stage, run.item.span.start);
            let exported = run.commands.iter().any(|simple| {
                base(simple.words.first().map_or("", String::as_str)) == "export"
                    && says_pip_is_quiet(&simple.words)
            });
            // What one removal at the end mends is reported once.
            let mut reported = Vec::new();
            for (at, simple, managed) in run.managed() {
                let pip_quiet = quiet || exported || says_pip_is_quiet(&simple.words);
                let Some(mut left) = leaves(&run, at, &managed, pip_quiet) else { continue };
                let once = !matches!(managed.manager.kind, Kind::Apk | Kind::Pip);
                if once && reported.contains(&managed.program) {
                    continue;
                }
                reported.push(managed.program);
                if !shipped {
                    left.aliases.retain(|alias| {
                        !matches!(*alias, "DL3009" | "DL3060" | "DKL-DI-0004" | "DKL-DI-0005")
                    });
                    left.fix = None;
                }
                let place = managed.verb.map_or(simple.span, |verb| run.place(simple, verb.at));
                let (stage, why) = if shipped {
                    ("", "the cache is shipped with every pull and is never used")
                } else {
                    (
                        " of a stage that is not shipped",
                        "it takes room in the builder's cache, and in a cache that is exported",
                    )
                };
                let found = out
                    .finding(format!("`{}` leaves {} in the layer{stage}", managed.words(), left.what))
                    .aliases(&left.aliases)
                    .why(why)
                    .help(left.help)
                    .at_file(&docker.file, place)
                    .command("docker history IMAGE");
                if let Some((how, edits)) = left.fix {
                    found.fix(how, "Leave no cache", &docker.file, edits);
                }
            }
        }
    }
}

/// Whether an `ENV` above a place switches pip's cache off, in the stage or in those it begins with.
fn pip_is_quiet(stages: &[Stage<'_>], index: usize, before: usize) -> bool {
    let mut at = Some(index);
    while let Some(stage) = at.and_then(|index| stages.get(index)) {
        let found =
            stage.instructions.iter().filter(|item| item.span.start < before).any(|item| match &item.kind {
                Item::Env { pairs, .. } => pairs.iter().any(|pair| {
                    pair.key.unquoted() == "PIP_NO_CACHE_DIR" && switched_on(&pair.value.unquoted())
                }),
                _ => false,
            });
        if found {
            return true;
        }
        at = match stage.base {
            // A stage begins with an earlier one only, so this ends.
            Base::Stage(earlier) if earlier < stage.index => Some(earlier),
            _ => None,
        };
    }
    false
}

fn says_pip_is_quiet(words: &[String]) -> bool {
    words.iter().any(|word| word.strip_prefix("PIP_NO_CACHE_DIR=").is_some_and(switched_on))
}

fn switched_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
}

fn leaves(run: &Run<'_>, at: usize, managed: &Managed<'_>, pip_quiet: bool) -> Option<Left> {
    let simple = run.commands.get(at)?;
    let verb = managed.verb();
    let call = &managed.call;
    // A removal before the command leaves what the command stores.
    let later = &run.commands[at..];
    let removes = |paths: &[&str]| {
        later.iter().any(|other| {
            let program = program_at(other).map_or("", |at| base(&other.words[at]));
            matches!(program, "rm" | "find")
                && other.words.iter().flat_map(|word| braces(word)).any(|word| {
                    let word = word.trim_end_matches(['*', '/']);
                    paths.iter().any(|path| word.contains(path) || path.starts_with(word) && word.len() > 4)
                })
        })
    };
    let mounted = |paths: &[&str]| {
        run.mounts()
            .iter()
            .any(|mount| paths.iter().any(|path| mount.contains(path) || path.starts_with(mount.as_str())))
    };
    // The words behind the manager's own `clean`.
    let cleaned = |wanted: &dyn Fn(&Managed<'_>) -> bool| {
        later.iter().filter_map(Managed::read).any(|other| other.program == managed.program && wanted(&other))
    };
    let caches = managed.manager.caches;
    let option =
        |text: &str| run.insert(simple, managed.verb?.at, text).map(|edits| (Applicability::Safe, edits));
    let behind = |text: &str| run.append(text).map(|edits| (Applicability::Unsafe, edits));
    match managed.manager.kind {
        Kind::Apt if verb == "update" => {
            let lists = ["/var/lib/apt/lists"];
            if removes(&lists) || mounted(&lists) {
                return None;
            }
            Some(Left {
                what: "the package lists",
                aliases: vec!["DL3009", "DKL-DI-0005"],
                help: "end the same `RUN` with `&& rm -rf /var/lib/apt/lists/*`".to_owned(),
                fix: behind("rm -rf /var/lib/apt/lists/*"),
            })
        }
        Kind::Apk if verb == "add" => {
            if call.has(&["no-cache"])
                || removes(&["/var/cache/apk"])
                || mounted(&["/var/cache/apk", "/etc/apk/cache"])
            {
                return None;
            }
            Some(Left {
                what: "the package index",
                aliases: vec!["DL3019", "DS-0025", "DKL-DI-0004"],
                help: "use `apk add --no-cache`".to_owned(),
                fix: option("--no-cache"),
            })
        }
        Kind::Yum | Kind::Dnf => {
            let stores = match managed.manager.kind {
                Kind::Yum => verb == "install",
                _ => matches!(
                    verb,
                    "install"
                        | "in"
                        | "reinstall"
                        | "rei"
                        | "upgrade"
                        | "up"
                        | "upgrade-minimal"
                        | "up-min"
                        | "install-n"
                        | "install-na"
                        | "install-nevra"
                ),
            };
            let all = cleaned(&|other| {
                other.verb() == "clean" && other.call.operands.iter().any(|word| word.text == "all")
            });
            let packages = cleaned(&|other| {
                other.verb() == "clean" && other.call.operands.iter().any(|word| word.text == "packages")
            });
            if !stores || all || removes(caches) || mounted(caches) {
                return None;
            }
            let installs = matches!(verb, "install" | "in" | "reinstall" | "rei");
            let mut aliases = Vec::new();
            if !packages {
                aliases.extend(match managed.program {
                    "yum" => Some("DL3032"),
                    "dnf" | "microdnf" => Some("DL3040"),
                    _ => None,
                });
            }
            aliases.extend(match managed.program {
                "yum" => Some("DS-0015"),
                "dnf" if installs => Some("DS-0019"),
                "microdnf" if installs => Some("DS-0027"),
                _ => None,
            });
            let clean = format!("{} clean all", managed.program);
            Some(Left {
                what: if packages { "the repositories' metadata" } else { "packages and metadata" },
                aliases,
                help: format!("end the same `RUN` with `&& {clean}`"),
                fix: behind(&clean),
            })
        }
        Kind::Zypper => {
            let cleans = cleaned(&|other| matches!(other.verb(), "clean" | "cc"));
            if !managed.installs() || cleans || removes(caches) || mounted(caches) {
                return None;
            }
            Some(Left {
                what: "packages and metadata",
                aliases: vec!["DL3036", "DS-0020"],
                help: "end the same `RUN` with `&& zypper clean --all`".to_owned(),
                fix: behind("zypper clean --all"),
            })
        }
        Kind::Pip if verb == "install" => {
            let kept = call.has(&["no-cache-dir", "no-cache"]) || cleaned(&|other| other.verb() == "cache");
            if kept || pip_quiet || removes(&["/.cache"]) || mounted(&["/.cache"]) {
                return None;
            }
            Some(Left {
                what: "pip's cache",
                aliases: vec!["DL3042"],
                help: "use `pip install --no-cache-dir`".to_owned(),
                fix: option("--no-cache-dir"),
            })
        }
        Kind::Yarn if verb == "install" => {
            let cleans = cleaned(&|other| {
                other.verb() == "cache"
                    && other.call.operands.first().is_some_and(|word| word.text == "clean")
            });
            if cleans || removes(caches) || mounted(caches) {
                return None;
            }
            Some(Left {
                what: "yarn's cache",
                aliases: vec!["DL3060"],
                help: "end the same `RUN` with `&& yarn cache clean`".to_owned(),
                fix: behind("yarn cache clean"),
            })
        }
        _ => None,
    }
}

/// The words of `a{b,c}d`, or the word itself; one pair of braces is enough for paths.
fn braces(word: &str) -> Vec<String> {
    let parts = word.split_once('{').and_then(|(before, rest)| {
        let (inside, after) = rest.split_once('}')?;
        (!before.ends_with('$') && inside.contains(',')).then_some((before, inside, after))
    });
    match parts {
        Some((before, inside, after)) => {
            inside.split(',').take(64).map(|part| format!("{before}{part}{after}")).collect()
        }
        None => vec![word.to_owned()],
    }
}
