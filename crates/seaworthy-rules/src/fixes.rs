//! Fixes that are proved before they count: applied in memory, read again, judged again, and refused where they break
//! the file, leave the finding, or bring something as bad.

use seaworthy_facts::ProjectFacts;
use seaworthy_finding::{
    Applicability, Edit, Finding, FindingStatus, Location, Severity, apply_edits, compose_edits,
};
use std::collections::{BTreeMap, BTreeSet};

/// So often are fixes applied to what the ones before left. Each round needs a change that proved itself.
const ROUNDS: usize = 64;

/// The edits for one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFixes {
    /// The file, relative to the project's root.
    pub path: String,
    /// The edits, none touching another.
    pub edits: Vec<Edit>,
    /// What they do: rule and title.
    pub titles: Vec<(String, String)>,
    /// Fixes left out because they touch the same bytes; a second run applies them.
    pub left_out: usize,
}

/// The edits of all open findings by file: the safe fixes, and with `unsafe_too` the unsafe ones after them.
pub fn fixes(findings: &[Finding], unsafe_too: bool) -> Vec<FileFixes> {
    let (chosen, left_out) = choose(findings, unsafe_too, &|_| true);
    let mut files: BTreeMap<String, FileFixes> = BTreeMap::new();
    for change in &chosen {
        let file = files
            .entry(change.path.clone())
            .or_insert_with(|| FileFixes { path: change.path.clone(), ..FileFixes::default() });
        file.edits.extend(change.edits.iter().cloned());
        file.titles.push((change.rules[0].clone(), change.title.clone()));
    }
    for path in left_out {
        if let Some(file) = files.get_mut(&path) {
            file.left_out += 1;
        }
    }
    files.into_values().collect()
}

/// What a world of files is worth: its findings, and how many errors keep each file from being read.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// The findings, those that do not count included.
    pub findings: Vec<Finding>,
    /// Errors that the tool a file is for stops at, by path.
    pub fatal: BTreeMap<String, usize>,
}

impl Judgement {
    /// The judgement of a project's findings.
    pub fn new(findings: Vec<Finding>, project: &ProjectFacts) -> Self {
        let fatal =
            project.fatal_errors().into_iter().map(|(path, errors)| (path.to_owned(), errors)).collect();
        Self { findings, fatal }
    }
}

/// One file after its fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The file, relative to the project's root.
    pub path: String,
    /// Its text before.
    pub before: String,
    /// Its text now.
    pub after: String,
    /// What makes the one from the other: every other byte is as it was.
    pub edits: Vec<Edit>,
    /// What was done: rule and title.
    pub done: Vec<(String, String)>,
}

/// A fix that did not prove itself; nothing of it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub path: String,
    /// Line of the finding, from 1; 0 where it has none.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// What the fix would have done.
    pub title: String,
    /// Why it was refused; ends the sentence "it …".
    pub why: String,
}

/// What came of all fixes.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Files that change, by path.
    pub files: Vec<Mended>,
    /// Fixes that were refused.
    pub refused: Vec<Refused>,
    /// What is left to say of the files as they are then.
    pub judgement: Judgement,
}

/// Applies the fixes of the findings to texts in memory, round by round until none is left, and keeps only what proves
/// itself.
///
/// `texts` are the files by path, `start` is what is known of them, and `judge` reads and judges the same files with
/// other texts. A set of fixes holds when no file has more fatal errors than before, when as many findings of each fixed
/// rule are gone from the file as fixes were applied, and when no rule says something at least as severe more often. Where a set does
/// not hold its halves are tried, down to the single fix, which is then refused.
pub fn mend(
    texts: &BTreeMap<String, String>,
    start: Judgement,
    unsafe_too: bool,
    judge: &mut dyn FnMut(&BTreeMap<String, String>) -> Judgement,
) -> Outcome {
    let mut work =
        Work { texts: texts.clone(), now: start, judge, refused: BTreeMap::new(), seen: BTreeSet::new() };
    let mut edits: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
    let mut done: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    work.seen.insert(work.texts.values().cloned().collect());
    let mut changed = false;
    for _ in 0..ROUNDS {
        let (chosen, _) = choose(&work.now.findings, unsafe_too, &|change| {
            !work.refused.contains_key(&change.key()) && work.texts.contains_key(&change.path)
        });
        if chosen.is_empty() {
            if !changed || work.refused.is_empty() {
                break;
            }
            // What was refused before other fixes came may hold now; a second run would find that out.
            (changed, work.refused) = (false, BTreeMap::new());
            continue;
        }
        let applied = work.advance(&chosen);
        changed |= !applied.done.is_empty();
        for (path, round) in applied.edits {
            let before = edits.remove(&path).unwrap_or_default();
            let source = texts.get(&path).map(String::as_str).unwrap_or_default();
            // Both rounds were applied already, so they fit.
            let both = compose_edits(source, &before, &round).unwrap_or_default();
            edits.insert(path, both);
        }
        for (path, rule, title) in applied.done {
            done.entry(path).or_default().push((rule, title));
        }
    }
    let mut out = Outcome { judgement: work.now, ..Outcome::default() };
    out.refused = work.refused.into_values().collect();
    for (path, after) in work.texts {
        let Some(before) = texts.get(&path).filter(|before| **before != after) else { continue };
        out.files.push(Mended {
            before: before.clone(),
            edits: edits.remove(&path).unwrap_or_default(),
            done: done.remove(&path).unwrap_or_default(),
            path,
            after,
        });
    }
    out
}

