//! The one door to the parser.

use shuck_parser::ShellDialect;
use shuck_parser::parser::{ParseResult, Parser};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Longest text the grammar reads, in bytes; longer ones are cut at their operators.
const MOST_BYTES: usize = 1 << 20;

/// Most brackets that may be open at once: the parser's time grows with the square of them.
const MOST_OPEN: usize = 200;

/// Whether a script is small and flat enough for the parser.
pub(crate) fn fits(script: &str) -> bool {
    script.len() <= MOST_BYTES && !deep(script)
}

/// Bytes of scripts whose trees are kept; with more, all of them are dropped.
const MOST_KEPT: usize = 48 * 1024;

/// Trees by their scripts, and the bytes of those.
type Kept = (BTreeMap<String, Rc<ParseResult>>, usize);

thread_local! {
    /// A script is read for its commands and for the linter, and again at the next key in an editor.
    static KEPT: RefCell<Kept> = const { RefCell::new((BTreeMap::new(), 0)) };
}

/// What the parser makes of a script; Bash's grammar holds that of every smaller shell. Nothing where it breaks, or
/// where the script is too long or deep.
pub(crate) fn read(script: &str) -> Option<Rc<ParseResult>> {
    if !fits(script) {
        return None;
    }
    if let Some(known) = KEPT.with_borrow(|(kept, _)| kept.get(script).cloned()) {
        return Some(known);
    }
    let parse = || Parser::with_dialect(script, ShellDialect::Bash).parse();
    let result = Rc::new(catch_unwind(AssertUnwindSafe(parse)).ok()?);
    KEPT.with_borrow_mut(|(kept, bytes)| {
        if *bytes + script.len() > MOST_KEPT {
            kept.clear();
            *bytes = 0;
        }
        if script.len() <= MOST_KEPT {
            *bytes += script.len();
            kept.insert(script.to_owned(), Rc::clone(&result));
        }
    });
    Some(result)
}

/// The tree of a script; nothing where the parser had to guess or broke.
pub(crate) fn parse(script: &str) -> Option<Rc<ParseResult>> {
    read(script).filter(|result| result.is_ok())
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
