//! From texts to facts, without touching the file system.

use crate::{compose, declarations, gitlab, hadolint, markdown, source};
use seaworthy_dockerfile::ignore;
use seaworthy_facts::{
    ActionFact, ContextEntry, DockerfileFact, DocumentFact, IgnoreFact, PipelineFact, ProjectFacts,
    SyntaxProblem, TextFile, WorkflowFact,
};
use seaworthy_workflow::Target;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Workflows that are called are followed up to this number of files.
const MOST_CALLED: usize = 1000;

/// Scripts that Dockerfiles name are read up to this number.
const MOST_SCRIPTS: usize = 64;
/// Bytes of such a script.
const MOST_SCRIPT: u64 = 128 * 1024;

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `Dockerfile`, `Dockerfile.*`, `*.Dockerfile`, `Containerfile`.
    Dockerfile,
    /// `.dockerignore`, `*.dockerignore`, `.containerignore`.
    Ignore,
    /// `compose.yaml`, `docker-compose.yml` and the like.
    Compose,
    /// `.gitlab-ci.yml`, `*.gitlab-ci.yml`, `.gitlab/ci/*.yml`.
    Pipeline,
    /// `.github/workflows/*.yml`.
    Workflow,
    /// `action.yml`.
    Action,
    /// A README or a checklist in Markdown.
    Document,
    /// `.hadolint.yaml` or `.hadolint.yml` at the root.
    Hadolint,
}

/// What the file at a relative path is, if anything.
pub fn kind_of(path: &str) -> Option<FileKind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let ending = lower.rsplit_once('.').map_or("", |(_, ending)| ending);
    let yaml = matches!(ending, "yaml" | "yml");
    if matches!(path, ".hadolint.yaml" | ".hadolint.yml") {
        Some(FileKind::Hadolint)
    } else if ending == "dockerignore" || lower == ".containerignore" {
        Some(FileKind::Ignore)
    } else if yaml && directory(path).rsplit('/').take(2).eq(["workflows", ".github"]) {
        Some(FileKind::Workflow)
    } else if matches!(lower.as_str(), "action.yml" | "action.yaml") {
        Some(FileKind::Action)
    } else if yaml
        && (lower.ends_with(".gitlab-ci.yml")
            || lower.ends_with(".gitlab-ci.yaml")
            || path.starts_with(".gitlab/ci/")
            || path.contains("/.gitlab/ci/"))
    {
        Some(FileKind::Pipeline)
    } else if yaml
        && ["compose", "docker-compose", "podman-compose"]
            .iter()
            .any(|stem| lower.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '-', '_'])))
    {
        Some(FileKind::Compose)
    } else if matches!(ending, "md" | "markdown") {
        // Beside these, what tells how to get or run the image.
        let about = [
            "checklist",
            "requirements",
            "acceptance",
            "docker",
            "container",
            "podman",
            "deploy",
            "install",
            "setup",
            "quickstart",
            "getting-started",
            "usage",
        ];
        let told = about.iter().any(|word| lower.contains(word));
        (lower.starts_with("readme") || told).then_some(FileKind::Document)
    } else if matches!(
        ending,
        "rs" | "go" | "py" | "js" | "ts" | "rb" | "java" | "c" | "h" | "cc" | "php" | "json" | "html"
    ) {
        // `dockerfile.rs` is about Dockerfiles, and none itself.
        None
    } else if ["dockerfile", "containerfile"].iter().any(|stem| {
        lower == *stem || lower.ends_with(&format!(".{stem}")) || lower.starts_with(&format!("{stem}."))
    }) {
        Some(FileKind::Dockerfile)
    } else {
        None
    }
}

/// The claims of texts in memory: relative path and text. Every path is an entry of the build context too.
pub fn from_files(files: &[(&str, &str)]) -> ProjectFacts {
    let known = files
        .iter()
        .filter_map(|(path, text)| kind_of(path).map(|kind| (kind, TextFile::new(path, (*text).to_owned()))));
    let mut context: Vec<ContextEntry> = files
        .iter()
        .map(|(path, text)| ContextEntry {
            path: (*path).to_owned(),
            size: text.len() as u64,
            is_dir: false,
            tracked: None,
        })
        .collect();
    let mut dirs = BTreeSet::new();
    for (path, _) in files {
        let ends = path.char_indices().filter(|(_, ch)| *ch == '/').map(|(at, _)| path[..at].to_owned());
        dirs.extend(ends);
    }
    context.extend(dirs.into_iter().map(|path| ContextEntry { path, size: 0, is_dir: true, tracked: None }));
    context.sort();
    let read =
        |path: &str| files.iter().find(|(known, _)| *known == path).map(|(_, text)| (*text).to_owned());
    let mut facts = assemble(known.collect(), &read);
    follow_calls(&mut facts, &read);
    facts.context = context;
    let root = files.iter().filter(|(path, _)| declarations::wanted(path));
    facts.declarations = root.flat_map(|(path, text)| declarations::read(path, text)).collect();
    facts.lockfiles =
        files.iter().filter_map(|(path, text)| seaworthy_packages::lockfile::read(path, text)).collect();
    facts.source = source::look(&facts, &read);
    facts.scripts = scripts(&facts, &read);
    facts
}

