//! Comments that silence findings: Seaworthy's own, and those of the tools people already use.
//!
//! `# seaworthy: ignore[rule, rule] reason` (in Markdown `<!-- seaworthy: ignore[rule] reason -->`) silences the next
//! statement, or the line it ends; followed by an empty line at the top of a file, or as `ignore-file[…]`, the whole
//! file. A comment of another tool silences what it silences there, in the place it silences there.

mod dialect;

pub use dialect::Dialect;

use dialect::{Parsed, Reach};
use seaworthy_dockerfile::Stage;
use seaworthy_facts::{DockerfileFact, ProjectFacts, TextFile};
use seaworthy_finding::{Finding, Location, Span};
use std::collections::BTreeMap;

/// One comment and what it silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suppression {
    pub(crate) path: String,
    pub(crate) comment: Span,
    /// Bytes in which a finding must begin; the whole file when absent.
    pub(crate) scope: Option<Span>,
    pub(crate) rules: Vec<String>,
    pub(crate) reason: String,
    pub(crate) dialect: Dialect,
    /// Whether it is for a whole stage.
    pub(crate) stage: bool,
}

impl Suppression {
    /// The name in this comment that silences the finding.
    pub(crate) fn matches(&self, finding: &Finding) -> Option<&str> {
        let Location::File { path, span, .. } = &finding.location else { return None };
        // zizmor takes a comment anywhere in the place it points at.
        let within = self.dialect == Dialect::Zizmor && span.contains(self.comment.start);
        let inside = within || self.scope.is_none_or(|scope| scope.contains(span.start) || scope == *span);
        if *path != self.path || !inside {
            return None;
        }
        self.rules.iter().map(String::as_str).find(|name| dialect::means(self.dialect, name, finding))
    }

    /// Our rule for a name of this comment; none where no rule of ours is meant.
    pub(crate) fn rule_of(&self, name: &str) -> Option<String> {
        dialect::known_as(self.dialect, name)
    }
}

/// Which comments can silence a finding, found without looking at all of them.
#[derive(Debug, Default)]
pub(crate) struct Index {
    files: BTreeMap<String, Places>,
}

/// The comments of a file: those for much of it, those for a statement, and those for the line they end.
#[derive(Debug, Default)]
struct Places {
    wide: Vec<usize>,
    statements: Vec<(Span, usize)>,
    lines: Vec<(Span, usize)>,
}

impl Index {
    pub(crate) fn new(all: &[Suppression]) -> Self {
        let mut index = Self::default();
        for (at, known) in all.iter().enumerate() {
            let places = index.files.entry(known.path.clone()).or_default();
            match known.scope {
                Some(scope) if known.dialect != Dialect::Zizmor && !known.stage => {
                    let trailing = scope.contains(known.comment.start);
                    let list = if trailing { &mut places.lines } else { &mut places.statements };
                    list.push((scope, at));
                }
                _ => places.wide.push(at),
            }
        }
        for places in index.files.values_mut() {
            places.statements.sort_unstable();
            places.lines.sort_unstable();
        }
        index
    }

    /// The comments that may silence a finding, by their place in the list.
    pub(crate) fn candidates(&self, finding: &Finding) -> Vec<usize> {
        let Location::File { path, span, .. } = &finding.location else { return Vec::new() };
        let Some(places) = self.files.get(path) else { return Vec::new() };
        let mut out = places.wide.clone();
        for list in [&places.statements, &places.lines] {
            let end = list.partition_point(|(scope, _)| scope.start <= span.start);
            let around = list[..end].iter().rev();
            out.extend(
                around
                    .take_while(|(scope, _)| scope.contains(span.start) || *scope == *span)
                    .map(|(_, at)| *at),
            );
        }
        out.sort_unstable();
        out
    }
}

