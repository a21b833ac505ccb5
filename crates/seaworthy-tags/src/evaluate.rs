//! Rules and an event in, tags and labels out.

use crate::event::Context;
use crate::flavor::Flavor;
use crate::inputs::Inputs;
use crate::metadata::{Metadata, Value, Version, sanitize};
use crate::pep440::Pep440;
use crate::rule::{Kind, Rule, rules};
use crate::semver::Semver;
use crate::template::{self, Meaning};
use crate::{Error, collate, image, js, pattern};
use std::cell::RefCell;

/// Evaluates the inputs against what happened.
///
/// # Errors
/// When a line, an expression or a regular expression cannot be read. A rule that merely makes no tag is no error.
pub fn evaluate(inputs: &Inputs, context: &Context) -> Result<Metadata, Error> {
    let context = context.settle();
    let images = image::images(&inputs.images)?;
    let rules = rules(&inputs.tags)?;
    let flavor = Flavor::read(&inputs.flavor)?;
    let mut run = Run {
        context: &context,
        flavor: &flavor,
        version: Version::default(),
        latest: None,
        values: Vec::new(),
        warnings: Vec::new(),
        notes: RefCell::default(),
    };
    for rule in &rules {
        if js::number(rule.get("priority")).is_nan() {
            run.note(format!("`{}`: `priority` is no number and does not count", rule.line));
        }
        let enabled = run.global(rule.get("enable"))?;
        match enabled.as_str() {
            "true" => run.rule(rule)?,
            "false" => {}
            _ => {
                return Err(Error::line(
                    &rule.line,
                    format!("`enable` is `{enabled}`, neither true nor false"),
                ));
            }
        }
    }
    let latest = run.latest.as_ref().is_some_and(|(latest, _)| *latest);
    run.version.latest = latest;
    let decided_by = run.latest.take().map(|(_, line)| line).unwrap_or_default();
    if latest {
        let flavor = &flavor;
        let prefix = if flavor.prefix_latest { flavor.prefix.as_str() } else { "" };
        let suffix = if flavor.suffix_latest { flavor.suffix.as_str() } else { "" };
        let name = sanitize(&format!("{prefix}latest{suffix}"));
        run.values.push(Value { name, rule: decided_by });
    }
    let labels = run.labels(&inputs.labels)?;
    let annotations = run.labels(&inputs.annotations)?;
    let names = images.iter().filter(|image| image.enable).map(|image| image.name.to_lowercase());
    Ok(Metadata {
        images: names.collect(),
        version: run.version,
        values: run.values,
        labels,
        annotations,
        warnings: run.warnings,
        notes: run.notes.into_inner(),
    })
}

struct Run<'a> {
    context: &'a Context,
    flavor: &'a Flavor,
    version: Version,
    /// Whether `latest` is published, and the line of the rule that decided it.
    latest: Option<(bool, String)>,
    values: Vec<Value>,
    warnings: Vec<String>,
    /// Expressions are evaluated behind a shared reference.
    notes: RefCell<Vec<String>>,
}