/// The same project with other texts: each known file is read again, from `texts` where it stands there.
pub fn with_texts(known: &ProjectFacts, texts: &BTreeMap<String, String>) -> ProjectFacts {
    let mut files = Vec::new();
    let mut again = |kind: FileKind, file: &TextFile| {
        let text = texts.get(&file.path).unwrap_or(&file.text);
        files.push((kind, TextFile::new(&file.path, text.clone())));
    };
    known.dockerfiles.iter().for_each(|one| again(FileKind::Dockerfile, &one.file));
    known.ignores.iter().for_each(|one| again(FileKind::Ignore, &one.file));
    known.composes.iter().for_each(|one| again(FileKind::Compose, &one.file));
    known.pipelines.iter().for_each(|one| again(FileKind::Pipeline, &one.file));
    known.workflows.iter().for_each(|one| again(FileKind::Workflow, &one.file));
    known.actions.iter().for_each(|one| again(FileKind::Action, &one.file));
    known.documents.iter().for_each(|one| again(FileKind::Document, &one.file));
    ProjectFacts {
        root: known.root.clone(),
        context: known.context.clone(),
        context_truncated: known.context_truncated,
        called: known.called.clone(),
        git: known.git.clone(),
        rust: known.rust.clone(),
        declarations: known.declarations.clone(),
        lockfiles: known.lockfiles.clone(),
        source: known.source.clone(),
        scripts: known.scripts.clone(),
        unreadable: known.unreadable.clone(),
        ..assemble(files, &|path| texts.get(path).or_else(|| known.beside.get(path)).cloned())
    }
}

/// The same project with texts that an editor has open: each takes the place of the file of that path, or is new. The
/// other files are not read again.
pub fn with_open(known: &ProjectFacts, open: &[(FileKind, &str, &str)]) -> ProjectFacts {
    let mut facts = known.clone();
    let is_open = |file: &TextFile| open.iter().any(|(_, path, _)| *path == file.path);
    facts.dockerfiles.retain(|one| !is_open(&one.file));
    facts.ignores.retain(|one| !is_open(&one.file));
    facts.composes.retain(|one| !is_open(&one.file));
    facts.pipelines.retain(|one| !is_open(&one.file));
    facts.workflows.retain(|one| !is_open(&one.file));
    facts.actions.retain(|one| !is_open(&one.file));
    facts.documents.retain(|one| !is_open(&one.file));
    let texts = open.iter().map(|(kind, path, text)| (*kind, TextFile::new(path, (*text).to_owned())));
    parse_into(&mut facts, texts.collect(), &|path| known.beside.get(path).cloned());
    join_up(&mut facts);
    facts
}

/// The claims of one text in memory, under the name it would have as a file.
pub fn from_text(path: &str, text: String) -> ProjectFacts {
    let kind = kind_of(path).unwrap_or_else(|| kind_of_named(path, &text));
    assemble(vec![(kind, TextFile::new(path, text))], &|_| None)
}

/// What a file is that somebody named although its name says nothing.
pub(crate) fn kind_of_named(path: &str, text: &str) -> FileKind {
    match path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("yaml" | "yml") => {
            let has = |key: &str| text.lines().any(|line| line.starts_with(key));
            if has("jobs:") && !has("services:") { FileKind::Workflow } else { FileKind::Compose }
        }
        Some("md" | "markdown") => FileKind::Document,
        _ => FileKind::Dockerfile,
    }
}

/// Parses every file and joins what belongs together; `read` gives the texts of further files they name.
pub(crate) fn assemble(files: Vec<(FileKind, TextFile)>, read: compose::Read<'_>) -> ProjectFacts {
    let mut facts = ProjectFacts::default();
    parse_into(&mut facts, files, read);
    join_up(&mut facts);
    facts
}

