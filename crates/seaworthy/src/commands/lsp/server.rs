//! The server's state: open documents, the projects they belong to, and what the rules say of them.

use super::answers;
use super::rpc::{self, Incoming, code};
use super::text::Text;
use crate::cli::Global;
use crate::commands::mend;
use crate::commands::select::Selection;
use crate::config::Config;
use crate::output;
use crate::stages::STATIC;
use seaworthy_facts::{Facts, ProjectFacts};
use seaworthy_finding::{Family, Finding, FindingStatus, Location};
use seaworthy_project::FileKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A project with more files, or more text, is not judged as a whole at every change.
const MOST_FILES: usize = 40;
const MOST_BYTES: usize = 256 * 1024;

/// A document that is open in the editor.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: Text,
    pub(super) version: Value,
    /// The project's root and the path in it.
    root: PathBuf,
    pub(super) path: String,
    kind: FileKind,
    /// What was found last, in this version of the text.
    pub(super) findings: Vec<Finding>,
    changed: bool,
}

impl Document {
    /// Whether it is a Dockerfile, whose statements may be longer than a line.
    pub(super) fn is_dockerfile(&self) -> bool {
        self.kind == FileKind::Dockerfile
    }
}

/// What is known of a project's directory.
#[derive(Debug, Default)]
struct Project {
    facts: ProjectFacts,
    config: Config,
    /// What is wrong with the policy, where it does not read.
    complaint: Option<String>,
}

/// The server.
#[derive(Debug)]
pub(super) struct Server {
    global: Global,
    initialized: bool,
    shut_down: bool,
    folders: Vec<PathBuf>,
    documents: BTreeMap<String, Document>,
    projects: BTreeMap<PathBuf, Project>,
    /// Messages that are sent before the next answer.
    unsent: Vec<Value>,
}

impl Server {
    /// A server that no editor has spoken to.
    pub(super) fn new(global: Global) -> Self {
        Self {
            global,
            initialized: false,
            shut_down: false,
            folders: Vec::new(),
            documents: BTreeMap::new(),
            projects: BTreeMap::new(),
            unsent: Vec::new(),
        }
    }

    /// Whether the client asked to end.
    pub(super) const fn is_shut_down(&self) -> bool {
        self.shut_down
    }