impl Run<'_> {
    fn rule(&mut self, rule: &Rule) -> Result<(), Error> {
        let event = &self.context.event;
        match rule.kind {
            Kind::Schedule if event.name.contains("schedule") => {
                let value =
                    template::render(rule.get("pattern"), &|name| Ok(self.known(name, self.time(name))))?;
                self.set(rule, &value, false)
            }
            Kind::Schedule => Ok(()),
            Kind::Semver => self.semver(rule),
            Kind::Pep440 => self.pep440(rule),
            Kind::Match => self.matched(rule),
            Kind::Edge => {
                let wanted = Some(rule.get("branch")).filter(|branch| !branch.is_empty());
                let wanted = wanted.or(self.context.repository.default_branch.as_deref());
                match event.branch() {
                    Some(branch) if wanted == Some(branch) => self.set(rule, "edge", false),
                    _ => Ok(()),
                }
            }
            Kind::Ref => {
                let (name, latest) = match rule.get("event") {
                    "branch" => (event.branch(), false),
                    "tag" => (event.tag(), true),
                    _ => (event.pull(), false),
                };
                name.map_or(Ok(()), |name| self.set(rule, name, latest))
            }
            Kind::Raw => {
                let value = self.global(rule.get("value"))?;
                self.set(rule, &value, false)
            }
            Kind::Sha if event.sha.is_empty() => Ok(()),
            Kind::Sha => {
                let short = rule.get("format") == "short";
                let value = if short { self.context.short_sha()? } else { event.sha.as_str() };
                self.set(rule, value, false)
            }
        }
    }

    /// The text that a version is looked for in: `value=`, else the git tag.
    fn subject(&self, rule: &Rule) -> Result<Option<String>, Error> {
        let value = rule.get("value");
        if value.is_empty() {
            return Ok(self.context.event.tag().map(str::to_owned));
        }
        self.global(value).map(Some)
    }

    /// The same, cut to what `match=` says, without slashes.
    fn version_subject(&mut self, rule: &Rule) -> Result<Option<String>, Error> {
        let Some(mut text) = self.subject(rule)? else { return Ok(None) };
        let expression = rule.get("match");
        if !expression.is_empty() {
            match pattern::matches(expression, &text)? {
                None => self.warnings.push(format!("{expression} does not match {text}.")),
                Some(groups) => {
                    let first = groups.into_iter().nth(1).flatten();
                    text = first.ok_or_else(|| Error::NoGroup { pattern: expression.to_owned(), text })?;
                }
            }
        }
        Ok(Some(text.replace('/', "-")))
    }

    fn semver(&mut self, rule: &Rule) -> Result<(), Error> {
        let Some(text) = self.version_subject(rule)? else { return Ok(()) };
        let Some(version) = Semver::parse(&text) else {
            self.warnings.push(format!("{text} is not a valid semver. More info: https://semver.org/"));
            return Ok(());
        };
        let scope = |name: &str| {
            let number = |value: u64| Meaning::Number(value.to_string());
            Ok(Some(match name {
                "raw" => Meaning::Text(version.raw.clone()),
                "version" => Meaning::Text(version.version()),
                "major" => number(version.major),
                "minor" => number(version.minor),
                "patch" => number(version.patch),
                "prerelease" => Meaning::Text(version.prerelease.join(",")),
                "build" => Meaning::Text(version.build.join(",")),
                "loose" => Meaning::Text("true".to_owned()),
                "includePrerelease" => Meaning::Text("false".to_owned()),
                "options" => Meaning::Text("[object Object]".to_owned()),
                _ => return Ok(self.known(name, None)),
            }))
        };
        let wanted = rule.get("pattern");
        let release = version.prerelease.is_empty();
        let pattern = if release || template::is_raw_statement(wanted) { wanted } else { "{{version}}" };
        let value = template::render(pattern, &scope)?;
        self.set(rule, &value, release)
    }

    fn pep440(&mut self, rule: &Rule) -> Result<(), Error> {
        let Some(text) = self.version_subject(rule)? else { return Ok(()) };
        let Some(version) = Pep440::parse(&text) else {
            let more = "More info: https://www.python.org/dev/peps/pep-0440";
            self.warnings.push(format!("{text} does not conform to PEP 440. {more}"));
            return Ok(());
        };
        let wanted = rule.get("pattern");
        if version.is_special() {
            let value = if template::is_raw_statement(wanted) { text } else { version.clean() };
            return self.set(rule, &value, false);
        }
        let value = template::render(wanted, &|name| {
            Ok(Some(match name {
                "raw" => Meaning::Text(text.clone()),
                "version" => Meaning::Text(version.clean()),
                "major" => Meaning::Number(version.part(0)),
                "minor" => Meaning::Number(version.part(1)),
                "patch" => Meaning::Number(version.part(2)),
                _ => return Ok(self.known(name, None)),
            }))
        })?;
        self.set(rule, &value, true)
    }

    fn matched(&mut self, rule: &Rule) -> Result<(), Error> {
        let Some(text) = self.subject(rule)? else { return Ok(()) };
        let (expression, group) = (rule.get("pattern"), rule.get("group"));
        let Some(groups) = pattern::matches_literal(expression, &text)? else {
            self.warnings.push(format!("{expression} does not match {text}."));
            return Ok(());
        };
        // A group is looked up by name as in an array: `1` is there, `01` is not.
        let at = group.parse::<usize>().ok().filter(|at| at.to_string() == group);
        let Some(value) = at.and_then(|at| groups.into_iter().nth(at)).flatten() else {
            self.warnings.push(format!("Group {group} does not exist for {expression} pattern."));
            return Ok(());
        };
        self.set(rule, &value, true)
    }

    /// Takes a rule's value: with its prefix and suffix, else the flavor's.
    fn set(&mut self, rule: &Rule, value: &str, latest: bool) -> Result<(), Error> {
        let affix =
            |name: &str, common: &str| self.global(rule.attributes.get(name).map_or(common, String::as_str));
        let prefix = affix("prefix", &self.flavor.prefix)?;
        let suffix = affix("suffix", &self.flavor.suffix)?;
        let text = format!("{prefix}{value}{suffix}");
        let name = sanitize(&text);
        if name.is_empty() {
            return Ok(());
        }
        if ["&amp;", "&lt;", "&gt;", "&quot;", "&#x"].iter().any(|entity| text.contains(entity)) {
            let line = &rule.line;
            self.note(format!(
                "`{line}`: two braces write marks as HTML, `{text}`; three do not: `{{{{{{branch}}}}}}`"
            ));
        }
        if self.version.main.is_none() {
            self.version.main = Some(name.clone());
            self.values.push(Value { name, rule: rule.line.clone() });
        } else if self.version.main.as_ref() != Some(&name) && !self.version.partial.contains(&name) {
            self.version.partial.push(name.clone());
            self.values.push(Value { name, rule: rule.line.clone() });
        }
        if self.latest.is_none() {
            self.latest = Some((self.flavor.latest(latest), rule.line.clone()));
        }
        Ok(())
    }

    /// Notes that a name stands for nothing.
    fn known(&self, name: &str, meaning: Option<Meaning>) -> Option<Meaning> {
        if meaning.is_none() {
            self.note(format!("`{{{{{name}}}}}` stands for nothing here and is left out"));
        }
        meaning
    }

    fn note(&self, text: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    fn time(&self, name: &str) -> Option<Meaning> {
        match name {
            "date" => Some(Meaning::Time(self.context.now)),
            "commit_date" => Some(Meaning::Time(self.context.commit_date)),
            _ => None,
        }
    }

    /// Evaluates an expression that may name everything about the event.
    fn global(&self, text: &str) -> Result<String, Error> {
        let event = &self.context.event;
        template::render(text, &|name| {
            let text = match name {
                "branch" => event.branch().unwrap_or_default().to_owned(),
                "tag" => event.tag().unwrap_or_default().to_owned(),
                "sha" => self.context.short_sha()?.to_owned(),
                "base_ref" => event.base().to_owned(),
                "is_default_branch" => event.on_default_branch().to_string(),
                "is_not_default_branch" => (!event.on_default_branch()).to_string(),
                _ => return Ok(self.known(name, self.time(name))),
            };
            Ok(Some(Meaning::Text(text)))
        })
    }

    /// The labels of the repository and those of the user; the last of a name wins.
    fn labels(&self, own: &[String]) -> Result<Vec<(String, String)>, Error> {
        let Context { event, repository, now, .. } = self.context;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let base = [
            ("title", text(&repository.name)),
            ("description", text(&repository.description)),
            ("url", text(&repository.url)),
            ("source", text(&repository.url)),
            ("version", text(&self.version.main)),
            ("created", now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()),
            ("revision", event.sha.clone()),
            ("licenses", text(&repository.license)),
        ];
        let mut labels: Vec<(String, String)> = base
            .into_iter()
            .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value))
            .collect();
        for line in own {
            let line = self.global(line)?;
            let Some((name, value)) = line.split_once('=') else { continue };
            match labels.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => value.clone_into(known),
                None => labels.push((name.to_owned(), value.to_owned())),
            }
        }
        labels.sort_by_cached_key(|(name, _)| collate::key(name));
        Ok(labels)
    }
}
