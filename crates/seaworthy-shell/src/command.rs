//! One simple command of a script.

use crate::wrappers;
use seaworthy_finding::Span;

/// One simple command: a program or builtin with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// Its words without quotes, leading assignments included; what the shell expands is left as written.
    pub words: Vec<String>,
    /// One for each of `words`: where it stands and how it is written.
    pub args: Vec<Word>,
    /// From its first word to its last, in the file.
    pub span: Span,
    /// What connects it with the next one: `|`, `&&`, `||`, `;` or nothing.
    pub then: &'static str,
    /// Redirections in order.
    pub redirects: Vec<Redirect>,
    /// Where in the script it stands.
    pub place: Place,
    /// The place in the list of the command one of whose words holds this one: in `$(…)`, `<(…)`, or as a script
    /// given to `sh -c`, `eval` or `su -c`.
    pub parent: Option<usize>,
    /// How many words come before the program.
    before: usize,
}

/// How a word is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The word in the file, quotes included.
    pub span: Span,
    /// Whether it means itself: no variable, substitution or arithmetic in it.
    pub literal: bool,
    /// Whether a part of it is quoted.
    pub quoted: bool,
}

/// A redirection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redirect {
    /// The file descriptor, where one is written.
    pub fd: Option<i32>,
    /// The sign: `>`, `>>`, `>|`, `<`, `<>`, `<<`, `<<<`, `>&`, `<&` or `&>`.
    pub sign: &'static str,
    /// The target without quotes; the delimiter of a heredoc.
    pub target: String,
    /// All of it in the file.
    pub span: Span,
}

/// Where in a script a command stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is independent of the others")]
pub struct Place {
    /// In the condition of `if`, `while` or `until`, so that its failure is an answer.
    pub condition: bool,
    /// In a branch, a loop or a `case`, so that it may not run, or run more than once.
    pub branch: bool,
    /// In `( … )`.
    pub subshell: bool,
    /// In a function's body, so that it runs where the function is called.
    pub function: bool,
    /// In `$( … )`, backticks, `<( … )` or `>( … )`.
    pub substitution: bool,
    /// In a script that is the argument of another command.
    pub nested: bool,
    /// Behind `!`.
    pub negated: bool,
    /// Followed by `&`.
    pub background: bool,
}

impl Simple {
    /// A command of these words.
    pub fn new(words: Vec<String>, args: Vec<Word>, then: &'static str) -> Self {
        let span = match (args.first(), args.last()) {
            (Some(first), Some(last)) => Span::new(first.span.start, last.span.end.max(first.span.start)),
            _ => Span::default(),
        };
        let before = wrappers::before(&words);
        Self { words, args, span, then, before, ..Self::default() }
    }

    /// The program's name without its directory; assignments and wrappers such as `env`, `sudo` and `xargs` left out.
    pub fn program(&self) -> &str {
        self.rest().first().map_or("", |word| wrappers::name(word))
    }

    /// The words from the program on.
    pub fn rest(&self) -> &[String] {
        self.words.get(self.before..).unwrap_or_default()
    }

    /// How the words of [`Simple::rest`] are written.
    pub fn rest_args(&self) -> &[Word] {
        self.args.get(self.before..).unwrap_or_default()
    }

    /// Whether the program runs below a wrapper of this name, or is one itself.
    pub fn runs_below(&self, wrapper: &str) -> bool {
        let before = self.words.iter().take(self.before).map(|word| wrappers::name(word));
        let options = |name: &&str| !name.starts_with('-');
        self.program() == wrapper || before.filter(options).any(|name| name == wrapper)
    }

    /// Whether a word is given exactly.
    pub fn has(&self, argument: &str) -> bool {
        self.words.iter().any(|word| word == argument)
    }

    /// The words that set variables for this command alone, or for the script where there is no program.
    pub fn assignments(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.iter().map_while(|word| wrappers::assignment(word))
    }
}
