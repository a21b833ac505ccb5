//! Command tests: what is to be run, and what the answer says.

use crate::expand::expand;
use crate::metadata::variables;
use crate::model::{CommandTest, Pattern, RunOptions, Suite, Text};
use seaworthy_facts::StructureProblem;
use seaworthy_finding::Span;
use seaworthy_oci::ContainerConfig;
use std::collections::BTreeMap;

/// One command with its complete environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Program and arguments; the image's entrypoint is left out.
    pub argv: Vec<String>,
    /// The complete environment, as far as image and file say.
    pub env: Vec<(String, String)>,
}

/// What a command test needs run, one after the other, on one fresh writable layer over the image.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Before the command. What they write stays, how they exit does not matter.
    pub setup: Vec<Run>,
    /// The command.
    pub command: Run,
    /// After the command.
    pub teardown: Vec<Run>,
    /// The user: the file's, else the image's.
    pub user: &'a str,
    /// The working directory.
    pub cwd: &'a str,
    /// Capabilities beyond those Docker Engine grants.
    pub capabilities: Vec<String>,
    /// Directories of the host, as in `docker run --volume`; empty unless the caller allows them.
    pub binds: Vec<String>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The command ran to its end.
    Ended {
        /// Its exit code; 128 and the signal's number for one that was killed.
        code: i64,
        /// Standard output.
        stdout: Vec<u8>,
        /// Standard error.
        stderr: Vec<u8>,
        /// Milliseconds, setup included.
        ms: u64,
        /// Something about the run that its reader should know.
        notes: Vec<String>,
    },
    /// A command could not be started, or did not end in time: the image's fault, or the test's.
    Failed {
        /// Why.
        why: String,
        /// What to do.
        help: String,
        /// Standard output so far.
        stdout: Vec<u8>,
        /// Standard error so far.
        stderr: Vec<u8>,
        /// Milliseconds.
        ms: u64,
    },
    /// Nothing can be run here.
    NotRun(String),
}

/// Runs commands in containers of the image.
pub trait Commands {
    /// Runs what a test needs.
    fn run(&self, request: &Request<'_>) -> Answer;
}

/// The environment of a suite's commands, and what is fixed in it.
pub(crate) struct Environment {
    /// Image and global variables.
    base: BTreeMap<String, String>,
    /// Variables of the caller, by `containerRunOptions`.
    given: Vec<(String, String)>,
}

impl Environment {
    pub(crate) fn new(suite: &Suite, config: &ContainerConfig, given: Vec<(String, String)>) -> Self {
        let mut base: BTreeMap<String, String> = variables(&config.env)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for pair in &suite.globals {
            let value = expand(&pair.value.value, &|name| base.get(name).cloned()).0;
            base.insert(pair.key.value.clone(), value);
        }
        Self { base, given }
    }
}

/// What a test needs run, and the variables its command names that have no value.
pub(crate) fn request<'a>(
    test: &CommandTest,
    environment: &Environment,
    options: &'a RunOptions,
    config: &'a ContainerConfig,
    allow_binds: bool,
) -> (Request<'a>, Vec<String>) {
    let own = |expanded: bool| {
        let mut env = environment.base.clone();
        env.extend(environment.given.iter().cloned());
        for pair in &test.env {
            let value = &pair.value.value;
            let value =
                if expanded { expand(value, &|name| env.get(name).cloned()).0 } else { value.clone() };
            env.insert(pair.key.value.clone(), value);
        }
        env.into_iter().collect::<Vec<_>>()
    };
    let words = |words: &[Text]| words.iter().map(|word| word.value.clone()).collect::<Vec<_>>();
    let runs = |commands: &[Vec<Text>]| {
        commands.iter().map(|command| Run { argv: words(command), env: own(true) }).collect::<Vec<_>>()
    };
    // Variables in the words are those of the image the command runs on; with a setup that is one made with the test's own.
    let known: BTreeMap<String, String> =
        if test.setup.is_empty() { environment.base.clone() } else { own(true).into_iter().collect() };
    let mut unknown = Vec::new();
    let mut argv = Vec::new();
    for word in words(&test.command) {
        let (word, missing) = expand(&word, &|name| known.get(name).cloned());
        unknown.extend(missing);
        argv.push(word);
    }
    let request = Request {
        setup: runs(&test.setup),
        command: Run { argv, env: own(false) },
        teardown: runs(&test.teardown),
        user: options.user.as_ref().map_or(config.user.as_str(), |user| user.value.as_str()),
        cwd: if config.working_dir.is_empty() { "/" } else { &config.working_dir },
        capabilities: options.capabilities.iter().map(|name| name.value.clone()).collect(),
        binds: if allow_binds {
            options.binds.iter().map(|bind| bind.value.clone()).collect()
        } else {
            Vec::new()
        },
    };
    (request, unknown)
}

/// What of an answer is not as the test wants it.
pub(crate) fn judge(
    test: &CommandTest,
    span: Span,
    code: i64,
    stdout: &str,
    stderr: &str,
) -> Vec<StructureProblem> {
    let mut errors = Vec::new();
    for (patterns, text, what, must) in [
        (&test.expected_error, stderr, "standard error", true),
        (&test.excluded_error, stderr, "standard error", false),
        (&test.expected_output, stdout, "standard output", true),
        (&test.excluded_output, stdout, "standard output", false),
    ] {
        errors.extend(patterns.iter().filter_map(|pattern| mismatch(pattern, text, what, must)));
    }
    let (wanted, at) = test.exit_code;
    if code != wanted {
        let at = if at == Span::default() { span } else { at };
        let help = match code {
            139 => "128 and 11: it crashed".to_owned(),
            137 => "128 and 9: it was killed, for want of memory perhaps".to_owned(),
            _ => String::new(),
        };
        errors.push(StructureProblem {
            span: at,
            message: format!("exit code {code}, expected {wanted}"),
            help,
        });
    }
    errors
}

/// What is wrong where a text does not match, or does and must not.
pub(crate) fn mismatch(pattern: &Pattern, text: &str, what: &str, must: bool) -> Option<StructureProblem> {
    // One that does not compile is a fault of the test, told before.
    let regex = pattern.regex.as_ref().ok()?;
    if regex.is_match(text) == must {
        return None;
    }
    let source = &pattern.text.value;
    let shown = shown(text);
    let message = match (must, shown.as_str()) {
        (true, "") => format!("`{source}` is not in {what}, which is empty"),
        (true, shown) => format!("`{source}` is not in {what}: `{shown}`"),
        (false, _) => match regex.find(text) {
            Some(found) => {
                let (line, found) =
                    (text[..found.start()].matches('\n').count() + 1, self::shown(found.as_str()));
                format!("`{source}` is in line {line} of {what}, and must not be: `{found}`")
            }
            None => format!("`{source}` is in {what}, and must not be"),
        },
    };
    // The commonest causes: the line break at the end, and a text that was meant as it stands.
    let help = if must && source.ends_with('$') && text.ends_with('\n') && regex.is_match(text.trim_end()) {
        format!("`$` is the end of the whole text, which ends in a line break: write `(?m){source}`")
    } else if must && regex::escape(source) != *source && text.contains(source.as_str()) {
        format!("it is a regular expression; the text as it stands is `{}`", regex::escape(source))
    } else {
        String::new()
    };
    Some(StructureProblem { span: pattern.text.span, message, help })
}

/// The beginning of a text in one line.
fn shown(text: &str) -> String {
    const MOST: usize = 160;
    let line = text.trim().replace('\n', "⏎");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
