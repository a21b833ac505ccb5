//! The lossless tree of a Dockerfile: every type a reader of one meets.

use seaworthy_finding::Span;

use crate::map::OffsetMap;
use crate::stages::Plans;

/// Why a piece of a Dockerfile is wrong, as a stable class beside the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// A parser directive with a value BuildKit does not take.
    BadDirective,
    /// The same parser directive twice.
    DuplicateDirective,
    /// The first word of a line is no instruction.
    UnknownInstruction,
    /// A `--flag` the instruction does not have.
    UnknownFlag,
    /// A flag that may be given once, given again.
    DuplicateFlag,
    /// A flag without the value it needs, or with a value that is none of its values.
    BadFlagValue,
    /// Too few arguments.
    MissingArgument,
    /// Too many arguments.
    TooManyArguments,
    /// The name after `AS` is no stage name.
    BadStageName,
    /// A word of `ENV` or `LABEL` without `=`.
    BadKeyValue,
    /// An empty name in `ENV`, `LABEL` or `ARG`.
    BlankName,
    /// A JSON array with an element that is no string.
    JsonElement,
    /// Text that looks like a JSON array but is none, so that it is read as shell text.
    JsonLike,
    /// `SHELL` without a JSON array.
    JsonRequired,
    /// A heredoc whose terminator line never comes.
    UnterminatedHeredoc,
    /// A heredoc with an impossible word or place.
    BadHeredoc,
    /// A `#` comment behind an instruction.
    InlineComment,
    /// An instruction before the first `FROM`.
    NoStage,
    /// A file without any instruction.
    NoInstructions,
    /// `ONBUILD` of an instruction it cannot hold.
    BadOnbuild,
    /// A `RUN --mount` that cannot be read.
    BadMount,
    /// A `HEALTHCHECK` that is neither `NONE` nor `CMD`.
    BadHealthcheck,
    /// A variable where BuildKit expands none.
    VariableNotSupported,
    /// A word whose quotes or substitutions are broken.
    BadWord,
    /// A port that is none.
    BadPort,
    /// An image name or stage that cannot be meant; only [`Dockerfile::build_errors`] gives it.
    BadReference,
    /// A signal that is none.
    BadSignal,
    /// Typographic quotes where straight ones are meant.
    Typographic,
    /// An empty line inside a continued instruction.
    EmptyContinuation,
}

/// How far BuildKit gets before it sees an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// While it cuts the file into lines and words; it stops at the first such error.
    Parse,
    /// While it reads flags and arguments of each instruction.
    Instructions,
    /// While it turns instructions into a build, with variables expanded.
    Build,
}

/// One located thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The text the message is about.
    pub span: Span,
    /// What is wrong and what to write instead, one lowercase fragment.
    pub message: String,
    /// The class of the error.
    pub kind: ErrorKind,
    /// True when BuildKit refuses the file because of this; false when it builds something else than was
    /// meant.
    pub fatal: bool,
    /// Where BuildKit would notice.
    pub phase: Phase,
}

/// One Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// The text the tree was read from; every span is an offset in bytes into it.
    pub source: String,
    /// The escape and continuation character, `\` or a backtick.
    pub escape: char,
    /// Parser directives at the top, in order.
    pub directives: Vec<Directive>,
    /// Comment lines outside of instructions, in order.
    pub comments: Vec<Comment>,
    /// Instructions in order, unknown and broken ones included.
    pub instructions: Vec<Instruction>,
    /// Everything between the other spans: line ends, empty lines, indentation, a byte order mark.
    pub blanks: Vec<Span>,
    /// Offsets of line starts; the first is 0.
    pub(crate) line_starts: Vec<usize>,
    /// The stages, once somebody asked for them.
    pub(crate) plans: Plans,
}

/// `# name=value` at the top of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Lowercase name: `syntax`, `escape` or `check`.
    pub name: String,
    /// The value without surrounding blanks.
    pub value: String,
    /// From `#` to the end of the line, without the line end.
    pub span: Span,
    /// The value alone.
    pub value_span: Span,
}

/// One comment line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line, without the line end.
    pub span: Span,
    /// The text behind `#`, trimmed.
    pub text: String,
}

/// The instruction words of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the instruction of that name")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// None of the language's words.
    Unknown,
}

