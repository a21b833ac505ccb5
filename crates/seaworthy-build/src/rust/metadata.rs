//! What `cargo metadata` says, as far as packaging needs it (The Cargo Book, "cargo metadata").

use seaworthy_finding::did_you_mean;
use serde::Deserialize;
use std::path::Path;

use crate::BuildError;

/// cargo's answer, format version 1.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub packages: Vec<Package>,
    pub workspace_members: Vec<String>,
    pub workspace_root: String,
    pub target_directory: String,
    pub resolve: Option<Resolve>,
}

/// A package of the graph, or only of the workspace under `--no-deps`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    pub source: Option<String>,
    pub description: Option<String>,
    pub license: Option<String>,
    pub repository: Option<String>,
    pub manifest_path: String,
    pub default_run: Option<String>,
    pub targets: Vec<Target>,
}

/// Something a package builds.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Target {
    pub name: String,
    pub kind: Vec<String>,
}

/// The resolved graph.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Resolve {
    pub nodes: Vec<Node>,
}

/// A package and what it needs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Node {
    pub id: String,
    pub deps: Vec<Dep>,
}

/// An edge.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dep {
    pub pkg: String,
    #[serde(default)]
    pub dep_kinds: Vec<DepKind>,
}

/// `null` for a normal dependency, `build` or `dev`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DepKind {
    pub kind: Option<String>,
}

impl Dep {
    /// Whether the edge takes part in a build, that is, is not only for tests.
    pub(super) fn is_built(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
    }

    /// Whether the dependency is linked in rather than run while building.
    pub(super) fn is_normal(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}

impl Package {
    /// The binary targets.
    pub(super) fn bins(&self) -> Vec<&str> {
        let of_kind = |target: &&Target| target.kind.iter().any(|kind| kind == "bin");
        self.targets.iter().filter(of_kind).map(|target| target.name.as_str()).collect()
    }
}

/// Whether a package is a procedural macro.
pub(super) fn is_proc_macro(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
}

impl Metadata {
    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The package and the binary target to build, from what the policy asks for.
    ///
    /// # Errors
    /// [`BuildError::Input`] where a name is unknown or a choice is left open.
    pub(super) fn choose(
        &self,
        project: &Path,
        package: Option<&str>,
        bin: Option<&str>,
    ) -> Result<(&Package, String), BuildError> {
        let package = match package {
            Some(name) => self.members().find(|member| member.name == name).ok_or_else(|| {
                unknown(
                    "package",
                    name,
                    &self.members().map(|member| member.name.as_str()).collect::<Vec<_>>(),
                )
            })?,
            None => self.default_package(project, bin)?,
        };
        let bins = package.bins();
        let chosen = match (bin, bins.as_slice()) {
            (_, []) => {
                return Err(BuildError::input(
                    format!("the package `{}` has no binary target", package.name),
                    "add `src/main.rs` or a `[[bin]]` to its Cargo.toml, or name another package under `rust.package`",
                ));
            }
            (Some(name), all) if all.contains(&name) => name.to_owned(),
            (Some(name), all) => return Err(unknown("binary", name, all)),
            (None, [only]) => (*only).to_owned(),
            (None, several) => match &package.default_run {
                Some(name) => name.clone(),
                None => {
                    return Err(BuildError::input(
                        format!(
                            "the package `{}` has several binaries: {}",
                            package.name,
                            several.join(", ")
                        ),
                        "name one under `rust.bin` in seaworthy.toml, or set `default-run` in its Cargo.toml",
                    ));
                }
            },
        };
        Ok((package, chosen))
    }

    /// The package at the project's root, else the only member that has the binary, or any binary at all.
    fn default_package(&self, project: &Path, bin: Option<&str>) -> Result<&Package, BuildError> {
        let manifest = project.join("Cargo.toml");
        if let Some(root) = self.members().find(|member| Path::new(&member.manifest_path) == manifest) {
            return Ok(root);
        }
        let candidates: Vec<&Package> = self
            .members()
            .filter(|member| match bin {
                Some(name) => member.bins().contains(&name),
                None => !member.bins().is_empty(),
            })
            .collect();
        match (candidates.as_slice(), bin) {
            ([only], _) => Ok(only),
            ([], Some(name)) => {
                Err(unknown("binary", name, &self.members().flat_map(Package::bins).collect::<Vec<_>>()))
            }
            ([], None) => Err(BuildError::input(
                "no package of the workspace has a binary target",
                "add `src/main.rs` or a `[[bin]]`, or build a Dockerfile instead",
            )),
            (several, _) => {
                let names: Vec<&str> = several.iter().map(|member| member.name.as_str()).collect();
                Err(BuildError::input(
                    format!("the workspace has several packages with binaries: {}", names.join(", ")),
                    "name one under `rust.package` in seaworthy.toml",
                ))
            }
        }
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> BuildError {
    let hint = match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "the workspace has none".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    };
    BuildError::input(format!("there is no {what} `{name}`"), hint)
}
