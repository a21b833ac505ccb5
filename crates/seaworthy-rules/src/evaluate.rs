//! Runs the rules of the wanted families and applies levels, comments and waivers.

use crate::fragments::{self, Part};
use crate::registry::means;
use crate::script::Scripts;
use crate::suppress::{self, Suppression};
use crate::{Cx, Dialect, Rule, Sink, SuppressionUse, Usage, WaiverUse, find, rules, text};
use seaworthy_facts::{Facts, HadolintFact, HadolintLevel};
use seaworthy_finding::{
    Check, CheckStatus, Family, Finding, FindingStatus, ImageConfig, Level, Location, Persona, Policy,
    Profile, RuleMeta, Severity, Waiver,
};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What is shown, and what day it is.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whose findings are shown; those of stricter personas are counted as hidden.
    pub persona: Persona,
    /// Whether rules in preview run.
    pub preview: bool,
    /// Findings below are counted as hidden.
    pub min_severity: Severity,
    /// Year, month and day, for waivers that expire; the caller reads the clock.
    pub today: (u16, u8, u8),
}

impl Default for Options {
    fn default() -> Self {
        Self { persona: Persona::Regular, preview: false, min_severity: Severity::Info, today: (1970, 1, 1) }
    }
}

/// Every finding and how every rule ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Findings, worst first; those that do not count carry another status than open.
    pub findings: Vec<Finding>,
    /// Checks in the order of the registry.
    pub checks: Vec<Check>,
}

/// Runs every rule of the families over the facts.
///
/// A rule whose level is off does not run and is not listed. A rule whose facts are absent is listed as not run or
/// not applicable, with the reason. The same input gives the same output, times aside.
pub fn evaluate(
    facts: &Facts,
    policy: &Policy,
    image: Option<&ImageConfig>,
    families: &[Family],
    opts: &Options,
) -> Outcome {
    let silencers = facts.project.as_ref().map(suppress::collect).unwrap_or_default();
    let index = suppress::Index::new(&silencers);
    let mut used: Vec<BTreeSet<String>> = vec![BTreeSet::new(); silencers.len()];
    let mut waivers: Vec<WaiverUse> =
        policy.waiver.iter().enumerate().map(|(at, waiver)| waiver_use(at, waiver, opts.today)).collect();
    let mut evaluated = Vec::new();
    let scripts = Scripts::new(facts);
    let parts = fragments::parts(facts);
    let mut outcome = Outcome::default();
    for after in [false, true] {
        let judged = after && !(silencers.is_empty() && waivers.is_empty());
        let usage = if judged { usage(&silencers, &used, &waivers, &evaluated) } else { Usage::default() };
        for rule in rules() {
            let meta = rule.meta;
            let (level, chosen) = level_of(meta, policy);
            let wanted = families.contains(&meta.family) && (meta.family == Family::Policy) == after;
            if !wanted || level == Level::Off || (meta.since.starts_with("preview") && !opts.preview) {
                continue;
            }
            let cx = Cx {
                facts,
                policy,
                image,
                usage: &usage,
                today: opts.today,
                rule: meta.name,
                scripts: &scripts,
            };
            let start = Instant::now();
            let (mut sink, mut broke) = run(rule, &cx);
            if !parts.is_empty() && fragments::fits(meta) {
                broke = over(&parts, rule, &cx, &mut sink).or(broke);
            }
            // Whether a waiver or a comment is needed shows only where the rule could look.
            if !matches!(sink.outcome, Some((CheckStatus::NotRun, _))) {
                evaluated.push(meta.name);
            }
            let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            let found = sink.findings.len();
            let (level, chosen) = drop_unwanted(&mut sink, meta, policy, (level, chosen));
            for (at, finding) in sink.findings.iter_mut().enumerate() {
                let persona = sink.personas.get(at).copied().flatten().unwrap_or(meta.persona);
                let own = own_level(finding, policy).map_or((level, chosen), |level| (level, true));
                settle(finding, persona, own, *opts);
                let hadolint = facts.project.as_ref().and_then(|project| project.hadolint.as_ref());
                configure(finding, hadolint, own.1);
                silence(finding, &silencers, &index, &mut used);
                waive(finding, meta, policy, &mut waivers);
            }
            // Where the policy wants none of what was found, the rule is as good as off.
            if found == 0 || !sink.findings.is_empty() {
                outcome.checks.push(check(meta, (level, chosen), &sink, broke, ms));
            }
            outcome.findings.append(&mut sink.findings);
        }
    }
    outcome.findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    outcome
}

