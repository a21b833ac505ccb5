//! The `RUN` instructions of a file with what the rules over their commands need.

use super::Simple;
use super::call::Managed;
use crate::Cx;
use seaworthy_dockerfile::{Command, Instruction, Kind};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Edit, Span};

/// One `RUN`, also inside of an `ONBUILD`.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) docker: &'a DockerfileFact,
    /// The instruction as it stands in the file.
    pub(crate) item: &'a Instruction,
    /// The `RUN` itself, which is another one inside of an `ONBUILD`.
    pub(crate) inner: &'a Instruction,
    /// Its commands.
    pub(crate) commands: &'a [Simple],
    /// Index of its stage, counted from 0.
    pub(crate) stage: usize,
    /// Its place among the instructions of the file.
    pub(crate) index: usize,
}

/// Every `RUN` of a file, in order.
pub(crate) fn runs<'a>(cx: &Cx<'a>, docker: &'a DockerfileFact) -> Vec<Run<'a>> {
    let mut stage = 0;
    let mut from = false;
    let mut out = Vec::new();
    for (index, item) in docker.tree.instructions.iter().enumerate() {
        if matches!(item.kind, Kind::From { .. }) {
            stage += usize::from(from);
            from = true;
        }
        let inner = match &item.kind {
            Kind::Onbuild(held) => held.as_ref(),
            _ => item,
        };
        if matches!(inner.kind, Kind::Run(_)) {
            out.push(Run { docker, item, inner, commands: cx.commands(docker, item), stage, index });
        }
    }
    out
}

impl<'a> Run<'a> {
    /// Whether it is a JSON array, in which no word can be put in.
    pub(crate) fn exec(&self) -> bool {
        matches!(self.inner.kind, Kind::Run(Command::Exec(_)))
    }

    /// Whether it stands inside of an `ONBUILD`.
    pub(crate) fn onbuild(&self) -> bool {
        !std::ptr::eq(self.item, self.inner)
    }

    /// The calls of package managers, each with its command's index.
    pub(crate) fn managed(&self) -> impl Iterator<Item = (usize, &'a Simple, Managed<'a>)> {
        let commands = self.commands;
        commands
            .iter()
            .enumerate()
            .filter_map(|(at, simple)| Managed::read(simple).map(|managed| (at, simple, managed)))
    }

    /// Directories that a cache or a temporary file system is mounted on.
    pub(crate) fn mounts(&self) -> Vec<String> {
        let flags = self.inner.flags.iter().filter(|flag| flag.name == "mount");
        flags
            .filter_map(|flag| flag.value.as_ref())
            .filter_map(|value| {
                let text = value.unquoted();
                let mut kind = "bind";
                let mut target = None;
                for part in text.split(',') {
                    match part.split_once('=') {
                        Some(("type", value)) => {
                            kind = if value == "cache" || value == "tmpfs" { "kept" } else { "bind" }
                        }
                        Some(("target" | "dst" | "destination", value)) => target = Some(value),
                        _ => {}
                    }
                }
                target.filter(|_| kind == "kept").map(|target| target.trim_end_matches('/').to_owned())
            })
            .collect()
    }

    /// Where a word stands that may be replaced: not in a JSON array, not quoted, and without a line end in it.
    pub(crate) fn plain(&self, simple: &Simple, at: usize) -> Option<Span> {
        let span = word(simple, at).filter(|_| !self.exec())?;
        let text = span.of(&self.docker.file.text);
        simple.words.get(at).is_some_and(|word| word == text).then_some(span)
    }

    /// The edit that puts words behind a word; none where the word is not plain.
    pub(crate) fn insert(&self, simple: &Simple, at: usize, text: &str) -> Option<Vec<Edit>> {
        let end = self.plain(simple, at)?.end;
        Some(vec![Edit { span: Span::new(end, end), text: format!(" {text}") }])
    }

    /// The edit that puts `&& command` behind the last command; none where the script does not end in a plain command.
    pub(crate) fn append(&self, command: &str) -> Option<Vec<Edit>> {
        let Kind::Run(Command::Shell { script, span, .. }) = &self.inner.kind else { return None };
        let plain = self.inner.heredocs.is_empty()
            && !script.contains('#')
            && !script.trim_end().ends_with([';', '&', '|', '\\'])
            && !script.contains("<<");
        let text = span.of(&self.docker.file.text);
        let end = span.start + text.trim_end().len();
        plain.then(|| vec![Edit { span: Span::new(end, end), text: format!(" && {command}") }])
    }
}

/// Where a word of a command stands, quotes included; the command where that is not known.
pub(crate) fn place_of(simple: &Simple, at: usize) -> Span {
    word(simple, at).unwrap_or(simple.span)
}

/// Where a word stands.
fn word(simple: &Simple, at: usize) -> Option<Span> {
    simple.args.get(at).map(|word| word.span).filter(|span| !span.is_empty())
}
