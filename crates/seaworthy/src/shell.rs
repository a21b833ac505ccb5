//! Everything that is printed goes through here: results to standard output, all else to standard error.

use crate::cli::{Global, When};
use crate::failure::Failure;
use crate::interrupt::interrupted;
use anstyle::{AnsiColor, Style};
use seaworthy_finding::ExitCode;
use std::io::{self, IsTerminal as _, Write as _};

/// Knows colour, width and verbosity.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) quiet: u8,
    pub(crate) verbose: u8,
    pub(crate) color_out: bool,
    color_err: bool,
    pub(crate) width: usize,
}

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();
const DIM: Style = Style::new().dimmed();

impl Shell {
    /// A shell for the common flags and this terminal.
    pub(crate) fn new(global: &Global) -> Self {
        let wants = |is_terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && wants_color() || forced_color(),
        };
        Self {
            quiet: global.quiet,
            verbose: global.verbose,
            color_out: wants(io::stdout().is_terminal()),
            color_err: wants(io::stderr().is_terminal()),
            width: columns().clamp(40, 200),
        }
    }

    /// Prints a result to standard output. A reader that has gone away ends the program quietly.
    pub(crate) fn out(&self, text: &str) -> Result<(), Failure> {
        if interrupted() {
            return Err(Failure::interrupted());
        }
        let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
        self.out_exactly(&format!("{text}{end}"))
    }

    /// Writes a text to standard output as it is, without a line's end of our own.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the shell")]
    pub(crate) fn out_exactly(&self, text: &str) -> Result<(), Failure> {
        if interrupted() {
            return Err(Failure::interrupted());
        }
        let mut stdout = io::stdout().lock();
        let result = stdout.write_all(text.as_bytes());
        match result.and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::new(ExitCode::Clean, "")),
            Err(error) => Err(Failure::of("write to standard output", &error)),
            Ok(()) => Ok(()),
        }
    }

    /// A progress line on standard error: a verb and what it is about.
    pub(crate) fn progress(&self, verb: &str, text: &str) {
        if self.quiet == 0 {
            self.line(&format!("{} {text}", self.paint(GOOD, &format!("{verb:>10}"))));
        }
    }

    /// A lesser progress line, dimmed.
    pub(crate) fn detail(&self, text: &str) {
        if self.quiet == 0 {
            self.line(&format!("{:>10} {}", "", self.paint(DIM, text)));
        }
    }

    /// A heading of a stage on standard error.
    pub(crate) fn heading(&self, text: &str) {
        if self.quiet == 0 {
            self.line(&format!("\n{}", self.paint(NOTE, text)));
        }
    }

    /// A note on standard error.
    pub(crate) fn note(&self, text: &str) {
        if self.quiet < 2 {
            self.line(&format!("{} {text}", self.paint(NOTE, "note:")));
        }
    }

    /// An error and its hint on standard error.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.message.is_empty() {
            return;
        }
        self.line(&format!("{} {}", self.paint(BAD, "error:"), failure.message));
        if let Some(hint) = &failure.hint {
            self.line(&format!("\n{} {hint}", self.paint(NOTE, "hint:")));
        }
    }

    /// Text on standard error as it is; results of a stage that are not the command's final result.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the shell")]
    pub(crate) fn line(&self, text: &str) {
        if interrupted() {
            return;
        }
        // Nobody can be told that standard error is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Whether standard error is coloured.
    pub(crate) fn color_err(&self) -> bool {
        self.color_err
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color_err { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Columns of the screen: `COLUMNS`, else the terminal's own, else 100.
fn columns() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let terminal = || {
        let size = rustix::termios::tcgetwinsize(io::stdout())
            .or_else(|_| rustix::termios::tcgetwinsize(io::stderr()));
        size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
    };
    asked.or_else(terminal).unwrap_or(100)
}

/// `NO_COLOR`, `CLICOLOR` and `TERM` (facts of the terminal conventions).
fn wants_color() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is = |name: &str, value: &str| std::env::var_os(name).is_some_and(|actual| actual == value);
    !set("NO_COLOR") && !is("TERM", "dumb") && !is("CLICOLOR", "0")
}

/// `FORCE_COLOR` and `CLICOLOR_FORCE`.
fn forced_color() -> bool {
    let on = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    on("FORCE_COLOR") || on("CLICOLOR_FORCE")
}
