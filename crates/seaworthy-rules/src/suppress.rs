//! Comments that silence findings: Seaworthy's own, hadolint's and BuildKit's.
//!
//! `# seaworthy: ignore[rule, rule] reason` (in Markdown `<!-- seaworthy: ignore[rule] reason -->`) silences the next
//! statement, or the line it ends; followed by an empty line at the top of a file, or as `ignore-file[…]`, the whole file.

use seaworthy_facts::{ProjectFacts, TextFile};
use seaworthy_finding::{Finding, Location, Span};

/// One comment and what it silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suppression {
    pub(crate) path: String,
    pub(crate) comment: Span,
    /// Bytes in which a finding must begin; the whole file when absent.
    pub(crate) scope: Option<Span>,
    pub(crate) rules: Vec<String>,
    pub(crate) reason: String,
    /// Whether it is written in Seaworthy's own form.
    pub(crate) own: bool,
}

impl Suppression {
    /// The name in this comment that silences the finding.
    pub(crate) fn matches(&self, finding: &Finding) -> Option<&str> {
        let Location::File { path, span, .. } = &finding.location else { return None };
        let inside = self.scope.is_none_or(|scope| scope.contains(span.start) || scope == *span);
        if *path != self.path || !inside {
            return None;
        }
        self.rules.iter().map(String::as_str).find(|name| {
            name.eq_ignore_ascii_case("all")
                || *name == finding.rule
                || finding.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        })
    }
}

/// Every comment of the project that silences something.
pub(crate) fn collect(project: &ProjectFacts) -> Vec<Suppression> {
    let mut out = Vec::new();
    for docker in &project.dockerfiles {
        let spans: Vec<Span> = docker.tree.instructions.iter().map(|instruction| instruction.span).collect();
        scan(&docker.file, &spans, &mut out);
        if let Some(value) = docker.tree.directive("check") {
            let skip = value.split(';').find_map(|part| part.trim().strip_prefix("skip="));
            if let Some(names) = skip {
                let comment = docker.tree.directives.iter().find(|known| known.name == "check");
                out.push(Suppression {
                    path: docker.file.path.clone(),
                    comment: comment.map_or(Span::default(), |known| known.span),
                    scope: None,
                    rules: names_of(names),
                    reason: "`# check=skip` in the file".to_owned(),
                    own: false,
                });
            }
        }
    }
    for ignore in &project.ignores {
        scan(&ignore.file, &[], &mut out);
    }
    for compose in &project.composes {
        scan(&compose.file, &[], &mut out);
    }
    for workflow in &project.workflows {
        scan(&workflow.file, &[], &mut out);
    }
    for action in &project.actions {
        scan(&action.file, &[], &mut out);
    }
    for document in &project.documents {
        scan(&document.file, &[], &mut out);
    }
    out
}

/// Reads the comment lines of a file; `statements` are the spans a comment above one silences, or lines when empty.
fn scan(file: &TextFile, statements: &[Span], out: &mut Vec<Suppression>) {
    let text = file.text.as_str();
    let mut at = 0;
    let mut top = true;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        let Some((offset, body)) = comment_of(line) else {
            top &= trimmed.is_empty();
            continue;
        };
        let alone = line[..offset].trim().is_empty();
        top &= alone;
        let Some(parsed) = read(body) else { continue };
        let next_empty = text[at..].split('\n').next().is_some_and(|next| next.trim().is_empty());
        let scope = if parsed.whole_file || (top && alone && parsed.own && next_empty) {
            None
        } else if !alone {
            Some(Span::new(start, at))
        } else {
            Some(next_statement(text, at, statements))
        };
        out.push(Suppression {
            path: file.path.clone(),
            comment: Span::new(start + offset, start + line.trim_end().len()),
            scope,
            rules: parsed.rules,
            reason: parsed.reason,
            own: parsed.own,
        });
    }
}

/// The statement that begins first at or after `at`, or the next line that is neither empty nor a comment.
fn next_statement(text: &str, at: usize, statements: &[Span]) -> Span {
    if let Some(next) = statements.iter().find(|span| span.start >= at) {
        return *next;
    }
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

/// Offset of a comment in a line, and its words.
fn comment_of(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    if let Some(body) = trimmed.strip_prefix('#') {
        return Some((indent, body.trim()));
    }
    if let Some(offset) = line.find("<!-- seaworthy:") {
        let body = &line[offset + 4..];
        return Some((offset, body.split("-->").next().unwrap_or(body).trim()));
    }
    let offset = line.find("# seaworthy:")?;
    Some((offset, line[offset + 1..].trim()))
}

struct Parsed {
    rules: Vec<String>,
    reason: String,
    whole_file: bool,
    own: bool,
}

fn read(body: &str) -> Option<Parsed> {
    if let Some(rest) = body.strip_prefix("seaworthy:") {
        let rest = rest.trim_start();
        let (whole_file, rest) = match rest.strip_prefix("ignore-file[") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("ignore[")?),
        };
        let (names, reason) = rest.split_once(']')?;
        return Some(Parsed {
            rules: names_of(names),
            reason: reason.trim().to_owned(),
            whole_file,
            own: true,
        });
    }
    let (whole_file, rest) = match body.strip_prefix("hadolint global ignore=") {
        Some(rest) => (true, rest),
        None => (false, body.strip_prefix("hadolint ignore=").or_else(|| body.strip_prefix("check=skip="))?),
    };
    let (names, reason) = match rest.split_once("//").or_else(|| rest.split_once('#')) {
        Some((names, reason)) => (names, reason.trim()),
        None => (rest, ""),
    };
    Some(Parsed {
        rules: names_of(names.split(';').next().unwrap_or(names)),
        reason: reason.to_owned(),
        whole_file,
        own: false,
    })
}

fn names_of(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