/// One instruction, from its keyword to the end of its last line (heredoc bodies included).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// From the keyword to the last byte, without the last line end.
    pub span: Span,
    /// The instruction word.
    pub keyword: Keyword,
    /// The instruction word as written.
    pub keyword_span: Span,
    /// `--name=value` flags in order, also those the instruction does not have.
    pub flags: Vec<Flag>,
    /// What the instruction says.
    pub kind: Kind,
    /// Heredocs in order.
    pub heredocs: Vec<Heredoc>,
    /// Comment lines inside the continued instruction.
    pub comments: Vec<Comment>,
    /// Empty lines inside the continued instruction (without their line ends).
    pub empty_lines: Vec<Span>,
    /// From `#` to the end of the line, when a comment was meant but BuildKit reads arguments: the words in it
    /// are still in `kind`, because that is what is built.
    pub inline_comment: Option<Span>,
    /// The instruction without heredoc bodies as BuildKit reads it: continuations joined, comments dropped.
    pub text: String,
    /// The part of `text` behind keyword and flags.
    pub arguments: String,
    /// True when a fatal [`SyntaxError`] lies on this instruction, so `kind` is only what could be read.
    pub broken: bool,
}

/// One `--name[=value]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The name without dashes.
    pub name: String,
    /// The value with quotes removed (`raw` too: BuildKit removes them before it expands), `None` without `=`.
    pub value: Option<Word>,
    /// The whole flag.
    pub span: Span,
}

/// What an instruction says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the parts of the instruction's grammar")]
pub enum Kind {
    /// `image` is empty when the line has none.
    From {
        image: Word,
        alias: Option<Word>,
    },
    Run(Command),
    Cmd(Command),
    Entrypoint(Command),
    /// Heredoc words are in [`Instruction::heredocs`], not in `sources`.
    Copy {
        sources: Vec<Word>,
        dest: Option<Word>,
        json: bool,
    },
    /// Heredoc words are in [`Instruction::heredocs`], not in `sources`.
    Add {
        sources: Vec<Word>,
        dest: Option<Word>,
        json: bool,
    },
    Env {
        pairs: Vec<Pair>,
        legacy: bool,
    },
    Label {
        pairs: Vec<Pair>,
        legacy: bool,
    },
    Arg {
        args: Vec<ArgDecl>,
    },
    Expose {
        ports: Vec<Word>,
    },
    User(Word),
    Workdir(Word),
    Volume {
        paths: Vec<Word>,
        json: bool,
    },
    Healthcheck(Healthcheck),
    Stopsignal(Word),
    Shell(Vec<Word>),
    Onbuild(Box<Instruction>),
    Maintainer(Word),
    /// An unknown word, or an instruction whose arguments could not be read at all.
    Unknown {
        text: String,
    },
}

/// `name=value` of `ENV` and `LABEL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The name, quotes kept.
    pub key: Word,
    /// The value, quotes kept.
    pub value: Word,
    /// Both and the `=`.
    pub span: Span,
}

/// One name of an `ARG`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgDecl {
    /// The name, quotes kept.
    pub name: Word,
    /// The default, `None` without `=`.
    pub default: Option<Word>,
}

/// `HEALTHCHECK NONE` or `HEALTHCHECK CMD …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healthcheck {
    /// Switches an inherited check off.
    None,
    /// The check; its times are in [`Instruction::flags`].
    Cmd(Command),
}

/// The command of `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A JSON array.
    Exec(Vec<Word>),
    /// Text for a shell, heredoc bodies not included.
    Shell {
        /// The text with continuations joined and comment lines dropped, as the shell sees it.
        script: String,
        /// Where the text lies in the file.
        span: Span,
        /// From offsets in `script` to offsets in the file.
        map: OffsetMap,
    },
}

/// One heredoc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The terminator, quotes removed.
    pub name: String,
    /// The body as written, line ends included.
    pub content: String,
    /// Where the body lies (without the terminator line).
    pub content_span: Span,
    /// The `<<NAME` word.
    pub span: Span,
    /// The terminator line's word; empty at the end of the file when it is missing.
    pub terminator_span: Span,
    /// True when the name was not quoted: BuildKit (COPY, ADD) or the shell (RUN) expands variables in it.
    pub expand: bool,
    /// True for `<<-`: leading tabs are removed.
    pub strip_tabs: bool,
    /// The file descriptor before `<<`, 0 when none is written.
    pub fd: u32,
    /// False when the file ends before the terminator.
    pub terminated: bool,
}

/// One word of an instruction.
#[derive(Debug, Clone)]
pub struct Word {
    /// Where it lies; a JSON string with its quotes.
    pub span: Span,
    /// The text as BuildKit reads it before expansion: quotes kept and continuations joined; of a JSON string,
    /// its value.
    pub raw: String,
    /// True when the word is an element of a JSON array.
    pub json: bool,
    pub(crate) escape: char,
    pub(crate) map: OffsetMap,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.raw == other.raw && self.json == other.json
    }
}
impl Eq for Word {}

/// A `$name` or `${name…}` in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarRef {
    /// The variable's name.
    pub name: String,
    /// The whole reference in the file.
    pub span: Span,
    /// What follows the name, one of `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/` `//`, or another modifier
    /// as written; `None` for a plain reference.
    pub operator: Option<String>,
    /// The text behind the operator, unexpanded.
    pub default: Option<String>,
}
