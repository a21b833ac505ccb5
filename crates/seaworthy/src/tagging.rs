//! The policy's tags: literals, and rules in the syntax of docker/metadata-action.

use crate::failure::Failure;
use seaworthy_facts::ProjectFacts;
use seaworthy_tags::{Context, Inputs};

/// A tag and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    /// The line that made it; none for the image's own.
    pub(crate) rule: Option<String>,
    /// Why no registry accepts it.
    pub(crate) problem: Option<&'static str>,
}

/// What is to be published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tagging {
    /// Every tag once.
    pub(crate) tags: Vec<Tag>,
    /// What the rules warn about.
    pub(crate) warnings: Vec<String>,
}

impl Tagging {
    fn add(&mut self, name: String, rule: Option<&str>) {
        if !self.tags.iter().any(|tag| tag.name == name) {
            let problem = seaworthy_tags::problem(&name);
            self.tags.push(Tag { name, rule: rule.map(str::to_owned), problem });
        }
    }

    /// The names alone.
    pub(crate) fn names(&self) -> Vec<String> {
        self.tags.iter().map(|tag| tag.name.clone()).collect()
    }
}

/// Gives the tags of the lines: literals with `{{version}}` and `{{sha}}` filled in, then what the rules make of the
/// event. Without a line, the image's own tag.
///
/// `latest` is the policy's word about who moves `latest`; it speaks about what rules add, not about a line that names it.
pub(crate) fn evaluate(
    lines: &[String],
    own: &str,
    latest: Option<&str>,
    project: Option<&ProjectFacts>,
    context: &Context,
) -> Result<Tagging, Failure> {
    let mut tagging = Tagging::default();
    if lines.is_empty() {
        tagging.add(own.to_owned(), None);
        return Ok(tagging);
    }
    let version =
        project.and_then(|project| project.rust.as_ref()).map_or(own, |krate| krate.version.as_str());
    let sha: String = context.event.sha.chars().take(7).collect();
    let sha = if sha.is_empty() { "unknown" } else { &sha };
    let mut rules = Vec::new();
    for line in lines {
        let filled = line.replace("{{version}}", version).replace("{{sha}}", sha);
        // A rule has attributes, or an expression that only a rule knows.
        if line.contains('=') || filled.contains("{{") {
            rules.push(line.clone());
        } else {
            tagging.add(filled, Some(line));
        }
    }
    if rules.is_empty() {
        return Ok(tagging);
    }
    let event = &context.event;
    let on_default =
        event.default_branch.as_ref().is_some_and(|branch| event.reference == format!("refs/heads/{branch}"));
    let flavor = match latest {
        Some("forbid") => vec!["latest=false".to_owned()],
        Some("main") => vec![format!("latest={on_default}")],
        _ => Vec::new(),
    };
    let inputs = Inputs { tags: rules, flavor, ..Inputs::default() };
    let metadata = seaworthy_tags::evaluate(&inputs, context).map_err(|error| {
        Failure::of("read the tags", &error)
            .hint("correct the line under `tags` of `[publish]`; `seaworthy tags` shows what the lines give")
    })?;
    for value in &metadata.values {
        tagging.add(value.name.clone(), Some(&value.rule));
    }
    tagging.warnings = metadata.warnings;
    tagging.warnings.extend(metadata.notes);
    Ok(tagging)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_tags::Event;

    fn names(lines: &[&str], reference: &str, latest: Option<&str>) -> Vec<String> {
        let event = Event {
            name: "push".to_owned(),
            reference: reference.to_owned(),
            sha: "9f2c4e0b7d3a51886cc01234567890abcdef1234".to_owned(),
            default_branch: Some("main".to_owned()),
            ..Event::default()
        };
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        evaluate(&lines, "dev", latest, None, &Context::new(event)).unwrap().names()
    }

    #[test]
    fn literals_and_rules() {
        assert_eq!(names(&[], "", None), ["dev"]);
        assert_eq!(names(&["{{version}}", "x"], "", None), ["dev", "x"]);
        assert_eq!(
            names(&["type=sha", "x", "type=ref,event=branch"], "refs/heads/a/b", None),
            ["x", "a-b", "sha-9f2c4e0"]
        );
        assert_eq!(names(&["{{branch}}"], "refs/heads/main", None), ["main"]);
        assert_eq!(names(&["type=semver,pattern={{version}}"], "refs/heads/main", None), [""; 0]);
    }

    #[test]
    fn the_policy_says_who_moves_latest() {
        let rule = ["type=semver,pattern={{version}}"];
        assert_eq!(names(&rule, "refs/tags/v1.2.3", None), ["1.2.3", "latest"]);
        assert_eq!(names(&rule, "refs/tags/v1.2.3", Some("release")), ["1.2.3", "latest"]);
        assert_eq!(names(&rule, "refs/tags/v1.2.3", Some("forbid")), ["1.2.3"]);
        assert_eq!(names(&rule, "refs/tags/v1.2.3", Some("main")), ["1.2.3"]);
        assert_eq!(names(&["type=ref,event=branch"], "refs/heads/main", Some("main")), ["main", "latest"]);
    }

    #[test]
    fn a_tag_that_no_registry_accepts_keeps_its_rule() {
        let event = Event { sha: "9f2c4e0b".to_owned(), ..Event::default() };
        let line = "type=sha,prefix={{branch}}-".to_owned();
        let tagging = evaluate(std::slice::from_ref(&line), "dev", None, None, &Context::new(event)).unwrap();
        assert_eq!(tagging.tags[0].name, "-9f2c4e0");
        assert_eq!(tagging.tags[0].rule, Some(line));
        assert!(tagging.tags[0].problem.is_some());
    }
}
