//! What a file says.

use crate::re2;
use regex::Regex;
use seaworthy_facts::{StructureProblem, TextFile};
use seaworthy_finding::Span;

/// A file, read as far as it reads.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The file.
    pub file: TextFile,
    /// The schema it names.
    pub schema: Option<Schema>,
    /// Variables of every command.
    pub globals: Vec<Pair>,
    /// How commands are run.
    pub options: RunOptions,
    /// The tests in the order they run: commands, file contents, file existence, licences, metadata.
    pub tests: Vec<Test>,
    /// Why the file is refused. Nothing of a refused file runs.
    pub problems: Vec<StructureProblem>,
    /// What its author should know.
    pub hints: Vec<StructureProblem>,
}

impl Suite {
    /// Whether the file is refused as a whole.
    pub fn refused(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Every path whose content a test asks for.
    pub fn contents(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for test in &self.tests {
            match &test.kind {
                Kind::Content(content) => paths.push(content.path.value.clone()),
                Kind::License(license) => {
                    paths.extend(license.files.iter().map(|file| file.value.clone()));
                    if license.debian {
                        paths.push(format!("{}/*/copyright", crate::license::ROOT));
                    }
                }
                Kind::Command(_) | Kind::Existence(_) | Kind::Metadata(_) => {}
            }
        }
        paths
    }

    /// Whether a test runs a command.
    pub fn has_commands(&self) -> bool {
        !self.refused() && self.tests.iter().any(|test| matches!(test.kind, Kind::Command(_)))
    }
}

/// The versions of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// `1.0.0`
    One,
    /// `2.0.0`
    Two,
}

/// A text and its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub value: String,
    /// Where it stands.
    pub span: Span,
}

/// A name and its value, or the expression its value fits.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// The name.
    pub key: Text,
    /// The value.
    pub value: Text,
    /// Whether the value is an expression.
    pub is_regex: bool,
}

/// An expression and what became of it.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it is written.
    pub text: Text,
    /// Compiled, or why Go would refuse it.
    pub regex: Result<Regex, String>,
}

impl Pattern {
    /// Compiles an expression.
    pub fn new(text: Text) -> Self {
        let regex = re2::compile(&text.value);
        Self { text, regex }
    }
}

/// `containerRunOptions`.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// `user`, as in `docker run --user`.
    pub user: Option<Text>,
    /// `privileged`, where it is true.
    pub privileged: Option<Span>,
    /// `allocateTty`, where it is true.
    pub tty: Option<Span>,
    /// Names of variables whose values the caller gives.
    pub env: Vec<Text>,
    /// A file of variables.
    pub env_file: Option<Text>,
    /// Capabilities beyond the default ones.
    pub capabilities: Vec<Text>,
    /// Directories of the host.
    pub binds: Vec<Text>,
}

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name in the file; the fixed ones of metadata and licences are empty.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What makes it fail whatever the image is: it lacks something, or an expression does not compile.
    pub faults: Vec<StructureProblem>,
    /// What it asks.
    pub kind: Kind,
}

impl Test {
    /// The name in reports, which is that of container-structure-test.
    pub fn title(&self) -> String {
        match &self.kind {
            Kind::Command(_) => format!("Command Test: {}", self.name),
            Kind::Content(_) => format!("File Content Test: {}", self.name),
            Kind::Existence(_) => format!("File Existence Test: {}", self.name),
            Kind::License(_) => "License Test".to_owned(),
            Kind::Metadata(_) => "Metadata Test".to_owned(),
        }
    }
}

/// What a test asks.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A command's output and exit code.
    Command(Box<CommandTest>),
    /// What a file contains.
    Content(ContentTest),
    /// Whether a file is there, and whose.
    Existence(ExistenceTest),
    /// Licences of packages.
    License(LicenseTest),
    /// The image's configuration.
    Metadata(Box<MetadataTest>),
}

/// A command test.
#[derive(Clone, Debug, Default)]
pub struct CommandTest {
    /// Program and arguments.
    pub command: Vec<Text>,
    /// Commands before it, which leave what they wrote.
    pub setup: Vec<Vec<Text>>,
    /// Commands after it.
    pub teardown: Vec<Vec<Text>>,
    /// Its variables.
    pub env: Vec<Pair>,
    /// The exit code it must have.
    pub exit_code: (i64, Span),
    /// What standard output must match.
    pub expected_output: Vec<Pattern>,
    /// What standard output must not match.
    pub excluded_output: Vec<Pattern>,
    /// What standard error must match.
    pub expected_error: Vec<Pattern>,
    /// What standard error must not match.
    pub excluded_error: Vec<Pattern>,
}

/// A file content test.
#[derive(Clone, Debug, Default)]
pub struct ContentTest {
    /// The file.
    pub path: Text,
    /// What it must match.
    pub expected: Vec<Pattern>,
    /// What it must not match.
    pub excluded: Vec<Pattern>,
}

/// A file existence test.
#[derive(Clone, Debug, Default)]
pub struct ExistenceTest {
    /// The file; `$NAME` stands for a variable of the image.
    pub path: Text,
    /// Whether it must be there.
    pub should_exist: bool,
    /// Its permissions as Go writes them; empty for any.
    pub permissions: Text,
    /// Its owner.
    pub uid: Option<(i64, Span)>,
    /// Its group.
    pub gid: Option<(i64, Span)>,
    /// Who may execute it: `any`, `owner`, `group`, `other`; empty for nobody in particular.
    pub executable_by: Text,
}

/// A licence test.
#[derive(Clone, Debug, Default)]
pub struct LicenseTest {
    /// Whether every package of Debian is looked at.
    pub debian: bool,
    /// Further licence files.
    pub files: Vec<Text>,
}

/// A metadata test.
#[derive(Clone, Debug, Default)]
pub struct MetadataTest {
    /// Variables that must be there.
    pub env: Vec<Pair>,
    /// Variables that must not.
    pub unbound_env: Vec<Pair>,
    /// Labels that must be there.
    pub labels: Vec<Pair>,
    /// Ports that must be exposed, by number.
    pub exposed: Vec<Text>,
    /// Ports that must not.
    pub unexposed: Vec<Text>,
    /// The entrypoint, where it is asked for; an empty list means none.
    pub entrypoint: Option<(Vec<Text>, Span)>,
    /// The command, likewise.
    pub cmd: Option<(Vec<Text>, Span)>,
    /// The working directory.
    pub workdir: Text,
    /// The user.
    pub user: Text,
    /// Volumes that must be declared.
    pub volumes: Vec<Text>,
    /// Volumes that must not.
    pub unmounted: Vec<Text>,
}