/// Parses every file into its list, and remembers what was read beside them.
fn parse_into(facts: &mut ProjectFacts, files: Vec<(FileKind, TextFile)>, read: compose::Read<'_>) {
    let beside = RefCell::new(BTreeMap::new());
    let recorded = |path: &str| {
        let text = read(path);
        if let Some(text) = &text {
            beside.borrow_mut().insert(path.to_owned(), text.clone());
        }
        text
    };
    let mut pipelines = Vec::new();
    for (kind, file) in files {
        match kind {
            FileKind::Dockerfile => facts.dockerfiles.push(dockerfile(file)),
            FileKind::Ignore => {
                let patterns = ignore::read(&file.text);
                facts.ignores.push(IgnoreFact { file, patterns });
            }
            FileKind::Compose => facts.composes.push(compose::read_with(file, &recorded)),
            FileKind::Pipeline => pipelines.push(file),
            FileKind::Workflow => facts.workflows.push(workflow(file)),
            FileKind::Action => {
                let (action, problems) = seaworthy_workflow::read_action(&file.text);
                facts.actions.push(ActionFact { file, problems, action });
            }
            FileKind::Document => facts.documents.push(document(file)),
            FileKind::Hadolint if facts.hadolint.is_none() => facts.hadolint = Some(hadolint::read(file)),
            FileKind::Hadolint => {}
        }
    }
    for one in read_pipelines(&pipelines, &recorded) {
        // What an open file includes is known already.
        if !facts.pipelines.iter().any(|known| known.file.path == one.file.path) {
            facts.pipelines.push(one);
        }
    }
    facts.beside.append(&mut beside.take());
}

/// Puts the files in order and joins what belongs together.
fn join_up(facts: &mut ProjectFacts) {
    facts.dockerfiles.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.ignores.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.composes.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.pipelines.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.workflows.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.actions.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.documents.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    facts.fragments = facts
        .documents
        .iter()
        .enumerate()
        .flat_map(|(at, document)| markdown::fence::fragments(document, at))
        .collect();
    let contexts: Vec<Option<String>> =
        facts.dockerfiles.iter().map(|docker| composed_context(facts, &docker.file.path)).collect();
    for (at, context) in contexts.into_iter().enumerate() {
        let path = facts.dockerfiles[at].file.path.clone();
        let context = context.unwrap_or_else(|| directory(&path).to_owned());
        let own = format!("{path}.dockerignore");
        let shared = join(&context, ".dockerignore");
        let find = |wanted: &str| facts.ignores.iter().position(|ignore| ignore.file.path == wanted);
        let ignore = find(&own).or_else(|| find(&shared));
        facts.dockerfiles[at].ignore = ignore;
        facts.dockerfiles[at].context = context;
    }
}

/// Reads GitLab CI files, those included ones that their names do not tell among them.
fn read_pipelines(files: &[TextFile], read: &dyn Fn(&str) -> Option<String>) -> Vec<PipelineFact> {
    let mut out = Vec::new();
    let text_of = |path: &str| {
        // What is asked for is remembered, also where an editor's text takes its place.
        let beside = read(path);
        let open = files.iter().find(|file| file.path == path);
        open.map(|file| file.text.clone()).or(beside)
    };
    let (roots, parts): (Vec<&TextFile>, Vec<&TextFile>) =
        files.iter().partition(|file| file.path.rsplit('/').next() == Some(".gitlab-ci.yml"));
    let mut known: BTreeSet<String> = roots.iter().map(|file| file.path.clone()).collect();
    for root in roots {
        let around = gitlab::surroundings(&root.path, &root.text, read(&root.path).is_some(), &text_of);
        for path in around.paths() {
            if known.insert(path.to_owned())
                && let Some(text) = text_of(path)
            {
                out.push(gitlab::read(
                    TextFile::new(path, text),
                    &around.of_part(path, &root.path, &text_of),
                ));
            }
        }
        out.push(gitlab::read(root.clone(), &around));
    }
    // Nobody here includes these.
    for part in parts.into_iter().filter(|part| !known.contains(&part.path)) {
        let around = gitlab::surroundings(&part.path, &part.text, false, &text_of);
        out.push(gitlab::read(part.clone(), &around));
    }
    out
}

fn dockerfile(file: TextFile) -> DockerfileFact {
    let (tree, errors) = seaworthy_dockerfile::parse(&file.text);
    let problems = errors
        .iter()
        .map(|error| SyntaxProblem { span: error.span, message: error.message.clone(), fatal: error.fatal })
        .collect();
    DockerfileFact { file, tree, errors, problems, ignore: None, context: String::new() }
}

fn workflow(file: TextFile) -> WorkflowFact {
    let (workflow, problems) = seaworthy_workflow::read(&file.text);
    WorkflowFact { file, problems, workflow }
}