/// The level of a rule and whether policy or profile chose it: by its name first, then by its aliases.
///
/// A finding's own alias may say otherwise; a rule is off by its aliases only where all of them are.
fn level_of(meta: &RuleMeta, policy: &Policy) -> (Level, bool) {
    if policy.rules.is_empty() && policy.profile.is_none() {
        return (meta.default_level(), false);
    }
    let profile = policy.profile.as_deref().and_then(Profile::named);
    let by_alias = || {
        let levels: Vec<Option<Level>> = meta.aliases.iter().map(|alias| policy.level(alias)).collect();
        let off = levels.iter().all(|level| *level == Some(Level::Off));
        levels.into_iter().flatten().max().filter(|level| off || *level != Level::Off)
    };
    let chosen = policy
        .level(meta.name)
        .or_else(by_alias)
        .or_else(|| profile.and_then(|profile| profile.level(meta.name)));
    (chosen.unwrap_or(meta.default_level()), chosen.is_some())
}

/// The level the policy gives a finding by one of its aliases.
fn own_level(finding: &Finding, policy: &Policy) -> Option<Level> {
    if policy.rules.is_empty() {
        return None;
    }
    finding.aliases.iter().find_map(|alias| policy.level(alias))
}

/// Drops findings that are off by their alias; gives the rule's level, which is to fail where a finding's own level is.
fn drop_unwanted(
    sink: &mut Sink,
    meta: &RuleMeta,
    policy: &Policy,
    (level, chosen): (Level, bool),
) -> (Level, bool) {
    let mut levels = sink.findings.iter().map(|finding| own_level(finding, policy)).collect::<Vec<_>>();
    if levels.contains(&Some(Level::Off)) {
        sink.personas.resize(levels.len(), None);
        let mut at = levels.iter();
        sink.findings.retain(|_| at.next() != Some(&Some(Level::Off)));
        let mut at = levels.iter();
        sink.personas.retain(|_| at.next() != Some(&Some(Level::Off)));
        levels.retain(|level| *level != Some(Level::Off));
    }
    let fails = levels.contains(&Some(Level::Fail));
    if fails && policy.level(meta.name).is_none() { (Level::Fail, true) } else { (level, chosen) }
}

/// Runs one rule, unless its facts are absent; a panic becomes its message.
fn run(rule: &'static Rule, cx: &Cx<'_>) -> (Sink, Option<String>) {
    let mut sink = Sink::new(rule.meta);
    if let Some(outcome) = absent(rule.meta.family, cx.facts) {
        sink.outcome = Some(outcome);
        return (sink, None);
    }
    let result = catch_unwind(AssertUnwindSafe(|| (rule.check)(cx, &mut sink)));
    let broke = result.err().map(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        format!("the rule broke: {text}")
    });
    (sink, broke)
}