    /// Handles a message and gives what is sent back.
    pub(super) fn handle(&mut self, message: Incoming, cancelled: bool) -> Vec<Value> {
        match message {
            Incoming::Request { id, .. } if cancelled => {
                vec![rpc::error(&id, code::CANCELLED, "the request was taken back")]
            }
            Incoming::Request { id, method, params } => {
                let answer = match self.answer(&method, &params) {
                    Ok(result) => rpc::result(&id, &result),
                    Err((code, message)) => rpc::error(&id, code, &message),
                };
                let mut out = std::mem::take(&mut self.unsent);
                out.push(answer);
                out
            }
            Incoming::Notification { method, params } => {
                if self.initialized && !self.shut_down {
                    // A notification has no answer, so nobody can be told that it makes no sense.
                    let _ = self.note(&method, &params);
                }
                std::mem::take(&mut self.unsent)
            }
            Incoming::Response => Vec::new(),
            Incoming::Broken => {
                vec![rpc::error(&Value::Null, code::PARSE, "the message is no JSON-RPC")]
            }
        }
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, (i32, String)> {
        if self.shut_down {
            return Err((code::INVALID_REQUEST, "the server was shut down".to_owned()));
        }
        if !self.initialized && method != "initialize" {
            return Err((code::NOT_INITIALIZED, "`initialize` comes first".to_owned()));
        }
        match method {
            "initialize" if self.initialized => {
                Err((code::INVALID_REQUEST, "the server is initialized already".to_owned()))
            }
            "initialize" => {
                self.initialized = true;
                self.folders = folders(params);
                Ok(answers::capabilities())
            }
            "shutdown" => {
                self.shut_down = true;
                Ok(Value::Null)
            }
            "textDocument/hover" => {
                let uri = self.current(params)?;
                let document = &self.documents[&uri];
                let at = params.get("position").and_then(|position| document.text.offset(position));
                let at = at.ok_or((code::INVALID_PARAMS, "the position is missing".to_owned()))?;
                Ok(answers::hover(document, at))
            }
            "textDocument/codeAction" => {
                let uri = self.current(params)?;
                let document = &self.documents[&uri];
                let span = params.get("range").and_then(|range| document.text.span(range));
                let span = span.ok_or((code::INVALID_PARAMS, "the range is missing".to_owned()))?;
                let only = params.pointer("/context/only").and_then(Value::as_array);
                let wants = |kind: &str| {
                    only.is_none_or(|only| {
                        only.iter().filter_map(Value::as_str).any(|asked| {
                            kind == asked
                                || kind.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'))
                        })
                    })
                };
                let mut actions = Vec::new();
                if wants(answers::QUICK_FIX) {
                    actions = answers::quick_fixes(&uri, document, span);
                }
                if wants(answers::FIX_ALL) {
                    actions.extend(self.fix_all(&uri));
                }
                Ok(Value::Array(actions))
            }
            _ => Err((code::METHOD_NOT_FOUND, format!("`{method}` is not served"))),
        }
    }

    /// The document of a request, judged as it is now; its name.
    fn current(&mut self, params: &Value) -> Result<String, (i32, String)> {
        let uri = params.pointer("/textDocument/uri").and_then(Value::as_str).unwrap_or_default();
        if !self.documents.contains_key(uri) {
            return Err((code::INVALID_PARAMS, format!("`{uri}` is not open, or nothing that is checked")));
        }
        let news = self.judge();
        self.unsent.extend(news);
        Ok(uri.to_owned())
    }

    fn note(&mut self, method: &str, params: &Value) -> Option<()> {
        let uri = || params.pointer("/textDocument/uri").and_then(Value::as_str).map(str::to_owned);
        match method {
            "textDocument/didOpen" => self.open(params.get("textDocument")?)?,
            "textDocument/didChange" => {
                let document = self.documents.get_mut(&uri()?)?;
                for change in params.get("contentChanges")?.as_array()? {
                    document.text.change(change)?;
                }
                document.version = params.pointer("/textDocument/version").cloned().unwrap_or(Value::Null);
                document.changed = true;
            }
            "textDocument/didSave" => {
                let root = self.documents.get(&uri()?)?.root.clone();
                self.forget(&root);
            }
            "textDocument/didClose" => {
                let uri = uri()?;
                let closed = self.documents.remove(&uri)?;
                self.unsent.push(answers::published(&uri, &Value::Null, &[]));
                self.forget(&closed.root);
            }
            "workspace/didChangeWatchedFiles" | "workspace/didChangeConfiguration" => {
                let roots: Vec<PathBuf> = self.projects.keys().cloned().collect();
                for root in roots {
                    self.forget(&root);
                }
            }
            "workspace/didChangeWorkspaceFolders" => {
                let event = params.get("event")?;
                let removed = paths(event.get("removed"));
                self.folders.retain(|folder| !removed.contains(folder));
                self.folders.extend(paths(event.get("added")));
            }
            _ => {}
        }
        Some(())
    }

    fn open(&mut self, item: &Value) -> Option<()> {
        let uri = item.get("uri")?.as_str()?.to_owned();
        let text = item.get("text")?.as_str()?.to_owned();
        let language = item.get("languageId").and_then(Value::as_str).unwrap_or_default();
        let (root, path) = self.place(&uri);
        let kind = seaworthy_project::kind_of(&path).or(match language {
            "dockerfile" => Some(FileKind::Dockerfile),
            "dockercompose" => Some(FileKind::Compose),
            "github-actions-workflow" => Some(FileKind::Workflow),
            "ignore" | "dockerignore" if path.ends_with("dockerignore") => Some(FileKind::Ignore),
            _ => None,
        })?;
        let version = item.get("version").cloned().unwrap_or(Value::Null);
        let document = Document {
            text: Text::new(text),
            version,
            root,
            path,
            kind,
            findings: Vec::new(),
            changed: true,
        };
        self.documents.insert(uri, document);
        Some(())
    }

    /// The project a document belongs to, and its path there: the folder that is open in the editor, else the repository.
    fn place(&self, uri: &str) -> (PathBuf, String) {
        let Some(full) = path_of(uri) else {
            let name = uri.rsplit(['/', ':']).next().unwrap_or(uri);
            return (PathBuf::new(), name.to_owned());
        };
        let folder = self
            .folders
            .iter()
            .filter(|folder| full.starts_with(folder))
            .max_by_key(|folder| folder.as_os_str().len());
        let parent = full.parent().unwrap_or(Path::new("/"));
        let repository = || parent.ancestors().find(|dir| dir.join(".git").exists());
        let root = folder.map(PathBuf::as_path).or_else(repository).unwrap_or(parent).to_owned();
        let path = full.strip_prefix(&root).unwrap_or(&full).to_string_lossy().into_owned();
        (root, path)
    }

    /// Reads a project again at the next look: a file of it was written.
    fn forget(&mut self, root: &Path) {
        self.projects.remove(root);
        for document in self.documents.values_mut().filter(|document| document.root == root) {
            document.changed = true;
        }
    }

    /// Judges what changed, and gives the messages that tell.
    pub(super) fn judge(&mut self) -> Vec<Value> {
        let mut roots: Vec<PathBuf> =
            self.documents.values().filter(|one| one.changed).map(|one| one.root.clone()).collect();
        roots.dedup();
        let mut out = Vec::new();
        for root in roots {
            self.judge_project(&root, &mut out);
        }
        out
    }

    fn judge_project(&mut self, root: &Path, out: &mut Vec<Value>) {
        if !self.projects.contains_key(root) {
            let project = self.read_project(root);
            if let Some(complaint) = &project.complaint {
                let params = json!({"type": 2, "message": complaint});
                out.push(rpc::notification("window/showMessage", &params));
            }
            self.projects.insert(root.to_owned(), project);
        }
        let mut here: Vec<String> =
            self.documents.iter().filter(|(_, one)| one.root == root).map(|(uri, _)| uri.clone()).collect();
        let facts = self.facts(&here);
        let size: usize = facts.files().map(|file| file.text.len()).sum();
        if facts.files().count() <= MOST_FILES && size <= MOST_BYTES {
            let findings = self.evaluate(root, facts);
            for uri in here {
                out.extend(self.settle(&uri, &findings));
            }
            return;
        }
        here.retain(|uri| self.documents[uri].changed);
        for uri in here {
            let facts = near(&facts, &self.documents[&uri].path);
            let findings = self.evaluate(root, facts);
            out.extend(self.settle(&uri, &findings));
        }
    }

    fn read_project(&self, root: &Path) -> Project {
        if root.as_os_str().is_empty() {
            return Project::default();
        }
        let options =
            seaworthy_project::Options { without_git: true, ..seaworthy_project::Options::default() };
        let facts = seaworthy_project::collect(root, &options).unwrap_or_default();
        let (config, complaint) = match Config::load(&self.global, root) {
            Ok(config) => (config, None),
            Err(failure) => (Config::default(), Some(format!("{failure}; the default policy is used"))),
        };
        Project { facts, config, complaint }
    }

    /// The facts of the documents' project, with what the editor has in place of what is on disk.
    fn facts(&self, uris: &[String]) -> ProjectFacts {
        let documents: Vec<&Document> = uris.iter().map(|uri| &self.documents[uri]).collect();
        let Some(project) = documents.first().and_then(|first| self.projects.get(&first.root)) else {
            return ProjectFacts::default();
        };
        let open: Vec<(FileKind, &str, &str)> =
            documents.iter().map(|one| (one.kind, one.path.as_str(), one.text.text.as_str())).collect();
        seaworthy_project::with_open(&project.facts, &open)
    }

    fn evaluate(&self, root: &Path, project: ProjectFacts) -> Vec<Finding> {
        let facts = Facts { project: Some(project), ..Facts::default() };
        self.evaluate_facts(root, &facts)
    }

    fn evaluate_facts(&self, root: &Path, facts: &Facts) -> Vec<Finding> {
        let config = self.projects.get(root).map(|project| project.config.clone()).unwrap_or_default();
        let families: Vec<Family> = STATIC.into_iter().chain([Family::Policy]).collect();
        let options = output::rule_options(&self.global);
        seaworthy_rules::evaluate(facts, &config.policy, config.image(), &families, &options).findings
    }

    /// Keeps what was found in a document, and tells it where it is news.
    fn settle(&mut self, uri: &str, findings: &[Finding]) -> Option<Value> {
        let document = self.documents.get_mut(uri)?;
        let here = |finding: &&Finding| {
            finding.status == FindingStatus::Open
                && matches!(&finding.location, Location::File { path, .. } if *path == document.path)
        };
        let found: Vec<Finding> = findings.iter().filter(here).cloned().collect();
        let is_news = document.changed || found != document.findings;
        document.findings = found;
        document.changed = false;
        is_news.then(|| {
            let diagnostics = answers::diagnostics(uri, document);
            answers::published(uri, &document.version, &diagnostics)
        })
    }

    /// One action for every safe fix of a document, as far as they hold together.
    fn fix_all(&self, uri: &str) -> Option<Value> {
        let document = self.documents.get(uri)?;
        let safe = |finding: &Finding| {
            finding.fix.as_ref().is_some_and(|fix| {
                fix.applicability == seaworthy_finding::Applicability::Safe && fix.path == document.path
            })
        };
        if !document.findings.iter().any(safe) {
            return None;
        }
        let facts = near(&self.facts(&[uri.to_owned()]), &document.path);
        let evaluate = |facts: &Facts| self.evaluate_facts(&document.root, facts);
        let findings = evaluate(&Facts { project: Some(facts.clone()), ..Facts::default() });
        let texts = BTreeMap::from([(document.path.clone(), document.text.text.clone())]);
        let proved = mend::prove(&facts, &findings, &texts, &Selection::default(), false, &evaluate);
        let file = proved.files.first()?;
        Some(answers::fix_all(uri, document, &file.edits))
    }
}

/// A file with what its judgement needs at least: the ignore files. The rest of a large project is left out.
fn near(facts: &ProjectFacts, path: &str) -> ProjectFacts {
    let mut out = facts.clone();
    out.dockerfiles.retain(|one| one.file.path == path);
    out.composes.retain(|one| one.file.path == path);
    out.pipelines.retain(|one| one.file.path == path);
    out.workflows.retain(|one| one.file.path == path);
    out.actions.retain(|one| one.file.path == path);
    out.documents.retain(|one| one.file.path == path);
    out
}

/// The folders of `initialize`.
fn folders(params: &Value) -> Vec<PathBuf> {
    let mut out = paths(params.get("workspaceFolders"));
    if out.is_empty() {
        out.extend(params.get("rootUri").and_then(Value::as_str).and_then(path_of));
    }
    out
}

fn paths(folders: Option<&Value>) -> Vec<PathBuf> {
    let all = folders.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|folder| folder.get("uri")?.as_str()).filter_map(path_of).collect()
}

/// The path of a `file:` URI.
fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut at = path.bytes();
    while let Some(byte) = at.next() {
        if byte == b'%' {
            let hex = |digit: Option<u8>| char::from(digit?).to_digit(16);
            let value = hex(at.next())? * 16 + hex(at.next())?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let mut text = String::from_utf8(bytes).ok()?;
    while text.len() > 1 && text.ends_with('/') {
        text.pop();
    }
    Some(PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_paths() {
        assert_eq!(path_of("file:///a%20b/%C3%A9/"), Some(PathBuf::from("/a b/\u{e9}")));
        assert_eq!(path_of("file://host/a"), Some(PathBuf::from("/a")));
        assert_eq!(path_of("untitled:Untitled-1"), None);
        assert_eq!(path_of("file:///%zz"), None);
        assert_eq!(path_of("file:///"), Some(PathBuf::from("/")));
    }
}
