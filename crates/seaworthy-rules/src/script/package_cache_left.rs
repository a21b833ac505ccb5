//! Reports package managers whose caches stay in the image.

use super::call::{Managed, base};
use super::managers::{Kind, MANAGERS};
use super::runs::{Run, place_of, runs};
use crate::dockerfile::{final_chain, for_tools};
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind as Item, Stage};
use seaworthy_finding::{Applicability, Edit, Persona};
use std::collections::{BTreeMap, BTreeSet};

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
        let quiet = pip_is_quiet(&stages);
        let in_chain: BTreeSet<usize> = final_chain(&docker.tree).iter().map(|stage| stage.index).collect();
        for run in runs(cx, docker) {
            if (in_chain.contains(&run.stage) || in_chain.is_empty()) != shipped {
                continue;
            }
            let quiet =
                quiet.get(run.stage).copied().flatten().is_some_and(|from| from < run.item.span.start);
            let exported = run.commands.iter().any(|simple| {
                base(simple.words.first().map_or("", String::as_str)) == "export"
                    && says_pip_is_quiet(&simple.words)
            });
            let cleanup = Cleanup::of(&run);
            // What one removal at the end mends is reported once.
            let mut reported = Vec::new();
            for (at, simple, managed) in run.managed() {
                let pip_quiet = quiet || exported || says_pip_is_quiet(&simple.words);
                let once = !matches!(managed.manager.kind, Kind::Apk | Kind::Pip);
                if once && reported.contains(&managed.program) {
                    continue;
                }
                let Some(mut left) = leaves(&run, &cleanup, at, &managed, pip_quiet) else { continue };
                if once {
                    reported.push(managed.program);
                }
                if !shipped {
                    left.aliases.retain(|alias| {
                        !matches!(*alias, "DL3009" | "DL3060" | "DKL-DI-0004" | "DKL-DI-0005")
                    });
                    left.fix = None;
                }
                let place = managed.verb.map_or(simple.span, |verb| place_of(simple, verb.at));
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
                    .persona(match (shipped, for_tools(&docker.file.path)) {
                        (true, false) => Persona::Regular,
                        (true, true) => Persona::Pedantic,
                        (false, _) => Persona::Auditor,
                    })
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

/// For each stage, behind which offset an `ENV` switches pip's cache off, in the stage or in those it begins with.
fn pip_is_quiet(stages: &[Stage<'_>]) -> Vec<Option<usize>> {
    let mut out: Vec<Option<usize>> = Vec::with_capacity(stages.len());
    for stage in stages {
        let inherited = match stage.base {
            Base::Stage(earlier) => out.get(earlier).copied().flatten(),
            _ => None,
        };
        let own = stage.instructions.iter().find(|item| match &item.kind {
            Item::Env { pairs, .. } => pairs
                .iter()
                .any(|pair| pair.key.unquoted() == "PIP_NO_CACHE_DIR" && switched_on(&pair.value.unquoted())),
            _ => false,
        });
        out.push(inherited.or(own.map(|item| item.span.start)));
    }
    out
}

fn says_pip_is_quiet(words: &[String]) -> bool {
    words.iter().any(|word| word.strip_prefix("PIP_NO_CACHE_DIR=").is_some_and(switched_on))
}

fn switched_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
}

/// What a `RUN` takes away again.
struct Cleanup<'a> {
    /// Directories that are not part of the layer.
    mounts: Vec<String>,
    /// The last command that removes something of each manager's caches.
    removed: BTreeMap<Kind, usize>,
    /// The last command by which a program clears its own cache, by program and by what is cleared.
    cleared: BTreeMap<(&'a str, &'a str), usize>,
}

impl<'a> Cleanup<'a> {
    fn of(run: &Run<'a>) -> Self {
        let mut removed = BTreeMap::new();
        let mut cleared = BTreeMap::new();
        for (at, simple) in run.commands.iter().enumerate() {
            if matches!(simple.program(), "rm" | "find") {
                let words: Vec<String> = simple.rest().iter().flat_map(|word| braces(word)).collect();
                for manager in MANAGERS {
                    if words.iter().any(|word| covers(word, manager.caches)) {
                        removed.insert(manager.kind, at);
                    }
                }
            }
            let Some(managed) = Managed::read(simple) else { continue };
            if matches!(managed.verb(), "clean" | "cc" | "cache") {
                cleared.insert((managed.program, ""), at);
                for operand in &managed.call.operands {
                    cleared.insert((managed.program, operand.text), at);
                }
            }
        }
        Self { mounts: run.mounts(), removed, cleared }
    }

    /// Whether the manager's cache is no part of the layer, or removed behind the command.
    fn takes(&self, managed: &Managed<'_>, at: usize) -> bool {
        let caches = managed.manager.caches;
        let mounted =
            self.mounts.iter().filter(|mount| !mount.is_empty()).any(|mount| {
                caches.iter().any(|path| mount.contains(path) || path.starts_with(mount.as_str()))
            });
        // A removal before the command leaves what the command stores.
        mounted || self.removed.get(&managed.manager.kind).is_some_and(|last| *last > at)
    }

    /// Whether the manager clears its cache behind the command.
    fn clears(&self, managed: &Managed<'_>, at: usize, what: &str) -> bool {
        self.cleared.get(&(managed.program, what)).is_some_and(|last| *last > at)
    }
}

/// Whether a word of `rm` names one of the paths, something in it, or a directory around it.
fn covers(word: &str, paths: &[&str]) -> bool {
    let word = word.trim_end_matches(['*', '/']);
    paths.iter().any(|path| word.contains(path) || path.starts_with(word) && word.len() > 4)
}

fn leaves(
    run: &Run<'_>,
    cleanup: &Cleanup<'_>,
    at: usize,
    managed: &Managed<'_>,
    pip_quiet: bool,
) -> Option<Left> {
    if cleanup.takes(managed, at) {
        return None;
    }
    let simple = run.commands.get(at)?;
    let verb = managed.verb();
    let call = &managed.call;
    let clears = |what: &str| cleanup.clears(managed, at, what);
    let option =
        |text: &str| run.insert(simple, managed.verb?.at, text).map(|edits| (Applicability::Safe, edits));
    let behind = |text: &str| run.append(text).map(|edits| (Applicability::Unsafe, edits));
    match managed.manager.kind {
        Kind::Apt if verb == "update" => Some(Left {
            what: "the package lists",
            aliases: vec!["DL3009", "DKL-DI-0005"],
            help: "end the same `RUN` with `&& rm -rf /var/lib/apt/lists/*`".to_owned(),
            fix: behind("rm -rf /var/lib/apt/lists/*"),
        }),
        Kind::Apk if verb == "add" => {
            if call.has(&["no-cache"]) {
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
            if !stores || clears("all") {
                return None;
            }
            // `clean metadata` and its like leave a part, which trivy alone minds.
            let partly = clears("");
            let installs = matches!(verb, "install" | "in" | "reinstall" | "rei");
            let mut aliases = Vec::new();
            if !partly {
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
                what: if partly { "a part of its cache" } else { "packages and metadata" },
                aliases,
                help: format!("end the same `RUN` with `&& {clean}`"),
                fix: behind(&clean),
            })
        }
        Kind::Zypper => {
            if !managed.installs() || clears("") {
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
            if call.has(&["no-cache-dir", "no-cache"]) || pip_quiet || clears("purge") {
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
            if clears("clean") {
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
