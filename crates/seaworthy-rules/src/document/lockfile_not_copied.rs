//! Reports builds that install what a manifest asks for while the lockfile beside it stays out.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_facts::DockerfileFact;

declare_rule! {
    name: "lockfile-not-copied",
    summary: "dependencies are installed without the project's lockfile",
    passes: "the lockfile is copied with its manifest",
    family: Document, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["lockfile-drift"], refs: [],
}

/// Manifest, its lockfiles, and the programs that read them.
const KINDS: [(&str, &[&str], &[&str]); 6] = [
    (
        "package.json",
        &["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "npm-shrinkwrap.json"],
        &["npm", "yarn", "pnpm", "bun"],
    ),
    ("pyproject.toml", &["poetry.lock", "uv.lock", "pdm.lock"], &["poetry", "uv", "pdm"]),
    ("Cargo.toml", &["Cargo.lock"], &["cargo"]),
    ("Gemfile", &["Gemfile.lock"], &["bundle", "bundler"]),
    ("composer.json", &["composer.lock"], &["composer"]),
    ("Pipfile", &["Pipfile.lock"], &["pipenv"]),
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    let paths = project.paths();
    for docker in cx.dockerfiles() {
        let start = if docker.context.is_empty() { String::new() } else { format!("{}/", docker.context) };
        for (manifest, locks, programs) in KINDS {
            let there = |name: &str| paths.contains(format!("{start}{name}").as_str());
            let Some(lock) = locks.iter().find(|lock| there(lock)) else { continue };
            for stage in docker.tree.stages() {
                let Some(span) = copied_alone(cx, docker, stage.instructions, manifest, locks, programs)
                else {
                    continue;
                };
                out.finding(format!("`{manifest}` is copied and installed without `{lock}`"))
                    .why(
                        "the build takes the newest versions the manifest allows, not those that were tested",
                    )
                    .help(format!("copy `{lock}` beside `{manifest}`"))
                    .at_file(&docker.file, span)
                    .command(format!("grep -n COPY {}", docker.file.path));
            }
        }
    }
}

/// Where a stage copies a manifest by name and runs its program before any copy brings a lockfile.
fn copied_alone(
    cx: &Cx<'_>,
    docker: &DockerfileFact,
    items: &[seaworthy_dockerfile::Instruction],
    manifest: &str,
    locks: &[&str],
    programs: &[&str],
) -> Option<seaworthy_finding::Span> {
    let mut place = None;
    for item in items {
        match &item.kind {
            Kind::Copy { sources, .. } | Kind::Add { sources, .. } => {
                for source in sources {
                    let name = source.unquoted();
                    let last = name.trim_start_matches("./");
                    if item.flag("from").is_none() && last == manifest {
                        place = Some(source.span);
                    } else if !last.contains('.')
                        || last.contains(['*', '$', '?'])
                        || last.ends_with('/')
                        || locks.contains(&last)
                        || last == "."
                    {
                        // A directory, a pattern or another stage may bring the lockfile.
                        return None;
                    }
                }
            }
            Kind::Run(_) => {
                // A mount may bring it for this one command.
                if item.flag("mount").is_some() && item.text.contains("type=bind") {
                    return None;
                }
                let runs = cx.commands(docker, item).iter().any(|command| {
                    let installs = ["install", "ci", "sync", "build", "i", "fetch", "export", "add"];
                    programs.contains(&command.program())
                        && installs.iter().any(|word| command.has(word))
                        && !command.has("-g")
                        && !command.has("--global")
                });
                if runs && place.is_some() {
                    return place;
                }
            }
            _ => {}
        }
    }
    None
}