/// Every comment of the project that silences something.
pub(crate) fn collect(project: &ProjectFacts) -> Vec<Suppression> {
    let mut out = Vec::new();
    for docker in &project.dockerfiles {
        let from = out.len();
        dockerfile(docker, &mut out);
        if project.hadolint.as_ref().is_some_and(|config| config.pragmas_off) {
            let kept = out.split_off(from).into_iter().filter(|known| known.dialect != Dialect::Hadolint);
            out.extend(kept);
        }
    }
    let others = project
        .ignores
        .iter()
        .map(|known| &known.file)
        .chain(project.composes.iter().map(|known| &known.file))
        .chain(project.workflows.iter().map(|known| &known.file))
        .chain(project.actions.iter().map(|known| &known.file))
        .chain(project.pipelines.iter().map(|known| &known.file))
        .chain(project.documents.iter().map(|known| &known.file));
    for file in others {
        scan(file, &mut out);
    }
    let workflows = project.workflows.iter().map(|known| (&known.file, known.workflow.root.as_deref()));
    let actions = project.actions.iter().map(|known| (&known.file, known.action.root.as_deref()));
    for (file, root) in workflows.chain(actions) {
        if let Some(root) = root {
            widen(file, root, &mut out);
        }
    }
    out
}

/// A comment for zizmor silences the block that zizmor's finding is about, wherever in it the comment stands.
fn widen(file: &TextFile, root: &seaworthy_workflow::Node, out: &mut Vec<Suppression>) {
    let own = |known: &&Suppression| known.dialect == Dialect::Zizmor && known.path == file.path;
    let more: Vec<Suppression> = out
        .iter()
        .filter(own)
        .take(1000)
        .flat_map(|known| {
            let scopes = crate::workflow::scopes(root, &file.text, known.comment.start, &known.rules);
            scopes.into_iter().map(|scope| Suppression { scope: Some(scope), ..known.clone() })
        })
        .collect();
    out.extend(more);
}

/// Comments of a Dockerfile silence whole instructions.
fn dockerfile(docker: &DockerfileFact, out: &mut Vec<Suppression>) {
    let text = docker.file.text.as_str();
    let items = &docker.tree.instructions;
    let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
    let stage_span = |stage: &Stage<'_>| {
        let end = stage.instructions.last().map_or(stage.from.span.end, |item| item.span.end);
        Span::new(stage.from.span.start, end)
    };
    let stages: Vec<Span> = docker.tree.stages().iter().map(stage_span).collect();
    // What stands inside of a heredoc is text of another file.
    let heredocs = items.iter().flat_map(|item| &item.heredocs);
    let bodies: Vec<Span> = heredocs.map(|heredoc| heredoc.content_span).collect();
    let inside = |at: usize| {
        bodies.get(bodies.partition_point(|body| body.end <= at)).is_some_and(|body| body.contains(at))
    };
    for found in comments(&docker.file) {
        if found.parsed.dialect != Dialect::Own && inside(found.comment.start) {
            continue;
        }
        let scope = found.scope(|dialect| match found.parsed.reach {
            Reach::Stage => {
                let stage = stages.partition_point(|stage| stage.end < found.line.end);
                stages.get(stage).copied().unwrap_or(Span::new(found.line.end, found.line.end))
            }
            // The lines of a script come behind ShellCheck's comment in the same instruction.
            _ if dialect == Dialect::Shellcheck && around(&spans, found.comment.start).is_some() => {
                let end = around(&spans, found.comment.start).map_or(found.line.end, |span| span.end);
                Span::new(found.line.end.min(end), end)
            }
            _ => next_instruction(text, found.line.end, &spans, dialect),
        });
        out.push(found.finish(&docker.file, scope));
    }
    if let Some(directive) = docker.tree.directives.iter().find(|known| known.name == "check")
        && let Some(rules) = dialect::skipped(&directive.value)
    {
        out.push(Suppression {
            path: docker.file.path.clone(),
            comment: directive.span,
            scope: None,
            rules,
            reason: "`# check=skip` in the file".to_owned(),
            dialect: Dialect::Buildkit,
            stage: false,
        });
    }
}

/// The instruction that holds a place.
fn around(spans: &[Span], at: usize) -> Option<Span> {
    spans.get(spans.partition_point(|span| span.end <= at)).copied().filter(|span| span.contains(at))
}

/// Reads the comments of any text file; a comment above a line silences that line.
pub(crate) fn scan(file: &TextFile, out: &mut Vec<Suppression>) {
    for found in comments(file) {
        let scope = found.scope(|_| next_line(&file.text, found.line.end));
        out.push(found.finish(file, scope));
    }
}

/// A comment and where it stands.
struct Found {
    comment: Span,
    /// The line with its end.
    line: Span,
    /// Whether nothing stands before it on its line.
    alone: bool,
    /// Whether it stands at the top of the file, with an empty line below.
    head: bool,
    parsed: Parsed,
}