/// One fix, and the rules whose findings propose it.
#[derive(Clone, Debug)]
struct Change {
    path: String,
    line: usize,
    title: String,
    edits: Vec<Edit>,
    /// A rule for each finding that goes away.
    rules: Vec<String>,
    severity: Severity,
    message: String,
}

impl Change {
    /// What tells a change from others, wherever it has moved to.
    fn key(&self) -> String {
        let edits: Vec<&str> = self.edits.iter().map(|edit| edit.text.as_str()).collect();
        [&self.path, &self.rules[0], &self.message, &self.title, &edits.join("\u{1f}")]
            .map(String::as_str)
            .join("\u{1e}")
    }
}

/// Fixes that touch no byte twice, safe ones first, and the paths of those left out because they do.
fn choose(
    findings: &[Finding],
    unsafe_too: bool,
    keep: &dyn Fn(&Change) -> bool,
) -> (Vec<Change>, Vec<String>) {
    let mut chosen: Vec<Change> = Vec::new();
    let mut left_out = Vec::new();
    // The edits chosen of each file by their start, so that many fixes are not compared with one another.
    let mut taken: BTreeMap<&str, BTreeMap<(usize, usize), usize>> = BTreeMap::new();
    for wanted in [Applicability::Safe, Applicability::Unsafe] {
        if wanted == Applicability::Unsafe && !unsafe_too {
            continue;
        }
        for finding in findings.iter().filter(|finding| finding.status == FindingStatus::Open) {
            let Some(fix) = finding.fix.as_ref() else { continue };
            if fix.applicability != wanted || fix.edits.is_empty() {
                continue;
            }
            let change = Change {
                path: fix.path.clone(),
                line: match &finding.location {
                    Location::File { line, .. } => *line,
                    _ => 0,
                },
                title: fix.title.clone(),
                edits: fix.edits.clone(),
                rules: vec![finding.rule.clone()],
                severity: finding.severity,
                message: finding.message.clone(),
            };
            if !keep(&change) {
                continue;
            }
            let file = taken.entry(fix.path.as_str()).or_default();
            let same = |edit: &Edit| {
                let at = file.get(&(edit.span.start, edit.span.end))?;
                chosen[*at].edits.contains(edit).then_some(*at)
            };
            let owners: Option<BTreeSet<usize>> = change.edits.iter().map(same).collect();
            if let Some(owner) = owners.and_then(|owners| owners.first().copied()) {
                // Another finding has asked for the same edits.
                chosen[owner].rules.push(finding.rule.clone());
                chosen[owner].severity = chosen[owner].severity.max(finding.severity);
                continue;
            }
            if change.edits.iter().any(|edit| touched(file, edit)) {
                left_out.push(fix.path.clone());
                continue;
            }
            for edit in &change.edits {
                file.insert((edit.span.start, edit.span.end), chosen.len());
            }
            chosen.push(change);
        }
    }
    (chosen, left_out)
}

/// Whether an edit shares a byte with one that was chosen, or begins or ends where that ends or begins.
fn touched(file: &BTreeMap<(usize, usize), usize>, edit: &Edit) -> bool {
    // The chosen ones do not overlap, so only the last that begins at or before the end can reach here, and those
    // that begin inside.
    file.range(..=(edit.span.end, usize::MAX))
        .next_back()
        .is_some_and(|((_, end), _)| *end >= edit.span.start)
}

/// What one step applied.
#[derive(Default)]
struct Applied {
    edits: BTreeMap<String, Vec<Edit>>,
    done: Vec<(String, String, String)>,
}

struct Work<'a> {
    texts: BTreeMap<String, String>,
    now: Judgement,
    judge: &'a mut dyn FnMut(&BTreeMap<String, String>) -> Judgement,
    refused: BTreeMap<String, Refused>,
    /// Every state there was: fixes that undo each other come to an end.
    seen: BTreeSet<Vec<String>>,
}

