//! What a Markdown document claims.

use crate::{ProjectFacts, Spanned, TextFile};
use seaworthy_finding::Span;

/// A row of a document's environment table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvRow {
    /// The variable.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What the table says: required, or not, or nothing.
    pub required: Option<bool>,
    /// The default it states.
    pub default: Option<String>,
}

/// A fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBlock {
    /// The language after the fence.
    pub language: String,
    /// Its text.
    pub text: String,
    /// Where the text stands.
    pub span: Span,
    /// Where its pieces stand: offset in the text and offset in the document.
    pub pieces: OffsetTable,
}

/// Offsets of a text that was taken out of a document, and where each piece of it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetTable(pub Vec<(usize, usize)>);

impl OffsetTable {
    /// Where an offset of the text stands in the document; nothing before the first piece.
    pub fn place(&self, at: usize) -> Option<usize> {
        let after = self.0.partition_point(|(start, _)| *start <= at);
        let (start, there) = self.0.get(after.checked_sub(1)?)?;
        Some(there + (at - start))
    }

    /// Where a stretch of the text stands in the document; its end is the end of its last byte.
    pub fn span(&self, span: Span) -> Option<Span> {
        let start = self.place(span.start)?;
        let end = if span.end > span.start { self.place(span.end - 1)? + 1 } else { start };
        Some(Span::new(start, end.max(start)))
    }
}

/// An option of a documented command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocOption {
    /// Its long name without dashes, `publish` for `-p` too.
    pub name: String,
    /// Its value, where it has one.
    pub value: Option<Spanned<String>>,
    /// The option's own word.
    pub span: Span,
}

/// Why a documented command cannot be run as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandProblem {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The text that goes there instead, where there is only one.
    pub instead: Option<String>,
}

/// A command of docker, podman, docker-compose, cosign or crane in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocCommand {
    /// The program.
    pub program: String,
    /// Its subcommand, `run` or `compose up`; empty where none is known.
    pub verb: String,
    /// From the program to the last word.
    pub span: Span,
    /// Its options.
    pub options: Vec<DocOption>,
    /// Its other words; those behind the image of `run` are the container's.
    pub operands: Vec<Spanned<String>>,
    /// Why it cannot be run.
    pub problems: Vec<CommandProblem>,
    /// Whether it stands in a sentence instead of a code block.
    pub inline: bool,
}

impl DocCommand {
    /// The values of an option, by its long name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Spanned<String>> {
        self.options
            .iter()
            .filter(move |option| option.name == name)
            .filter_map(|option| option.value.as_ref())
    }

    /// Whether an option is given.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|option| option.name == name)
    }

    /// The image the command pulls, runs, pushes or verifies.
    pub fn image(&self) -> Option<&Spanned<String>> {
        let known = matches!(
            (self.program.as_str(), self.verb.as_str()),
            (
                "docker" | "podman",
                "run"
                    | "create"
                    | "pull"
                    | "push"
                    | "history"
                    | "manifest inspect"
                    | "buildx imagetools inspect"
            ) | (
                "cosign",
                "verify"
                    | "verify-attestation"
                    | "tree"
                    | "triangulate"
                    | "download sbom"
                    | "download attestation"
            )
        );
        if known { self.operands.first() } else { None }
    }
}

/// A size a document states about the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeClaim {
    /// The words.
    pub text: String,
    /// Where they stand.
    pub span: Span,
    /// The size in bytes.
    pub bytes: u64,
    /// Whether it is an upper bound (`under 5 MB`) rather than a figure.
    pub bound: bool,
    /// Whether the words say compressed (true), unpacked (false) or neither.
    pub compressed: Option<bool>,
}

/// A box of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkbox {
    /// Where the line stands.
    pub span: Span,
    /// Whether it is ticked.
    pub ticked: bool,
    /// Its words.
    pub text: String,
}

/// A Markdown document.
#[derive(Clone, Debug)]
pub struct DocumentFact {
    /// The file.
    pub file: TextFile,
    /// Rows of its environment tables.
    pub env_rows: Vec<EnvRow>,
    /// Code blocks.
    pub code_blocks: Vec<CodeBlock>,
    /// Sizes of the image.
    pub sizes: Vec<SizeClaim>,
    /// Commands of container tools.
    pub commands: Vec<DocCommand>,
    /// Boxes.
    pub checkboxes: Vec<Checkbox>,
    /// Relative links: target and where it stands.
    pub links: Vec<Spanned<String>>,
    /// Sentences, list items and table rows, one for each stretch of prose.
    pub prose: Vec<Span>,
}

/// A fence of a document that holds a file, or a part of one, read as that file.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Index of the document in [`ProjectFacts::documents`].
    pub document: usize,
    /// Whether it is a whole file rather than a part of one.
    pub whole: bool,
    /// Where the fragment's text stands in the document.
    pub pieces: OffsetTable,
    /// A project of this one file, under the document's path.
    pub project: ProjectFacts,
}