/// Runs one rule over the fences of the documents, and adds what it finds; gives the message of a panic.
fn over(parts: &[Part<'_>], rule: &'static Rule, cx: &Cx<'_>, sink: &mut Sink) -> Option<String> {
    let mut broke = None;
    for part in parts.iter().filter(|part| part.takes(rule.meta)) {
        let own = Cx { facts: &part.facts, scripts: &part.scripts, ..*cx };
        let (found, message) = run(rule, &own);
        for (at, finding) in found.findings.into_iter().enumerate() {
            let Some(finding) = part.moved(finding) else { continue };
            sink.personas.resize(sink.findings.len(), None);
            let persona = found.personas.get(at).copied().flatten().unwrap_or(rule.meta.persona);
            // An example in a document leaves advice aside more often than not.
            let least = if fragments::advises(rule.meta) { Persona::Pedantic } else { persona };
            sink.personas.push(Some(persona.max(least)));
            sink.findings.push(finding);
        }
        broke = message.or(broke);
    }
    broke
}

/// Why no rule of a family can look at anything.
fn absent(family: Family, facts: &Facts) -> Option<(CheckStatus, String)> {
    let not_run = |text: &str| Some((CheckStatus::NotRun, text.to_owned()));
    let nothing = |text: &str| Some((CheckStatus::NotApplicable, text.to_owned()));
    match family {
        Family::Dockerfile | Family::Ignore | Family::Compose | Family::Workflow | Family::Document => {
            let Some(project) = &facts.project else { return not_run("no project was read") };
            match family {
                Family::Dockerfile | Family::Ignore if project.dockerfiles.is_empty() => {
                    nothing("no Dockerfile")
                }
                Family::Workflow
                    if project.workflows.is_empty()
                        && project.actions.is_empty()
                        && project.pipelines.is_empty()
                        && project.scripts.is_empty() =>
                {
                    nothing("no workflow")
                }
                Family::Compose if project.composes.is_empty() => nothing("no compose file"),
                _ => None,
            }
        }
        Family::Image if facts.image.is_none() => not_run("no image was inspected"),
        Family::Run if facts.run.is_none() => not_run("the image was not booted"),
        Family::Structure if facts.structure.is_none() => nothing("no structure test file"),
        Family::Release if facts.release.is_none() => not_run("nothing was published"),
        Family::Scan if facts.scan.is_none() => not_run("no packages were held against advisories"),
        _ => None,
    }
}

/// Applies a chosen level to a finding's severity, and hides what persona and minimum severity hide.
fn settle(finding: &mut Finding, persona: Persona, (level, chosen): (Level, bool), opts: Options) {
    if chosen {
        let cap = match level {
            Level::Fail => Severity::Critical,
            Level::Warn => Severity::Medium,
            Level::Info | Level::Off => Severity::Info,
        };
        finding.severity = finding.severity.min(cap);
    }
    // What the policy names is wanted, whoever the reader is.
    if (persona > opts.persona && !chosen) || finding.severity < opts.min_severity {
        finding.status = FindingStatus::Hidden;
    }
}

/// Applies `.hadolint.yaml` to a finding that hadolint would have raised; the policy's own word counts more.
fn configure(finding: &mut Finding, config: Option<&HadolintFact>, chosen: bool) {
    let Some(config) = config.filter(|_| !chosen) else { return };
    let ours = |code: &String| finding.aliases.contains(code);
    let coded = |alias: &String| {
        let digits = alias.strip_prefix("DL").or_else(|| alias.strip_prefix("SC"));
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !finding.aliases.iter().any(coded) || finding.aliases.iter().any(|alias| alias == "x/build-error") {
        return;
    }
    if let Some(code) = config.ignored.iter().find(|code| ours(code)) {
        finding.status = FindingStatus::Suppressed;
        finding.reason = Some(format!("{code} is ignored in `{}`", config.file.path));
        return;
    }
    if let Some((_, level)) = config.levels.iter().find(|(code, _)| ours(code)) {
        finding.severity = match level {
            HadolintLevel::Error => Severity::High,
            HadolintLevel::Warning => Severity::Medium,
            HadolintLevel::Info => Severity::Low,
            HadolintLevel::Style => Severity::Info,
        };
    }
    let least = match config.threshold {
        None => return,
        Some(None) => Severity::Critical,
        Some(Some(HadolintLevel::Error)) => Severity::High,
        Some(Some(HadolintLevel::Warning)) => Severity::Medium,
        Some(Some(HadolintLevel::Info)) => Severity::Low,
        Some(Some(HadolintLevel::Style)) => Severity::Info,
    };
    if finding.severity < least {
        finding.severity = Severity::Info;
    }
}

fn silence(
    finding: &mut Finding,
    silencers: &[Suppression],
    index: &suppress::Index,
    used: &mut [BTreeSet<String>],
) {
    if finding.status == FindingStatus::Suppressed {
        return;
    }
    for at in index.candidates(finding) {
        let (Some(silencer), Some(used)) = (silencers.get(at), used.get_mut(at)) else { continue };
        let Some(name) = silencer.matches(finding) else { continue };
        used.insert(name.to_owned());
        finding.status = FindingStatus::Suppressed;
        let reason = if silencer.reason.is_empty() { "no reason given" } else { &silencer.reason };
        finding.reason = Some(reason.to_owned());
    }
}

fn waive(finding: &mut Finding, meta: &RuleMeta, policy: &Policy, waivers: &mut [WaiverUse]) {
    for (waiver, state) in policy.waiver.iter().zip(waivers) {
        // A waiver by an alias is for the findings of that alias.
        let named = waiver.rule == meta.name
            || (find(&waiver.rule).is_some_and(|rule| rule.meta.name == meta.name)
                && finding.aliases.iter().any(|alias| means(alias, &waiver.rule)));
        if !named || finding.status == FindingStatus::Suppressed || !accepts(waiver, finding) {
            continue;
        }
        state.matched += 1;
        if !state.expired && !state.without_reason {
            finding.status = FindingStatus::Waived;
            finding.reason = Some(match &state.expires {
                Some(day) => format!("{} (until {day})", waiver.reason),
                None => waiver.reason.clone(),
            });
        }
    }
}

/// Whether a waiver is about a finding: by its other name, by its place, and by the secret it tells.
pub(crate) fn accepts(waiver: &Waiver, finding: &Finding) -> bool {
    let named = |id: &String| finding.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id));
    waiver.id.as_ref().is_none_or(named) && place_matches(waiver, finding) && value_matches(waiver, finding)
}

