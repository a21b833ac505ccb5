//! Walks a project and reads what is known by its name.

use crate::assemble::{FileKind, assemble, follow_calls, kind_of, kind_of_named, scripts};
use crate::{cargo, declarations, git, source};
use seaworthy_facts::{ContextEntry, ProjectFacts, TextFile};
use seaworthy_packages::lockfile;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Larger files are not read.
const MAX_FILE: u64 = 4 * 1024 * 1024;
/// Larger lock files are not read.
const MAX_LOCKFILE: u64 = 16 * 1024 * 1024;
/// Lock files deeper below the root belong to somebody else.
const MAX_LOCKFILE_DEPTH: usize = 3;
/// The listing of the build context stops here.
const MAX_ENTRIES: usize = 20_000;
/// Directories below are not searched for files.
const MAX_DEPTH: usize = 8;
/// Directories that hold nothing a person wrote.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// How to collect.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A Dockerfile to read whatever its name is, relative to the root.
    pub dockerfile: Option<String>,
    /// Further files to read whatever their names are: documents, compose files.
    pub extra: Vec<(String, FileKind)>,
    /// Leave git alone.
    pub without_git: bool,
}

/// The project cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The path does not exist or is not readable.
    #[error("read `{path}`")]
    Root {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file the caller named does not exist or is not readable.
    #[error("read `{path}`, which was named explicitly")]
    Named {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Reads the claims of the project at `root`: a directory, or a single Dockerfile, compose file, ignore file or document.
///
/// Symbolic links are not followed. Files that do not read are listed in `unreadable` with the reason.
///
/// # Errors
/// The root, or a file the options name, cannot be read.
pub fn collect(root: &Path, opts: &Options) -> Result<ProjectFacts, ProjectError> {
    let path = || root.display().to_string();
    let meta = fs::metadata(root).map_err(|source| ProjectError::Root { path: path(), source })?;
    if meta.is_file() {
        return single(root);
    }
    fs::read_dir(root).map_err(|source| ProjectError::Root { path: path(), source })?;
    let known_git = if opts.without_git { None } else { git::read(root) };
    let mut walk = Walk { root: root.to_owned(), ..Walk::default() };
    walk.directory("", 0);
    walk.named(opts)?;
    let beside = |path: &str| named(root, path);
    let mut facts = assemble(walk.files, &beside);
    follow_calls(&mut facts, &beside);
    facts.root = path();
    if let Some((_, tracked)) = &known_git {
        for entry in &mut walk.context {
            entry.tracked = Some(if entry.is_dir {
                let start = format!("{}/", entry.path);
                tracked.range(start.clone()..).next().is_some_and(|path| path.starts_with(&start))
            } else {
                tracked.contains(&entry.path)
            });
        }
    }
    walk.context.sort();
    facts.context = walk.context;
    facts.context_truncated = walk.truncated;
    facts.git = known_git.map(|(fact, _)| fact);
    facts.unreadable = walk.unreadable;
    facts.rust = rust(root);
    let root_files = facts.context.iter().filter(|entry| !entry.is_dir && entry.size <= declarations::MAX);
    let declared = root_files.filter(|entry| declarations::wanted(&entry.path)).filter_map(|entry| {
        let text = lossy(fs::read(root.join(&entry.path)).ok()?);
        Some(declarations::read(&entry.path, &text))
    });
    facts.declarations = declared.flatten().collect();
    let locks = facts
        .context
        .iter()
        .filter(|entry| !entry.is_dir && entry.size <= MAX_LOCKFILE && lockfile::is_lockfile(&entry.path));
    facts.lockfiles = locks
        .filter(|entry| entry.path.matches('/').count() <= MAX_LOCKFILE_DEPTH)
        .filter_map(|entry| lockfile::read(&entry.path, &lossy(fs::read(root.join(&entry.path)).ok()?)))
        .collect();
    facts.source = source::look(&facts, &beside);
    facts.scripts = scripts(&facts, &beside);
    Ok(facts)
}

fn single(path: &Path) -> Result<ProjectFacts, ProjectError> {
    let shown = path.display().to_string();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = fs::read(path).map_err(|source| ProjectError::Root { path: shown.clone(), source })?;
    // The folder may say what it is, too, wherever the command was given.
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = lossy(bytes);
    let kind = kind_of(&full.to_string_lossy()).unwrap_or_else(|| kind_of_named(&name, &text));
    let beside = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut facts = assemble(vec![(kind, TextFile::new(&name, text))], &|path| named(&beside, path));
    facts.root = path.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    Ok(facts)
}

#[derive(Default)]
struct Walk {
    root: PathBuf,
    files: Vec<(FileKind, TextFile)>,
    context: Vec<ContextEntry>,
    truncated: bool,
    unreadable: Vec<(String, String)>,
}

impl Walk {
    fn directory(&mut self, relative: &str, depth: usize) {
        let entries = match fs::read_dir(self.root.join(relative)) {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable.push((relative.to_owned(), error.to_string()));
                return;
            }
        };
        let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
            let Ok(kind) = entry.file_type() else { continue };
            if self.context.len() >= MAX_ENTRIES {
                self.truncated = true;
                return;
            }
            let size = if kind.is_file() { entry.metadata().map_or(0, |meta| meta.len()) } else { 0 };
            self.context.push(ContextEntry {
                path: path.clone(),
                size,
                is_dir: kind.is_dir(),
                tracked: None,
            });
            if kind.is_dir() {
                if !SKIPPED.contains(&name.as_str()) && depth < MAX_DEPTH {
                    self.directory(&path, depth + 1);
                }
            } else if kind.is_file()
                && let Some(known) = kind_of(&path)
                && wanted(known, &path)
            {
                self.read(known, &path, size);
            }
        }
    }

    fn read(&mut self, kind: FileKind, path: &str, size: u64) {
        if size > MAX_FILE {
            self.unreadable
                .push((path.to_owned(), format!("{size} bytes, more than {MAX_FILE} are not read")));
            return;
        }
        match fs::read(self.root.join(path)) {
            Ok(bytes) => self.files.push((kind, TextFile::new(path, lossy(bytes)))),
            Err(error) => self.unreadable.push((path.to_owned(), error.to_string())),
        }
    }

    fn named(&mut self, opts: &Options) -> Result<(), ProjectError> {
        let dockerfile = opts.dockerfile.iter().map(|path| (path.clone(), FileKind::Dockerfile));
        for (path, kind) in dockerfile.chain(opts.extra.iter().cloned()) {
            let path = path.trim_start_matches("./").to_owned();
            let known: BTreeSet<&str> = self.files.iter().map(|(_, file)| file.path.as_str()).collect();
            if known.contains(path.as_str()) {
                continue;
            }
            let bytes = fs::read(self.root.join(&path))
                .map_err(|source| ProjectError::Named { path: path.clone(), source })?;
            self.files.push((kind, TextFile::new(&path, lossy(bytes))));
        }
        Ok(())
    }
}

