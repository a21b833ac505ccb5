//! What a linter says about a script, by the numbers ShellCheck gave its findings.

use crate::{codes, grammar, memo, names, plain};
use seaworthy_dockerfile::OffsetMap;
use seaworthy_finding::Span;
use shuck_linter::{
    AnalysisRequest, Applicability, Diagnostic, LinterSettings, Rule, ShellCheckCodeMap, ShellDialect,
};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::OnceLock;

/// The shell a script is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// No more than the standard promises, because nothing more is known.
    #[default]
    Sh,
    /// Debian's `/bin/sh`.
    Dash,
    /// Alpine's and busybox's `/bin/sh`.
    Busybox,
    /// Bash under its own name.
    Bash,
    /// Bash named `sh`, as Fedora, Red Hat and SUSE have it: standard mode, but every extension works.
    BashAsSh,
    /// The Korn shell.
    Ksh,
}

impl Dialect {
    /// The shell of a program's name, `sh` not knowing which it is.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sh" => Some(Self::Sh),
            "dash" => Some(Self::Dash),
            "ash" | "busybox" => Some(Self::Busybox),
            "bash" => Some(Self::Bash),
            "ksh" | "mksh" => Some(Self::Ksh),
            _ => None,
        }
    }

    /// The word ShellCheck has for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Dash => "dash",
            Self::Busybox => "busybox",
            Self::Bash | Self::BashAsSh => "bash",
            Self::Ksh => "ksh",
        }
    }
}

/// What is known before a script begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting<'a> {
    /// The shell.
    pub dialect: Dialect,
    /// Variables that are set.
    pub exports: BTreeSet<&'a str>,
}

/// How bad ShellCheck calls a finding of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A matter of taste.
    Style,
    /// A trap for some inputs.
    Info,
    /// Most likely not what was meant.
    Warning,
    /// Wrong.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// ShellCheck's number, such as 2086.
    pub code: u16,
    /// How bad it is.
    pub level: Level,
    /// What is wrong.
    pub message: String,
    /// Where in the file.
    pub span: Span,
    /// A change that mends it.
    pub change: Option<Change>,
}

/// A change to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it does.
    pub title: String,
    /// Whether the script means the same afterwards.
    pub safe: bool,
    /// The parts of the file and what stands there instead.
    pub edits: Vec<(Span, String)>,
}

/// Why there are no findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLinted {
    /// The script is longer, or nests deeper, than the linter is given.
    TooLarge,
    /// The linter broke.
    Broke,
}

/// Numbers that mean nothing in a build: shebangs of scripts without one, and files that are not at hand.
const NEVER: [u32; 5] = [1008, 1090, 1091, 2148, 2187];

/// What is the same for every script.
struct Linter {
    codes: ShellCheckCodeMap,
    settings: [(ShellDialect, LinterSettings); 4],
}

fn linter() -> &'static Linter {
    static LINTER: OnceLock<Linter> = OnceLock::new();
    LINTER.get_or_init(|| {
        let codes = ShellCheckCodeMap::default();
        let wanted = |rule: &Rule| codes.code_for_rule(*rule).is_some_and(|code| !NEVER.contains(&code));
        let rules: Vec<Rule> = Rule::iter().filter(wanted).collect();
        let shells = [ShellDialect::Sh, ShellDialect::Dash, ShellDialect::Bash, ShellDialect::Ksh];
        let settings = shells.map(|shell| {
            let settings = LinterSettings::for_rules(rules.iter().copied()).with_shell(shell);
            (shell, settings.with_resolve_source_closure(false))
        });
        Linter { codes, settings }
    })
}