impl Found {
    /// Where findings are silenced; `next` says where the statement below is.
    fn scope(&self, next: impl Fn(Dialect) -> Span) -> Option<Span> {
        match self.parsed.reach {
            Reach::File => None,
            Reach::Next if self.head && self.parsed.dialect == Dialect::Own => None,
            Reach::Line => Some(self.line),
            Reach::Next if !self.alone => Some(self.line),
            Reach::Next | Reach::Stage => Some(next(self.parsed.dialect)),
        }
    }

    fn finish(self, file: &TextFile, scope: Option<Span>) -> Suppression {
        Suppression {
            path: file.path.clone(),
            comment: self.comment,
            scope,
            rules: self.parsed.rules,
            reason: self.parsed.reason,
            dialect: self.parsed.dialect,
            stage: self.parsed.reach == Reach::Stage,
        }
    }
}

/// The comments of a text that are understood.
fn comments(file: &TextFile) -> Vec<Found> {
    let text = file.text.as_str();
    let mut out = Vec::new();
    let mut at = 0;
    let mut top = true;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((offset, body)) = comment_of(line) else {
            top &= line.trim().is_empty();
            continue;
        };
        let alone = line[..offset].trim().is_empty();
        top &= alone;
        let Some(parsed) = dialect::read(body, alone) else { continue };
        let below = text[at..].split('\n').next();
        out.push(Found {
            comment: Span::new(start + offset, start + line.trim_end().len()),
            line: Span::new(start, at),
            alone,
            head: top && alone && below.is_some_and(|below| below.trim().is_empty()),
            parsed,
        });
    }
    out
}

/// The instruction a comment is for: our own reaches over anything, the others' end at an empty line, and hadolint's
/// at a comment that is none of its own.
fn next_instruction(text: &str, at: usize, spans: &[Span], dialect: Dialect) -> Span {
    let nothing = Span::new(at, at);
    let Some(next) = spans.get(spans.partition_point(|span| span.start < at)) else { return nothing };
    // The last piece is the instruction's own indentation.
    let between = text.get(at..next.start).unwrap_or_default();
    let mut lines = between.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(str::trim);
    // Nobody stacks more comments than this, and each of them would be read for each of them.
    if between.len() > 10_000 && dialect != Dialect::Own {
        return nothing;
    }
    let reaches = match dialect {
        Dialect::Own => true,
        Dialect::Hadolint => lines.all(|line| {
            let body = line.trim_start_matches('#').trim();
            dialect::read(body, true).is_some_and(|parsed| parsed.dialect == Dialect::Hadolint)
        }),
        _ => lines.all(|line| !line.is_empty()),
    };
    if reaches { *next } else { nothing }
}

/// The next line that is neither empty nor a comment.
fn next_line(text: &str, at: usize) -> Span {
    let mut start = at;
    for line in text[at..].split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') && !trimmed.starts_with("<!--") {
            return Span::new(start, start + line.len());
        }
        start += line.len();
    }
    Span::new(at, at)
}

/// Words that may begin a comment behind something else on a line.
const TRAILING: [&str; 7] = [
    "# seaworthy:",
    "# nosemgrep",
    "# zizmor:",
    "# trivy:ignore:",
    "#checkov:skip=",
    "# dclint ",
    "# compose-lint:",
];

/// Offset of a comment in a line, and its words.
fn comment_of(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    if let Some(body) = trimmed.strip_prefix('#') {
        return Some((indent, body.trim()));
    }
    if !line.contains(['#', '<']) {
        return None;
    }
    if let Some(offset) = line.find("<!-- seaworthy:") {
        let body = &line[offset + 4..];
        return Some((offset, body.split("-->").next().unwrap_or(body).trim()));
    }
    let offset = TRAILING.iter().filter_map(|start| line.find(start)).min()?;
    Some((offset, line[offset + 1..].trim()))
}

/// Whether the words of a comment are meant for a tool.
pub(crate) fn is_pragma(body: &str) -> bool {
    dialect::read(body.trim(), true).is_some()
}

/// Whether the words of a comment silence the next instruction for hadolint.
pub(crate) fn is_inline_pragma(body: &str) -> bool {
    dialect::read(body.trim(), true)
        .is_some_and(|parsed| parsed.dialect == Dialect::Hadolint && parsed.reach == Reach::Next)
}