impl Work<'_> {
    /// Applies the largest part of the changes that is found to hold; refuses single ones that do not.
    fn advance(&mut self, changes: &[Change]) -> Applied {
        match self.attempt(changes) {
            Ok(applied) => applied,
            Err(why) => {
                if let [change] = changes {
                    let refused = Refused {
                        path: change.path.clone(),
                        line: change.line,
                        rule: change.rules[0].clone(),
                        title: change.title.clone(),
                        why,
                    };
                    self.refused.insert(change.key(), refused);
                    return Applied::default();
                }
                let (left, right) = changes.split_at(changes.len() / 2);
                let applied = self.advance(left);
                // What was applied moved the places of the rest; they come again in the next round.
                if applied.done.is_empty() { self.advance(right) } else { applied }
            }
        }
    }

    fn attempt(&mut self, changes: &[Change]) -> Result<Applied, String> {
        let mut applied = Applied::default();
        for change in changes {
            let crlf = self.texts.get(&change.path).is_some_and(|text| ends_lines_with_crlf(text));
            let edits = change.edits.iter().map(|edit| Edit {
                span: edit.span,
                text: if crlf { with_crlf(&edit.text) } else { edit.text.clone() },
            });
            applied.edits.entry(change.path.clone()).or_default().extend(edits);
            applied.done.push((change.path.clone(), change.rules[0].clone(), change.title.clone()));
        }
        let mut texts = self.texts.clone();
        for (path, edits) in &applied.edits {
            let text = texts.get(path).map(String::as_str).unwrap_or_default();
            let after =
                apply_edits(text, edits).map_err(|error| format!("does not fit the file: {error}"))?;
            texts.insert(path.clone(), after);
        }
        if texts == self.texts {
            return Err("changes nothing".to_owned());
        }
        let state: Vec<String> = texts.values().cloned().collect();
        if self.seen.contains(&state) {
            return Err("undoes another fix".to_owned());
        }
        let after = (self.judge)(&texts);
        holds(&self.now, &after, changes)?;
        self.seen.insert(state);
        self.texts = texts;
        self.now = after;
        Ok(applied)
    }
}

/// Whether the changes did what they promise and nothing else, or why not.
fn holds(before: &Judgement, after: &Judgement, changes: &[Change]) -> Result<(), String> {
    for (path, errors) in &after.fatal {
        if *errors > before.fatal.get(path).copied().unwrap_or(0) {
            return Err(format!("would leave `{path}` unreadable"));
        }
    }
    let mut promised: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for change in changes {
        for rule in &change.rules {
            *promised.entry((rule.as_str(), change.path.as_str())).or_default() += 1;
        }
    }
    let count = |judgement: &Judgement, rule: &str, path: &str| {
        let here = |finding: &&Finding| {
            finding.status == FindingStatus::Open
                && finding.rule == rule
                && finding.fix.as_ref().map(|fix| fix.path.as_str()).or(place(finding)) == Some(path)
        };
        judgement.findings.iter().filter(here).count()
    };
    for ((rule, path), number) in promised {
        if count(after, rule, path) + number > count(before, rule, path) {
            return Err(format!("would not end what `{rule}` finds"));
        }
    }
    let floor = changes.iter().map(|change| change.severity).min().unwrap_or(Severity::Info);
    let floor = floor.max(Severity::Low);
    let (old, new) = (tally(before, floor), tally(after, floor));
    match new.iter().find(|(key, number)| **number > old.get(*key).copied().unwrap_or(0)) {
        Some(((rule, _), _)) => Err(format!("would bring what `{rule}` finds")),
        None => Ok(()),
    }
}

/// How often each rule says something at each severity, from a severity on; what comments and waivers accept is left out.
fn tally(judgement: &Judgement, floor: Severity) -> BTreeMap<(&str, Severity), usize> {
    let mut out = BTreeMap::new();
    for finding in &judgement.findings {
        let counts = matches!(finding.status, FindingStatus::Open | FindingStatus::Hidden);
        if counts && finding.severity >= floor {
            *out.entry((finding.rule.as_str(), finding.severity)).or_default() += 1;
        }
    }
    out
}

fn place(finding: &Finding) -> Option<&str> {
    match &finding.location {
        Location::File { path, .. } => Some(path),
        _ => None,
    }
}

/// Whether most lines end in CR LF.
fn ends_lines_with_crlf(text: &str) -> bool {
    let (mut all, mut crlf) = (0_usize, 0_usize);
    let mut before = 0;
    for byte in text.bytes() {
        if byte == b'\n' {
            all += 1;
            crlf += usize::from(before == b'\r');
        }
        before = byte;
    }
    crlf * 2 > all
}