/// The findings of a script, in order of place. Comments `# shellcheck disable=SC…` in it are in force.
///
/// # Errors
/// Says why the script was not read.
pub fn lint(script: &str, map: &OffsetMap, setting: &Setting<'_>) -> Result<Vec<Note>, NotLinted> {
    if !grammar::fits(script) {
        return Err(NotLinted::TooLarge);
    }
    if plain::is_plain(script) {
        return Ok(Vec::new());
    }
    let raw = findings(script, setting)?;
    let mut notes: Vec<Note> = raw.iter().map(|raw| raw.at(map)).collect();
    notes.sort_by_key(|note| (note.span, note.code));
    notes.dedup_by(|a, b| (a.span, a.code) == (b.span, b.code));
    Ok(notes)
}

fn findings(script: &str, setting: &Setting<'_>) -> Result<Rc<[Raw]>, NotLinted> {
    let (text, start) = prefixed(script, setting);
    memo::findings(setting.dialect, text, |text| {
        let found = catch_unwind(AssertUnwindSafe(|| analyze(text, setting.dialect)));
        let (found, reads) = found.map_err(|_| NotLinted::Broke)?;
        let mut raw: Vec<Raw> =
            found.iter().filter_map(|found| raw(found, text, start, setting.dialect)).collect();
        raw.extend(reads.iter().filter_map(|read| unset(read, start, setting.dialect)));
        Ok(raw)
    })
}

/// How many findings a script has, whether it is plain or not.
#[cfg(test)]
pub(crate) fn unskipped(script: &str, setting: &Setting<'_>) -> Result<usize, NotLinted> {
    findings(script, setting).map(|found| found.len())
}

/// The script behind the first line of its shell and what is set before it, and where it begins there.
fn prefixed(script: &str, setting: &Setting<'_>) -> (String, usize) {
    let shebang = match setting.dialect {
        Dialect::Sh | Dialect::BashAsSh | Dialect::Busybox => "#!/bin/sh\n",
        Dialect::Dash => "#!/bin/dash\n",
        Dialect::Bash => "#!/bin/bash\n",
        Dialect::Ksh => "#!/bin/ksh\n",
    };
    let exports = names::needed(script, &setting.exports);
    let comments =
        script.contains("#!") || script.contains("shellcheck") || script.trim_start().starts_with('#');
    if exports.is_empty() && !comments && setting.dialect != Dialect::Bash {
        // The same text as the commands are read from, whose tree is known. The settings tell the shell; only which
        // variables Bash sets by itself is read from the first line.
        return (script.to_owned(), 0);
    }
    let length: usize = exports.iter().map(|name| name.len() + 3).sum();
    let mut text = String::with_capacity(shebang.len() + 8 + length + script.len());
    text.push_str(shebang);
    if !exports.is_empty() {
        text.push_str("export");
        for name in exports {
            text.push(' ');
            text.push_str(name);
            text.push_str("=1");
        }
        text.push('\n');
    } else {
        // A comment of ShellCheck's before the first command is for the whole script: this is the first command.
        text.push_str(":\n");
    }
    let start = text.len();
    text.push_str(script);
    (text, start)
}

/// A variable that is read, with where it is.
type Read = (String, usize, usize);

fn analyze(text: &str, dialect: Dialect) -> (Vec<Diagnostic>, Vec<Read>) {
    let shell = match dialect {
        Dialect::Sh | Dialect::BashAsSh | Dialect::Busybox => ShellDialect::Sh,
        Dialect::Dash => ShellDialect::Dash,
        Dialect::Bash => ShellDialect::Bash,
        Dialect::Ksh => ShellDialect::Ksh,
    };
    let linter = linter();
    let Some((_, settings)) = linter.settings.iter().find(|(known, _)| *known == shell) else {
        return (Vec::new(), Vec::new());
    };
    let Some(parsed) = grammar::read(text) else { return (Vec::new(), Vec::new()) };
    let request = AnalysisRequest::from_parse_result(&parsed, text, settings);
    let result = request.with_shellcheck_map(&linter.codes).analyze();
    // The linter itself does not know which variables only some shells set.
    let bound = result.semantic.bindings().iter().map(|known| known.name.as_str());
    let bound: BTreeSet<&str> = bound.filter(|name| codes::only_in_bash(name)).collect();
    let reads = result.semantic.references().iter().filter(|read| {
        let name = read.name.as_str();
        codes::only_in_bash(name) && (codes::changes(name) || !bound.contains(name))
    });
    let reads =
        reads.map(|read| (read.name.as_str().to_owned(), read.span.start.offset(), read.span.end.offset()));
    let reads = reads.filter(|(name, from, to)| {
        text.get(*from..*to)
            .is_some_and(|written| written.starts_with('$') && written.contains(name.as_str()))
    });
    let reads = reads.collect();
    (result.diagnostics, reads)
}

