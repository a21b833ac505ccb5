//! The one door to the parser.

use shuck_ast::File;
use shuck_parser::ShellDialect;
use shuck_parser::parser::Parser;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longest text the grammar reads, in bytes; longer ones are cut at their operators.
const MOST_BYTES: usize = 1 << 20;

/// Most brackets that may be open at once: the parser's time grows with the square of them.
const MOST_OPEN: usize = 200;

/// Whether a script is small and flat enough for the parser.
pub(crate) fn fits(script: &str) -> bool {
    script.len() <= MOST_BYTES && !deep(script)
}

/// A parser of a script; Bash's grammar holds that of every smaller shell.
pub(crate) fn parser(script: &str) -> Parser<'_> {
    Parser::with_dialect(script, ShellDialect::Bash)
}

/// The tree of a script; nothing where the parser had to guess or broke.
pub(crate) fn parse(script: &str) -> Option<File> {
    if !fits(script) {
        return None;
    }
    let result = catch_unwind(AssertUnwindSafe(|| parser(script).parse())).ok()?;
    result.is_ok().then_some(result.file)
}

/// Whether brackets nest deeper than any script that people write.
fn deep(script: &str) -> bool {
    let mut open = 0_usize;
    script.bytes().any(|byte| {
        match byte {
            b'(' | b'{' => open += 1,
            b')' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MOST_OPEN
    })
}