/// The text with CR LF at the end of its lines.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_finding::{Confidence, Fix, Span};

    /// A finding for each `word` of the text, whose fix replaces it.
    fn find(text: &str, rule: &str, word: &str, with: &str) -> Vec<Finding> {
        let places = text.match_indices(word).map(|(at, _)| Span::new(at, at + word.len()));
        places
            .map(|span| Finding {
                rule: rule.to_owned(),
                title: String::new(),
                severity: Severity::Medium,
                confidence: Confidence::High,
                status: FindingStatus::Open,
                message: format!("at {}", span.start),
                why: String::new(),
                help: String::new(),
                location: Location::File {
                    path: "F".to_owned(),
                    span,
                    line: 1,
                    column: 1,
                    end_line: 1,
                    end_column: 1,
                },
                evidence: Vec::new(),
                fix: Some(Fix {
                    title: format!("write {with}"),
                    applicability: Applicability::Safe,
                    path: "F".to_owned(),
                    edits: vec![Edit { span, text: with.to_owned() }],
                }),
                aliases: Vec::new(),
                reason: None,
            })
            .collect()
    }

    fn mended(text: &str, rules: &'static [(&str, &str, &str)]) -> (String, Vec<String>) {
        let mut judge = |texts: &BTreeMap<String, String>| {
            let text = &texts["F"];
            let findings = rules.iter().flat_map(|(rule, word, with)| find(text, rule, word, with)).collect();
            let fatal = text.matches("BROKEN").count();
            Judgement { findings, fatal: BTreeMap::from([("F".to_owned(), fatal)]) }
        };
        let texts = BTreeMap::from([("F".to_owned(), text.to_owned())]);
        let start = judge(&texts);
        let out = mend(&texts, start, false, &mut judge);
        let after = out.files.first().map_or(text, |file| &file.after).to_owned();
        for file in &out.files {
            assert_eq!(apply_edits(text, &file.edits).as_deref(), Ok(after.as_str()));
        }
        let mut why: Vec<String> =
            out.refused.iter().map(|one| format!("{}: {}", one.rule, one.why)).collect();
        why.dedup();
        (after, why)
    }

    #[test]
    fn a_fix_that_another_one_makes_possible_is_not_left_to_a_second_run() {
        // `a` may become `c` only where no `x` is left; tried together and alone, that is refused at first.
        let mut judge = |texts: &BTreeMap<String, String>| {
            let text = &texts["F"];
            let mut findings = find(text, "one", "x", "y");
            findings.extend(find(text, "two", "a", "c"));
            let fatal = usize::from(text.contains('c') && text.contains('x'));
            let more = usize::from(text.contains('y') && text.contains('c') && text.starts_with('a'));
            Judgement { findings, fatal: BTreeMap::from([("F".to_owned(), fatal + more)]) }
        };
        let texts = BTreeMap::from([("F".to_owned(), "a x".to_owned())]);
        let start = judge(&texts);
        let out = mend(&texts, start, false, &mut judge);
        let after = out.files[0].after.clone();
        let texts = BTreeMap::from([("F".to_owned(), after.clone())]);
        let start = judge(&texts);
        assert!(mend(&texts, start, false, &mut judge).files.is_empty(), "{after}");
        assert_eq!((after.as_str(), out.refused.len()), ("c y", 0));
    }

    #[test]
    fn good_fixes_are_applied_and_bad_ones_refused_with_the_reason() {
        let rules: &[(&str, &str, &str)] =
            &[("good", "a", "b"), ("breaks", "x", "BROKEN"), ("stays", "y", "yy"), ("brings", "z", "x")];
        let (after, why) = mended("a x a y z a\n", rules);
        assert_eq!(after, "b x b y z b\n");
        assert_eq!(
            why,
            [
                "breaks: would leave `F` unreadable",
                "brings: would bring what `breaks` finds",
                "stays: would not end what `stays` finds",
            ]
        );
    }

    #[test]
    fn fixes_that_follow_from_fixes_are_applied_and_circles_end() {
        assert_eq!(mended("one\n", &[("first", "one", "a2"), ("second", "a2", "three")]).0, "one\n");
        let (after, why) = mended("ab\n", &[("first", "ab", "c"), ("second", "a", "d")]);
        assert_eq!((after.as_str(), why.len()), ("c\n", 0));
    }

    #[test]
    fn new_lines_end_as_the_files_lines_do() {
        let rules: &[(&str, &str, &str)] = &[("split", ";", "\n")];
        assert_eq!(mended("a;b\r\n", rules).0, "a\r\nb\r\n");
        assert_eq!(mended("a;b\n", rules).0, "a\nb\n");
    }
}