/// READMEs of vendored or nested packages are somebody else's claims.
fn wanted(kind: FileKind, path: &str) -> bool {
    kind != FileKind::Document
        || !path.contains('/')
        || path.starts_with("docs/")
        || path.starts_with(".github/")
}

/// The text of a file below the root that another one names; links are not followed, and nothing large is read.
fn named(root: &Path, path: &str) -> Option<String> {
    let mut at = root.to_owned();
    for part in path.split('/') {
        if part.is_empty() || part == ".." {
            return None;
        }
        at.push(part);
        if fs::symlink_metadata(&at).ok()?.file_type().is_symlink() {
            return None;
        }
    }
    let meta = fs::metadata(&at).ok()?;
    (meta.is_file() && meta.len() <= MAX_FILE).then(|| fs::read(&at).ok().map(lossy)).flatten()
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn rust(root: &Path) -> Option<seaworthy_facts::RustCrate> {
    let text = fs::read_to_string(root.join("Cargo.toml")).ok()?;
    let mut bins: Vec<String> = fs::read_dir(root.join("src/bin"))
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect::<Vec<_>>())
        .unwrap_or_default()
        .iter()
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file()
        })
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    bins.sort();
    cargo::read(&text, root.join("src/main.rs").is_file(), &bins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_walked_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("docker")).unwrap();
        fs::create_dir_all(root.join("node_modules/x")).unwrap();
        fs::write(root.join("Dockerfile"), "FROM scratch\n").unwrap();
        fs::write(root.join("docker/app.Dockerfile"), b"FROM scratch\n# \xff\n").unwrap();
        fs::write(root.join("node_modules/x/Dockerfile"), "FROM scratch\n").unwrap();
        fs::write(root.join("odd-name"), "FROM scratch\n").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", root.join("loop")).unwrap();
        let opts =
            Options { dockerfile: Some("odd-name".to_owned()), without_git: true, ..Options::default() };
        let facts = collect(root, &opts).unwrap();
        let paths: Vec<&str> = facts.dockerfiles.iter().map(|known| known.file.path.as_str()).collect();
        assert_eq!(paths, ["Dockerfile", "docker/app.Dockerfile", "odd-name"]);
        assert!(facts.context.iter().any(|entry| entry.path == "node_modules"));
        assert!(!facts.context.iter().any(|entry| entry.path.starts_with("node_modules/")));
        assert!(!facts.context.iter().any(|entry| entry.path.starts_with("loop/")));
    }

    #[test]
    fn a_single_file_and_a_missing_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("stack.yml"), "services: {}\n").unwrap();
        assert_eq!(collect(&dir.path().join("stack.yml"), &Options::default()).unwrap().composes.len(), 1);
        let error = collect(&dir.path().join("none"), &Options::default()).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }

    #[test]
    fn git_facts_come_from_git() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let run = |arguments: &[&str]| {
            std::process::Command::new("git")
                .arg("-C")
                .arg(root)
                .args(arguments)
                .output()
                .is_ok_and(|out| out.status.success())
        };
        if !run(&["init", "-q", "-b", "main"]) {
            println!("skipped: no usable git");
            return;
        }
        fs::write(root.join("Dockerfile"), "FROM scratch\n").unwrap();
        fs::write(root.join(".env"), "A=b\n").unwrap();
        assert!(run(&["add", "Dockerfile"]));
        assert!(run(&[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "-q",
            "-m",
            "x"
        ]));
        let facts = collect(root, &Options::default()).unwrap();
        let git = facts.git.unwrap();
        assert_eq!((git.commit.len(), git.branch.as_deref(), git.dirty), (40, Some("main"), false));
        let tracked: Vec<(&str, Option<bool>)> = facts
            .context
            .iter()
            .filter(|entry| !entry.is_dir)
            .map(|entry| (entry.path.as_str(), entry.tracked))
            .collect();
        assert_eq!(tracked, [(".env", Some(false)), ("Dockerfile", Some(true))]);
        fs::write(root.join("Dockerfile"), "FROM scratch\nUSER 1\n").unwrap();
        assert!(collect(root, &Options::default()).unwrap().git.unwrap().dirty);
    }
}