/// Whether the finding is about the secret that the waiver names by its digest. A few characters would name many.
fn value_matches(waiver: &Waiver, finding: &Finding) -> bool {
    let Some(sum) = waiver.sha256.as_deref() else { return true };
    let sum = sum.strip_prefix("sha256:").unwrap_or(sum).to_ascii_lowercase();
    (12..=64).contains(&sum.len())
        && finding.evidence.iter().any(|evidence| {
            evidence.text.split_once(text::SHA256_OF_VALUE).is_some_and(|(_, told)| told.starts_with(&sum))
        })
}

/// Whether the finding stands at the waiver's path; a `*` matches anything.
fn place_matches(waiver: &Waiver, finding: &Finding) -> bool {
    let Some(pattern) = waiver.path.as_deref() else { return true };
    let place = match &finding.location {
        Location::File { path, .. } | Location::Layer { path, .. } => path,
        Location::Config { field } => field,
        Location::Observation { name } => name,
        Location::Registry { reference } => reference,
        Location::Project => return false,
    };
    let mut parts = pattern.trim_start_matches("./").split('*');
    let Some(mut rest) = parts.next().and_then(|start| place.strip_prefix(start)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // Each part as early as it comes: what is left for the others is then the longest.
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn waiver_use(at: usize, waiver: &Waiver, today: (u16, u8, u8)) -> WaiverUse {
    let day =
        waiver.expires.as_ref().and_then(|time| time.date).map(|date| (date.year, date.month, date.day));
    WaiverUse {
        number: at + 1,
        rule: waiver.rule.clone(),
        path: waiver.path.clone(),
        sha256: waiver.sha256.clone(),
        expires: day.map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}")),
        expired: day.is_some_and(|day| day < today),
        without_reason: waiver.reason.trim().is_empty(),
        evaluated: false,
        matched: 0,
    }
}

fn usage(
    silencers: &[Suppression],
    used: &[BTreeSet<String>],
    waivers: &[WaiverUse],
    evaluated: &[&str],
) -> Usage {
    let evaluated: BTreeSet<&str> = evaluated.iter().copied().collect();
    let ran = |name: &str| find(name).is_none_or(|rule| evaluated.contains(rule.meta.name));
    let mut waivers = waivers.to_vec();
    for waiver in &mut waivers {
        waiver.evaluated = find(&waiver.rule).is_some() && ran(&waiver.rule);
    }
    let suppressions = silencers.iter().zip(used).map(|(silencer, used)| {
        let own = silencer.dialect == Dialect::Own;
        // Another tool's name says nothing where no rule of ours is meant by it.
        let judged = |name: &String| match silencer.rule_of(name) {
            Some(rule) => ran(&rule),
            None => own && !name.eq_ignore_ascii_case("all"),
        };
        let every = name_of_all(silencer) && used.is_empty();
        let unused = silencer.rules.iter().filter(|name| !used.contains(*name) && (every || judged(name)));
        SuppressionUse {
            path: silencer.path.clone(),
            span: silencer.comment,
            dialect: silencer.dialect,
            explained: !silencer.reason.is_empty(),
            unused: unused.cloned().collect(),
        }
    });
    Usage { suppressions: suppressions.collect(), waivers }
}

fn check(
    meta: &'static RuleMeta,
    (level, chosen): (Level, bool),
    sink: &Sink,
    broke: Option<String>,
    ms: u64,
) -> Check {
    let open: Vec<&Finding> =
        sink.findings.iter().filter(|finding| finding.status == FindingStatus::Open).collect();
    let hidden = sink.findings.iter().filter(|finding| finding.status == FindingStatus::Hidden).count();
    // A level nobody chose follows the worst finding, since a rule may judge one case milder than another.
    let worst = open.iter().map(|finding| finding.severity).max();
    let level = match worst {
        Some(severity) if !chosen => level.min(RuleMeta { severity, ..*meta }.default_level()),
        _ => level,
    };
    let (status, reason) = if let Some(text) = broke {
        (CheckStatus::Error, text)
    } else if !open.is_empty() {
        let status = if level == Level::Fail { CheckStatus::Fail } else { CheckStatus::Warn };
        (status, String::new())
    } else if hidden > 0 {
        let what = text::count(hidden, "finding");
        (CheckStatus::NotApplicable, format!("{what} hidden by persona or minimum severity"))
    } else if let Some(outcome) = sink.outcome.clone().filter(|_| sink.findings.is_empty()) {
        outcome
    } else if sink.findings.is_empty() {
        (CheckStatus::Pass, sink.observed.clone())
    } else {
        (CheckStatus::Pass, format!("{} suppressed or waived", text::count(sink.findings.len(), "finding")))
    };
    let passes = matches!(status, CheckStatus::Pass | CheckStatus::NotApplicable | CheckStatus::NotRun);
    Check {
        rule: meta.name.to_owned(),
        title: if passes { meta.passes } else { meta.summary }.to_owned(),
        status,
        reason,
        ms,
        category: meta.category,
        weight: meta.weight(),
        gate: meta.gate,
        level,
        findings: open.len(),
    }
}

/// Whether a comment of our own silences every rule.
fn name_of_all(silencer: &Suppression) -> bool {
    silencer.dialect == Dialect::Own && silencer.rules.iter().any(|name| name.eq_ignore_ascii_case("all"))
}

type Key<'a> = (std::cmp::Reverse<Severity>, &'a str, &'a str, usize, usize, &'a str);

fn sort_key(finding: &Finding) -> Key<'_> {
    let (place, start, end) = match &finding.location {
        Location::File { path, span, .. } => (path.as_str(), span.start, span.end),
        Location::Layer { path, .. } => (path.as_str(), 0, 0),
        Location::Config { field } => (field.as_str(), 0, 0),
        Location::Observation { name } => (name.as_str(), 0, 0),
        Location::Registry { reference } => (reference.as_str(), 0, 0),
        Location::Project => ("", 0, 0),
    };
    (std::cmp::Reverse(finding.severity), &finding.rule, place, start, end, &finding.message)
}
