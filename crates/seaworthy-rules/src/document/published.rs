//! What the project's workflows publish: names, the shapes of tags, platforms, and whether that is all of it.

use super::shape::Shape;
use crate::Cx;
use seaworthy_facts::WorkflowFact;
use seaworthy_oci::Reference;
use seaworthy_tags::{Flavor, Kind, Latest, Rule};
use seaworthy_workflow::{Entry, Env, Job, Step, Text};
use std::collections::BTreeSet;

/// Stands where an expression is not known.
pub(crate) const UNKNOWN: char = '\u{1}';

/// What one step makes.
pub(crate) struct Made {
    /// Registry and path.
    pub(crate) image: String,
    pub(crate) shapes: Vec<Shape>,
    /// Whether the shapes are all there is.
    pub(crate) complete: bool,
}

/// Everything the workflows publish.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) made: Vec<Made>,
    /// Whether every name is known.
    pub(crate) names_complete: bool,
    pub(crate) platforms: BTreeSet<String>,
    /// Whether every platform is known.
    pub(crate) platforms_complete: bool,
    /// The workflows that publish.
    pub(crate) workflows: Vec<String>,
}

impl Published {
    /// Reads all workflows.
    pub(crate) fn of(cx: &Cx<'_>) -> Self {
        let mut out = Self { names_complete: true, platforms_complete: true, ..Self::default() };
        for fact in cx.workflows() {
            let reader = Reader { cx, fact };
            for job in &fact.workflow.jobs {
                if job.uses.is_some() {
                    // A called workflow may publish anything.
                    let word = job.uses.as_ref().map_or("", |uses| uses.text.value.as_str());
                    let image = ["docker", "image", "container", "publish", "release", "build"]
                        .iter()
                        .any(|name| word.to_ascii_lowercase().contains(name));
                    out.names_complete &= !image;
                    out.platforms_complete &= !image;
                }
                for step in &job.steps {
                    reader.step(job, step, &mut out);
                }
            }
        }
        if !cx.project().is_none_or(|project| project.pipelines.is_empty()) {
            out.names_complete = false;
            out.platforms_complete = false;
        }
        out
    }

    /// The names of the images.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.made.iter().map(|made| made.image.as_str()).collect()
    }
}

struct Reader<'a> {
    cx: &'a Cx<'a>,
    fact: &'a WorkflowFact,
}