/// A finding in a script, wherever the script stands.
pub(crate) struct Raw {
    code: u16,
    level: Level,
    message: String,
    /// Offsets in the script.
    place: (usize, usize),
    change: Option<RawChange>,
}

struct RawChange {
    title: String,
    safe: bool,
    edits: Vec<(usize, usize, String)>,
}

impl Raw {
    /// The finding in a file.
    fn at(&self, map: &OffsetMap) -> Note {
        Note {
            code: self.code,
            level: self.level,
            message: self.message.clone(),
            span: map.span(self.place.0, self.place.1),
            change: self.change.as_ref().and_then(|change| change.at(map)),
        }
    }
}

impl RawChange {
    /// The change in a file, where every byte it replaces lies there in one piece.
    fn at(&self, map: &OffsetMap) -> Option<Change> {
        let mut edits = Vec::with_capacity(self.edits.len());
        for (from, to, text) in &self.edits {
            let span = map.span(*from, *to);
            if span.end - span.start != to - from {
                return None;
            }
            edits.push((span, text.clone()));
        }
        Some(Change { title: self.title.clone(), safe: self.safe, edits })
    }
}

/// The finding that a variable is set in other shells only.
fn unset((name, from, to): &Read, start: usize, dialect: Dialect) -> Option<Raw> {
    let place = (from.checked_sub(start)?, to.checked_sub(start)?);
    let smaller = matches!(dialect, Dialect::Sh | Dialect::Dash | Dialect::Busybox);
    smaller.then(|| Raw {
        code: codes::UNSET,
        level: codes::level(codes::UNSET, dialect),
        message: format!("`{name}` is set by other shells only"),
        place,
        change: None,
    })
}

fn raw(found: &Diagnostic, text: &str, start: usize, dialect: Dialect) -> Option<Raw> {
    let code = u16::try_from(linter().codes.code_for_rule(found.rule)?).ok()?;
    let from = found.span.start.offset().checked_sub(start)?;
    let to = found.span.end.offset().saturating_sub(start).max(from);
    let written = text.get(found.span.start.offset()..found.span.end.offset()).unwrap_or_default();
    let code = codes::of(code, dialect, written)?;
    Some(Raw {
        code,
        level: codes::level(code, dialect),
        message: found.message.clone(),
        place: (from, to),
        change: codes::mends(code).then(|| change(found, code, text, start)).flatten(),
    })
}

/// The linter's own change, where it stays within lines.
fn change(found: &Diagnostic, code: u16, text: &str, start: usize) -> Option<RawChange> {
    let fix = found.fix.as_ref()?;
    let mut edits = Vec::with_capacity(fix.edits().len());
    for edit in fix.edits() {
        let from = usize::from(edit.range().start()).checked_sub(start)?;
        let to = usize::from(edit.range().end()).checked_sub(start)?;
        if !text.is_char_boundary(start + from) || edit.content().contains('\n') {
            return None;
        }
        edits.push((from, to, edit.content().to_owned()));
    }
    let title = found.fix_title.clone()?;
    let safe = fix.applicability() == Applicability::Safe && codes::keeps_meaning(code);
    Some(RawChange { title, safe, edits })
}