/// Reads the workflows elsewhere that a workflow calls: each path is asked for once.
pub(crate) fn follow_calls(facts: &mut ProjectFacts, find: &dyn Fn(&str) -> Option<String>) {
    let mut known: BTreeSet<String> = facts.workflows.iter().map(|known| known.file.path.clone()).collect();
    let mut wanted: Vec<String> = facts.workflows.iter().flat_map(calls).collect();
    while let Some(path) = wanted.pop() {
        if known.len() < MOST_CALLED
            && known.insert(path.clone())
            && let Some(text) = find(&path)
        {
            let found = workflow(TextFile::new(&path, text));
            wanted.extend(calls(&found));
            facts.called.push(found);
        }
    }
    facts.called.sort_by(|a, b| a.file.path.cmp(&b.file.path));
}

/// Shell scripts of the context whose names stand in a Dockerfile, up to a number and a size that people write.
pub(crate) fn scripts(facts: &ProjectFacts, find: &dyn Fn(&str) -> Option<String>) -> Vec<TextFile> {
    let named = |entry: &&ContextEntry| {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        !entry.is_dir
            && entry.size <= MOST_SCRIPT
            && matches!(name.rsplit_once('.'), Some((_, "sh" | "bash")))
            && facts.dockerfiles.iter().any(|docker| docker.file.text.contains(name))
    };
    let found = facts.context.iter().filter(named).take(MOST_SCRIPTS);
    found.filter_map(|entry| Some(TextFile::new(&entry.path, find(&entry.path)?))).collect()
}

/// Paths of the workflows of this repository that the jobs of a workflow call.
fn calls(fact: &WorkflowFact) -> Vec<String> {
    let targets = fact.workflow.jobs.iter().filter_map(|job| job.uses.as_ref()).map(|uses| &uses.target);
    let paths = targets.filter_map(|target| match target {
        Target::Local { path } if !path.contains("..") && !path.contains('@') => Some(clean(path)),
        _ => None,
    });
    paths.filter(|path| matches!(path.rsplit('.').next(), Some("yml" | "yaml"))).collect()
}

fn document(file: TextFile) -> DocumentFact {
    markdown::read(file)
}

/// A project of one file that stands in a document.
pub(crate) fn fragment(kind: FileKind, file: TextFile) -> ProjectFacts {
    assemble(vec![(kind, file)], &|_| None)
}

/// The build context a compose file gives a Dockerfile.
fn composed_context(facts: &ProjectFacts, dockerfile: &str) -> Option<String> {
    facts.composes.iter().find_map(|compose| {
        let base = directory(&compose.file.path);
        compose.services.iter().find_map(|service| {
            let context = clean(&join(base, &service.build.as_ref()?.value));
            let name = service.dockerfile.as_deref().unwrap_or("Dockerfile");
            (clean(&join(&context, name)) == dockerfile).then_some(context)
        })
    })
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn join(base: &str, path: &str) -> String {
    if base.is_empty() { path.to_owned() } else { format!("{base}/{path}") }
}

/// A relative path without `.` and `..`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for (path, kind) in [
            ("Dockerfile", Some(FileKind::Dockerfile)),
            ("docker/Dockerfile.gpu", Some(FileKind::Dockerfile)),
            ("a/b.Dockerfile", Some(FileKind::Dockerfile)),
            ("Containerfile", Some(FileKind::Dockerfile)),
            ("Dockerfile.gpu.dockerignore", Some(FileKind::Ignore)),
            ("compose.yaml", Some(FileKind::Compose)),
            ("docker-compose.prod.yml", Some(FileKind::Compose)),
            ("composer.yml", None),
            (".gitlab-ci.yml", Some(FileKind::Pipeline)),
            ("ci/build.gitlab-ci.yml", Some(FileKind::Pipeline)),
            (".gitlab/ci/image.yml", Some(FileKind::Pipeline)),
            (".github/workflows/ci.yaml", Some(FileKind::Workflow)),
            (".github/workflows/sub/ci.yaml", None),
            ("tools/action.yml", Some(FileKind::Action)),
            ("README.de.md", Some(FileKind::Document)),
            ("docs/RELEASE-CHECKLIST.md", Some(FileKind::Document)),
            ("docs/guide.md", None),
            ("my-dockerfile-notes.txt", None),
            ("src/dockerfile.rs", None),
            ("Dockerfile.dev", Some(FileKind::Dockerfile)),
        ] {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }

    #[test]
    fn a_dockerfile_gets_the_context_of_the_service_that_builds_it_and_its_ignore_file() {
        let facts = from_files(&[
            ("docker/app.Dockerfile", "FROM scratch\n"),
            (
                "compose.yaml",
                "services:\n  a:\n    build: { context: ., dockerfile: docker/app.Dockerfile }\n",
            ),
            (".dockerignore", "target\n"),
        ]);
        assert_eq!(facts.dockerfiles[0].context, "");
        assert_eq!(facts.dockerfiles[0].ignore, Some(0));
    }
}