impl Reader<'_> {
    fn step(&self, job: &Job, step: &Step, out: &mut Published) {
        if let Some(run) = &step.run {
            const PUSHES: [&str; 16] = [
                "docker push",
                "docker tag",
                "buildx build",
                "imagetools create",
                "skopeo",
                "regctl",
                "ko build",
                "ko publish",
                "goreleaser",
                "pack build",
                "buildah",
                "podman push",
                "podman build",
                "buildx bake",
                "kaniko",
                "crane ",
            ];
            if PUSHES.iter().any(|word| run.value.contains(word)) || makes(&run.value) {
                out.names_complete = false;
                out.platforms_complete = false;
                out.made.iter_mut().for_each(|made| made.complete = false);
            }
        }
        let Some(action) = step.uses.as_ref().and_then(seaworthy_workflow::Uses::action) else { return };
        match action.as_str() {
            "docker/metadata-action" => self.metadata(job, step, out),
            "docker/build-push-action" => self.build(job, step, out),
            "docker/bake-action"
            | "goreleaser/goreleaser-action"
            | "redhat-actions/buildah-build"
            | "redhat-actions/push-to-registry"
            | "elgohr/publish-docker-github-action"
            | "ko-build/setup-ko"
            | "depot/build-push-action"
            | "depot/bake-action" => {
                out.names_complete = false;
                out.platforms_complete = false;
            }
            _ => {}
        }
    }

    fn metadata(&self, job: &Job, step: &Step, out: &mut Published) {
        let images = self.lines(job, step, "images");
        let Some(flavor) = Flavor::read(&self.lines(job, step, "flavor")).ok() else {
            out.names_complete = false;
            return;
        };
        let lines = self.lines(job, step, "tags");
        let Ok(rules) = seaworthy_tags::rules(&lines) else {
            out.names_complete = false;
            return;
        };
        let shapes = shapes(&rules, &flavor, &Events::of(self.fact));
        let Ok(images) = seaworthy_tags::images(&images) else {
            out.names_complete = false;
            return;
        };
        for image in images {
            let Some(name) = repository(&image.name) else {
                out.names_complete = false;
                continue;
            };
            let complete = !lines.iter().any(|line| line.starts_with(UNKNOWN));
            out.made.push(Made { image: name, shapes: shapes.clone(), complete });
            self.publishes(out);
        }
    }

    fn build(&self, job: &Job, step: &Step, out: &mut Published) {
        let never = step.input("push").is_some_and(|push| push.as_str() == "false");
        let outputs = step.input_str("outputs");
        let sends = !never && (step.input("push").is_some() || outputs.contains("push"));
        if !sends {
            return;
        }
        self.publishes(out);
        match step.input("platforms") {
            None => out.platforms_complete = false,
            Some(_) => {
                for platform in self.lines(job, step, "platforms").iter().flat_map(|line| line.split(',')) {
                    let platform = platform.trim();
                    if platform.contains(UNKNOWN) {
                        out.platforms_complete = false;
                    } else if !platform.is_empty() {
                        out.platforms.insert(platform.to_owned());
                    }
                }
            }
        }
        let tags = step.input("tags").and_then(Entry::text);
        let from_metadata = tags.is_some_and(|tags| tags.value.contains("outputs.tags"));
        if from_metadata {
            return;
        }
        let lines = self.lines(job, step, "tags");
        if lines.is_empty() {
            // `outputs: type=image,name=…`: by digest, tagged elsewhere.
            out.names_complete &= !outputs.contains("name=");
        }
        for line in lines.iter().flat_map(|line| line.split(',')) {
            let line = line.trim();
            let (name, tag) = match line.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => (name, tag),
                _ => (line, "latest"),
            };
            match repository(name) {
                Some(image) => {
                    out.made.push(Made { image, shapes: vec![Shape::literal(tag, UNKNOWN)], complete: true });
                }
                None => out.names_complete = false,
            }
        }
    }

    fn publishes(&self, out: &mut Published) {
        if out.workflows.last() != Some(&self.fact.file.path) {
            out.workflows.push(self.fact.file.path.clone());
        }
    }

    /// An input's lines with the known expressions filled in.
    fn lines(&self, job: &Job, step: &Step, name: &str) -> Vec<String> {
        let Some(text) = step.input(name).and_then(Entry::text) else { return Vec::new() };
        seaworthy_tags::list(&self.fill(job, Some(step), text, 0))
            .unwrap_or_else(|_| vec![UNKNOWN.to_string()])
    }

    fn fill(&self, job: &Job, step: Option<&Step>, text: &Text, depth: u8) -> String {
        let mut out = String::new();
        let mut at = 0;
        for part in &text.interpolations {
            out.push_str(text.value.get(at..part.range.start).unwrap_or_default());
            at = part.range.end;
            let reference = part.expr.as_ref().ok().and_then(seaworthy_workflow::expr::Expr::reference);
            match reference.and_then(|reference| self.value(job, step, &reference.path(), depth)) {
                Some(value) => out.push_str(&value),
                None => out.push(UNKNOWN),
            }
        }
        out.push_str(text.value.get(at..).unwrap_or_default());
        out
    }

    fn value(&self, job: &Job, step: Option<&Step>, path: &str, depth: u8) -> Option<String> {
        let git = || self.cx.project()?.git.as_ref()?.remote.as_deref().and_then(slug);
        match path {
            "github.repository" => return git().map(|(owner, name)| format!("{owner}/{name}")),
            "github.repository_owner" => return git().map(|(owner, _)| owner),
            _ => {}
        }
        let name = path.strip_prefix("env.").filter(|_| depth < 4)?;
        let find = |env: &Env| {
            let entry = env.vars.iter().find(|entry| entry.is(name))?;
            Some(self.fill(job, step, entry.text()?, depth + 1))
        };
        step.and_then(|step| find(&step.env))
            .or_else(|| find(&job.env))
            .or_else(|| find(&self.fact.workflow.env))
    }
}

/// The tags that rules make, on any of the events.
pub(crate) fn shapes(rules: &[Rule], flavor: &Flavor, events: &Events) -> Vec<Shape> {
    let mut out = Vec::new();
    let mut latest = flavor.latest == Latest::Always;
    for rule in rules {
        let prefix = rule.attributes.get("prefix").map_or(flavor.prefix.as_str(), String::as_str);
        let suffix = rule.attributes.get("suffix").map_or(flavor.suffix.as_str(), String::as_str);
        let own = match rule.kind {
            Kind::Semver | Kind::Pep440 => {
                if !events.tags && rule.get("value").is_empty() {
                    continue;
                }
                latest |= flavor.latest == Latest::Auto;
                vec![Shape::version(rule.get("pattern"))]
            }
            Kind::Match => {
                if !events.tags && rule.get("value").is_empty() {
                    continue;
                }
                latest |= flavor.latest == Latest::Auto;
                vec![Shape::any()]
            }
            Kind::Sha => vec![Shape::hex()],
            Kind::Raw => vec![Shape::literal(rule.get("value"), UNKNOWN)],
            Kind::Schedule => vec![Shape::literal(rule.get("pattern"), UNKNOWN)],
            Kind::Edge => vec![Shape::literal("edge", UNKNOWN)],
            Kind::Ref => match rule.get("event") {
                "branch" => events.branches.clone(),
                "tag" if events.tags => {
                    latest |= flavor.latest == Latest::Auto;
                    events.tag_names.clone()
                }
                "pr" => vec![Shape::number()],
                _ => Vec::new(),
            },
        };
        out.extend(own.into_iter().map(|shape| shape.between(prefix, suffix, UNKNOWN)));
    }
    if latest {
        let (prefix, suffix) = (
            if flavor.prefix_latest { flavor.prefix.as_str() } else { "" },
            if flavor.suffix_latest { flavor.suffix.as_str() } else { "" },
        );
        out.push(Shape::literal("latest", UNKNOWN).between(prefix, suffix, UNKNOWN));
    }
    out
}

/// The branches and tags a workflow may run for.
pub(crate) struct Events {
    tags: bool,
    tag_names: Vec<Shape>,
    branches: Vec<Shape>,
}

impl Events {
    /// Everything that may start a workflow.
    pub(crate) fn any() -> Self {
        Self { tags: true, tag_names: vec![Shape::any()], branches: vec![Shape::any()] }
    }

    /// The pushes of branches among them.
    pub(crate) fn of_branches(&self) -> Self {
        // A branch may have any name, but none is called as the newest release is.
        let branches = self.branches.iter().filter(|shape| **shape != Shape::any()).cloned().collect();
        Self { tags: false, tag_names: Vec::new(), branches }
    }

    /// Whether the push of a branch is among them.
    pub(crate) fn has_branches(&self) -> bool {
        !self.branches.is_empty()
    }

    pub(crate) fn of(fact: &WorkflowFact) -> Self {
        let mut events = Self { tags: false, tag_names: Vec::new(), branches: Vec::new() };
        let named = |filters: Option<&Vec<Text>>| match filters {
            None => vec![Shape::any()],
            Some(filters) => filters
                .iter()
                .filter(|filter| !filter.value.starts_with('!'))
                .map(|filter| Shape::filter(&filter.value))
                .collect(),
        };
        for trigger in &fact.workflow.triggers {
            match trigger.name.value.as_str() {
                "push" => {
                    let for_tags = trigger.tags.is_some() || trigger.tags_ignore.is_some();
                    let for_branches = trigger.branches.is_some() || trigger.branches_ignore.is_some();
                    if for_tags || !for_branches {
                        events.tags = true;
                        events.tag_names.extend(named(trigger.tags.as_ref()));
                    }
                    if for_branches || !for_tags {
                        events.branches.extend(named(trigger.branches.as_ref()));
                    }
                }
                "release" | "create" => {
                    events.tags = true;
                    events.tag_names.push(Shape::any());
                }
                "pull_request" | "pull_request_target" | "merge_group" => {}
                _ => {
                    events.tags = true;
                    events.tag_names.push(Shape::any());
                    events.branches.push(Shape::any());
                }
            }
        }
        events
    }
}

/// Whether a script leaves the building to a build tool.
fn makes(script: &str) -> bool {
    script.lines().any(|line| {
        let mut words = line.split_whitespace();
        let tool = words.next().unwrap_or_default();
        matches!(
            tool,
            "make"
                | "just"
                | "task"
                | "mage"
                | "bazel"
                | "nix"
                | "./build.sh"
                | "./release.sh"
                | "earthly"
                | "dagger"
        ) && words.any(|word| {
            ["push", "publish", "release", "image", "docker"].iter().any(|name| word.contains(name))
        })
    })
}

/// Registry and path of a name without tag; nothing where a part is not known.
fn repository(name: &str) -> Option<String> {
    if name.contains(UNKNOWN) || name.is_empty() {
        return None;
    }
    name.to_ascii_lowercase().parse::<Reference>().ok().map(|reference| reference.repository())
}

/// Owner and name of a repository on a forge.
pub(crate) fn slug(remote: &str) -> Option<(String, String)> {
    let path = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => remote.split_once(':')?.1,
    };
    let mut parts = path.trim_end_matches('/').trim_end_matches(".git").rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    Some((owner.to_owned(), name.to_owned()))
}
