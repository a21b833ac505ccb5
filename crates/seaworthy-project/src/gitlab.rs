//! Reads GitLab CI files: jobs with what `default`, `extends`, anchors and `!reference` give them.
//!
//! Local files that `include` names are read for what jobs inherit from them. Nothing is fetched: what stands elsewhere
//! is noted, and a job that inherits from there is marked as unresolved.

mod include;

pub(crate) use include::{Surroundings, surroundings};

use crate::yaml::{self, Kind, Node};
use seaworthy_dockerfile::OffsetMap;
use seaworthy_facts::{
    PipelineConditions, PipelineFact, PipelineImage, PipelineJob, PipelineRule, PipelineScript,
    PipelineVariable, Spanned, SyntaxProblem, TextFile,
};
use seaworthy_finding::Span;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Top-level keys that are no jobs.
const RESERVED: [&str; 14] = [
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "inputs",
    "services",
    "spec",
    "stages",
    "types",
    "variables",
    "workflow",
    "$schema",
];
/// Templates extend templates at most this often, as in GitLab itself.
const MAX_EXTENDS: usize = 11;
/// `!reference` may name a `!reference` at most this often, as in GitLab itself.
const MAX_REFERENCES: usize = 10;
/// Bytes of script in all jobs together, so that templates of templates cannot multiply.
const MAX_SCRIPT: usize = 32 * 1024 * 1024;
/// Templates laid down in all jobs together.
const MAX_INHERITED: usize = 100_000;
/// Nodes of other files that jobs inherit, all together.
const MAX_MOVED: usize = 500_000;

/// Reads a GitLab CI file. What is not understood is left out or noted, never an error.
pub(crate) fn read(file: TextFile, around: &Surroundings) -> PipelineFact {
    let text = without_header(&file.text);
    let (root, errors) = yaml::read(text.as_deref().unwrap_or(&file.text));
    let mut fact = PipelineFact {
        problems: errors
            .into_iter()
            .map(|error| SyntaxProblem { span: error.span, message: error.message, fatal: true })
            .collect(),
        stages: Vec::new(),
        variables: Vec::new(),
        variable_at: BTreeMap::new(),
        includes: Vec::new(),
        unread: Vec::new(),
        workflow_rules: None,
        jobs: Vec::new(),
        file,
    };
    let Some(root) = root.filter(|root| !root.is_null()) else { return fact };
    if !root.is_map() {
        let message = "a pipeline is a mapping of names to jobs".to_owned();
        fact.problems.push(SyntaxProblem { span: root.span, message, fatal: true });
        return fact;
    }
    let reader = Reader::new(&root, &fact.file.text, around);
    let start = root.get("include").map_or(Span::new(0, 0), |node| node.span);
    let top = |name: &str| root.get(name).or_else(|| reader.elsewhere(name, start));
    fact.stages = top("stages").map(|node| texts(&node)).unwrap_or_default();
    fact.variables = root.get("variables").map(|node| variables(&node)).unwrap_or_default();
    // A variable of the file itself comes before one that is brought in.
    let more = reader.elsewhere("variables", start).map(|node| variables(&node)).unwrap_or_default();
    fact.variables.extend(more);
    let names = fact.variables.iter().enumerate().rev();
    fact.variable_at = names.map(|(at, known)| (known.name.value.clone(), at)).collect();
    fact.includes = root.get("include").map(|node| include::named(&node)).unwrap_or_default();
    fact.unread = fact.includes.iter().filter(|one| !around.has(&one.value)).cloned().collect();
    // Only where files can be asked for at all is one that is not there missing.
    let missing = root.get("include").map(|node| include::local(&node)).unwrap_or_default();
    for name in missing.into_iter().filter(|name| around.asked() && !around.has(&name.value)) {
        let message = format!("`include` names `{}`, which does not exist", name.value);
        fact.problems.push(SyntaxProblem { span: name.span, message, fatal: true });
    }
    fact.workflow_rules =
        root.get("workflow").and_then(|node| node.get("rules")).map(|node| reader.rules(&node));
    let mut budget = MAX_SCRIPT;
    for (key, node) in root.entries() {
        let Some(name) = key.text() else { continue };
        if RESERVED.contains(&name) || !node.is_map() {
            continue;
        }
        let job = reader.job(&key, &node, around.open || !fact.unread.is_empty(), &mut budget);
        for problem in reader.problems(&node, &job, &fact, around) {
            fact.problems.push(problem);
        }
        fact.jobs.push(job);
    }
    fact
}

/// The text with its `spec` header blanked, where it has one: the header is a document of its own.
fn without_header(text: &str) -> Option<String> {
    if !text.trim_start_matches("---").trim_start().starts_with("spec:") {
        return None;
    }
    let begin = text.find("spec:")?;
    let end = text.get(begin..)?.find("\n---")? + begin + 4;
    let blank = |ch: char| if ch == '\n' { "\n".to_owned() } else { " ".repeat(ch.len_utf8()) };
    let head: String = text.get(..end)?.chars().map(blank).collect();
    Some(head + text.get(end..)?)
}

/// The entries of a job after inheritance: key, and the value that counts.
type Merged = BTreeMap<String, Rc<Node>>;

struct Reader<'a> {
    text: &'a str,
    /// Everything at the top level by name, since `extends` and `!reference` go there.
    top: BTreeMap<String, Rc<Node>>,
    default: Option<Rc<Node>>,
    inherited: Cell<usize>,
    /// The top level of the files around this one.
    foreign: &'a BTreeMap<String, Rc<Node>>,
    /// How many nodes of them were laid down, and at which places.
    moved: Cell<usize>,
    places: RefCell<BTreeSet<(usize, usize)>>,
}

impl<'a> Reader<'a> {
    fn new(root: &Node, text: &'a str, around: &'a Surroundings) -> Self {
        let top: BTreeMap<String, Rc<Node>> = root
            .entries()
            .into_iter()
            .filter_map(|(key, value)| Some((key.text()?.to_owned(), value)))
            .collect();
        let default = top.get("default").cloned();
        Self {
            text,
            top,
            default,
            inherited: Cell::new(0),
            foreign: &around.top,
            moved: Cell::new(0),
            places: RefCell::default(),
        }
    }

    /// What a name at the top level stands for, in this file or in those around it.
    fn find(&self, name: &str, place: Span) -> Option<Rc<Node>> {
        self.top.get(name).cloned().or_else(|| self.elsewhere(name, place))
    }

    /// What a name stands for in the files around this one, as if it stood at a place of this file.
    fn elsewhere(&self, name: &str, place: Span) -> Option<Rc<Node>> {
        let node = self.foreign.get(name)?;
        self.places.borrow_mut().insert((place.start, place.end));
        self.laid(node, place)
    }

    fn laid(&self, node: &Rc<Node>, place: Span) -> Option<Rc<Node>> {
        self.moved.set(self.moved.get() + 1);
        if self.moved.get() > MAX_MOVED {
            return None;
        }
        let kind = match &node.kind {
            Kind::Scalar { value, plain } => Kind::Scalar { value: value.clone(), plain: *plain },
            Kind::Seq(items) => {
                Kind::Seq(items.iter().map(|item| self.laid(item, place)).collect::<Option<_>>()?)
            }
            Kind::Map(_) => {
                let pair = |(key, value): &(Rc<Node>, Rc<Node>)| {
                    Some((self.laid(key, place)?, self.laid(value, place)?))
                };
                Kind::Map(node.entries().iter().map(pair).collect::<Option<_>>()?)
            }
        };
        Some(Rc::new(Node { span: place, kind, tag: node.tag.clone(), shared: true, flow: node.flow }))
    }

    fn job(&self, key: &Node, node: &Rc<Node>, includes: bool, budget: &mut usize) -> PipelineJob {
        let mut unresolved = false;
        let mut merged = Merged::new();
        let mut own_variables = Vec::new();
        self.inherit(node, 0, &mut merged, &mut own_variables, &mut unresolved);
        // A job of the same name in a file around this one is completed by this one.
        if let Some(other) =
            key.text().and_then(|name| self.elsewhere(name, key.span)).filter(|node| node.is_map())
        {
            self.inherit(&other, 0, &mut merged, &mut own_variables, &mut unresolved);
        }
        let foreign_default = self.default.is_none().then(|| self.elsewhere("default", key.span)).flatten();
        let inherit = |what: &str, name: &str| {
            let Some(rule) = merged.get("inherit").and_then(|node| node.get(what)) else { return true };
            match rule.text() {
                Some(text) => text != "false",
                None => rule.items().iter().any(|item| item.text() == Some(name)),
            }
        };
        let value = |name: &str| {
            merged.get(name).cloned().or_else(|| {
                let default = self.default.as_ref().or(foreign_default.as_ref());
                let own = default.and_then(|default| default.get(name));
                own.or_else(|| self.find(name, key.span)).filter(|_| inherit("default", name))
            })
        };
        let mut script = Vec::new();
        for name in ["before_script", "script", "after_script"] {
            let found = if name == "script" { merged.get(name).cloned() } else { value(name) };
            if let Some(node) = found {
                self.scripts(&node, 0, budget, &mut unresolved, &mut script);
            }
        }
        let inherited = merged.get("inherit").and_then(|node| node.get("variables")).and_then(|node| {
            let all = node.text().is_some_and(|text| text != "false");
            (!all).then(|| {
                texts(&node).into_iter().map(|name| name.value).filter(|_| node.text().is_none()).collect()
            })
        });
        let name = key.text().unwrap_or_default().to_owned();
        PipelineJob {
            hidden: name.starts_with('.'),
            name: Spanned { value: name, span: key.span },
            stage: merged.get("stage").and_then(|node| yaml_text(node)),
            image: value("image").and_then(|node| self.image(&node)),
            services: value("services").map(|node| self.services(&node)).unwrap_or_default(),
            variables: own_variables,
            inherited,
            script,
            conditions: self.conditions(&merged),
            extends: node.get("extends").map(|node| texts(&node)).unwrap_or_default(),
            unresolved: unresolved && includes,
        }
    }

    /// Lays a job over what it extends; variables are merged one by one, other keys as a whole.
    fn inherit(
        &self,
        node: &Rc<Node>,
        depth: usize,
        merged: &mut Merged,
        own: &mut Vec<PipelineVariable>,
        unresolved: &mut bool,
    ) {
        for (key, value) in node.entries() {
            let Some(name) = key.text() else { continue };
            let value = self.resolve(&value, 0, unresolved);
            if name == "variables" {
                for variable in value.as_deref().map(variables).unwrap_or_default() {
                    if !own.iter().any(|known| known.name.value == variable.name.value) {
                        own.push(variable);
                    }
                }
            } else if let Some(value) = value {
                merged.entry(name.to_owned()).or_insert(value);
            }
        }
        let parents = node.get("extends").map(|node| texts(&node)).unwrap_or_default();
        // The last parent wins, and what is nearer was laid down before.
        for parent in parents.iter().rev() {
            match self.find(&parent.value, parent.span) {
                Some(found) if depth < MAX_EXTENDS && self.inherited.get() < MAX_INHERITED => {
                    self.inherited.set(self.inherited.get() + 1);
                    self.inherit(&found, depth + 1, merged, own, unresolved);
                }
                _ => *unresolved = true,
            }
        }
    }

    /// What a `!reference [job, key, …]` names; every other node is itself.
    fn resolve(&self, node: &Rc<Node>, depth: usize, unresolved: &mut bool) -> Option<Rc<Node>> {
        if node.tag.as_deref() != Some("reference") {
            return Some(Rc::clone(node));
        }
        let mut path = node.items().iter().filter_map(|item| item.text());
        let mut found = path.next().and_then(|name| self.find(name, node.span));
        for name in path {
            found = found.and_then(|node| node.get(name));
        }
        match found {
            Some(found) if depth < MAX_REFERENCES => self.resolve(&found, depth + 1, unresolved),
            _ => {
                *unresolved = true;
                None
            }
        }
    }

    fn scripts(
        &self,
        node: &Rc<Node>,
        depth: usize,
        budget: &mut usize,
        unresolved: &mut bool,
        out: &mut Vec<PipelineScript>,
    ) {
        let Some(node) = self.resolve(node, 0, unresolved) else { return };
        if depth > MAX_REFERENCES || *budget == 0 {
            return;
        }
        if let Some(text) = node.text() {
            *budget = budget.saturating_sub(text.len() + 16);
            let brought = self.places.borrow().contains(&(node.span.start, node.span.end));
            let map = if brought { OffsetMap::whole(node.span) } else { align(text, self.text, node.span) };
            out.push(PipelineScript { text: text.to_owned(), span: node.span, map });
        }
        for item in node.items() {
            self.scripts(item, depth + 1, budget, unresolved, out);
        }
    }

    fn image(&self, node: &Rc<Node>) -> Option<PipelineImage> {
        let node = self.resolve(node, 0, &mut false)?;
        let name = if node.is_map() { node.get("name")? } else { Rc::clone(&node) };
        Some(PipelineImage {
            name: yaml_text(&name)?,
            alias: node.get("alias").and_then(|node| node.text().map(str::to_owned)),
            variables: node.get("variables").map(|node| variables(&node)).unwrap_or_default(),
        })
    }

    fn services(&self, node: &Rc<Node>) -> Vec<PipelineImage> {
        let Some(node) = self.resolve(node, 0, &mut false) else { return Vec::new() };
        node.items().iter().filter_map(|item| self.image(item)).collect()
    }

    fn rules(&self, node: &Rc<Node>) -> Vec<PipelineRule> {
        let mut out = Vec::new();
        self.rules_below(node, 0, &mut out);
        out
    }

    fn rules_below(&self, node: &Rc<Node>, depth: usize, out: &mut Vec<PipelineRule>) {
        let Some(node) = self.resolve(node, 0, &mut false) else { return };
        if node.is_map() {
            out.push(PipelineRule {
                condition: node.get("if").and_then(|node| yaml_text(&node)),
                when: node.get("when").and_then(|node| node.text().map(str::to_owned)),
                narrowed: node.get("changes").is_some() || node.get("exists").is_some(),
            });
        } else if depth < MAX_REFERENCES {
            for item in node.items() {
                self.rules_below(item, depth + 1, out);
            }
        }
    }

    fn conditions(&self, merged: &Merged) -> PipelineConditions {
        let refs = |name: &str| {
            let Some(node) = merged.get(name) else { return (Vec::new(), false) };
            if node.is_map() {
                let more = node.entries().iter().any(|(key, _)| key.text() != Some("refs"));
                (node.get("refs").map(|node| texts(&node)).unwrap_or_default(), more)
            } else {
                (texts(node), false)
            }
        };
        let (only, only_more) = refs("only");
        PipelineConditions {
            rules: merged.get("rules").map(|node| self.rules(node)),
            only,
            only_more,
            except: refs("except").0,
            when: merged.get("when").and_then(|node| node.text().map(str::to_owned)),
        }
    }

    /// What GitLab refuses in a job.
    fn problems(
        &self,
        node: &Node,
        job: &PipelineJob,
        fact: &PipelineFact,
        around: &Surroundings,
    ) -> Vec<SyntaxProblem> {
        let mut out = Vec::new();
        let mut note = |span: Span, message: String| {
            out.push(SyntaxProblem { span, message, fatal: true });
        };
        let complete = fact.unread.is_empty() && !around.open;
        let known = |name: &String| self.top.contains_key(name) || self.foreign.contains_key(name);
        for parent in job.extends.iter().filter(|parent| complete && !known(&parent.value)) {
            let here = if fact.includes.is_empty() { "here" } else { "here or in what is included" };
            note(parent.span, format!("`extends` names `{}`, which is no job {here}", parent.value));
        }
        if job.hidden || !complete || job.unresolved {
            return out;
        }
        let runs = ["script", "run", "trigger", "extends"].iter().any(|key| node.get(key).is_some());
        if !runs && job.script.is_empty() {
            note(job.name.span, format!("the job `{}` has neither `script` nor `trigger`", job.name.value));
        }
        if let Some(stage) = &job.stage {
            let fixed = matches!(stage.value.as_str(), ".pre" | ".post");
            let known = if fact.stages.is_empty() {
                matches!(stage.value.as_str(), "build" | "test" | "deploy")
            } else {
                fact.stages.iter().any(|known| known.value == stage.value)
            };
            // A part of a pipeline may leave the stages to the file that includes it.
            let root = fact.file.path.rsplit('/').next() == Some(".gitlab-ci.yml");
            if root && !fixed && !known && !stage.value.contains('$') {
                note(stage.span, format!("the stage `{}` is not among `stages`", stage.value));
            }
        }
        out
    }
}

/// Where each byte of a scalar stands in the file: its text without quotes, escapes, indentation and folding.
fn align(text: &str, source: &str, span: Span) -> OffsetMap {
    let raw = source.get(span.start..span.end).unwrap_or_default();
    let mut start = 0;
    if raw.starts_with(['|', '>']) {
        start = raw.find('\n').map_or(raw.len(), |at| at + 1);
    } else if raw.starts_with(['"', '\'']) {
        start = 1;
    }
    let mut map = OffsetMap::contiguous(span.start + start);
    let mut at = start;
    for (offset, ch) in text.char_indices() {
        let found = raw.get(at..).and_then(|rest| {
            rest.char_indices()
                .find(|(_, next)| *next == ch || (ch == ' ' && *next == '\n'))
                .map(|(skip, next)| (at + skip, next.len_utf8()))
        });
        let Some((place, width)) = found else { break };
        map.push(offset, span.start + place);
        at = place + width;
    }
    map
}

fn yaml_text(node: &Node) -> Option<Spanned<String>> {
    node.text()
        .filter(|text| !text.is_empty())
        .map(|text| Spanned { value: text.to_owned(), span: node.span })
}

/// A text, or the texts of a list.
fn texts(node: &Node) -> Vec<Spanned<String>> {
    match &node.kind {
        Kind::Seq(items) => items.iter().filter_map(|item| yaml_text(item)).collect(),
        _ => yaml_text(node).into_iter().collect(),
    }
}

fn variables(node: &Node) -> Vec<PipelineVariable> {
    let read = |(key, value): (Rc<Node>, Rc<Node>)| {
        let value = if value.is_map() { value.get("value") } else { Some(value) };
        let value = value
            .and_then(|node| node.text().map(|text| Spanned { value: text.to_owned(), span: node.span }));
        Some(PipelineVariable { name: yaml_text(&key)?, value })
    };
    node.entries().into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(text: &str) -> PipelineFact {
        read(TextFile::new(".gitlab-ci.yml", text.to_owned()), &Surroundings::default())
    }

    fn lines(job: &PipelineJob) -> Vec<&str> {
        job.script.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn jobs_inherit_from_default_templates_anchors_and_references() {
        let text = "\
default:
  image: alpine:3.20
  before_script: [echo default]
variables: {A: global, B: global}
.setup: &setup
  variables: {B: template}
  services: [docker:27-dind]
.lines:
  script:
    - echo one
    - echo two
build:
  extends: .setup
  variables: {C: own}
  before_script: []
  script:
    - !reference [.lines, script]
    - docker build .
test:
  <<: *setup
  inherit: {default: false, variables: [A]}
  script: make
";
        let fact = fact(text);
        assert_eq!(fact.problems, []);
        let job = |name: &str| fact.jobs.iter().find(|job| job.name.value == name).unwrap();
        let build = job("build");
        assert_eq!(lines(build), ["echo one", "echo two", "docker build ."]);
        assert_eq!(build.image.as_ref().unwrap().name.value, "alpine:3.20");
        assert_eq!(build.services[0].name.value, "docker:27-dind");
        let value = |job: &PipelineJob, name: &str| {
            fact.variable(job, name).map(|known| known.value.as_ref().unwrap().value.clone())
        };
        for (name, want) in [("C", "own"), ("B", "template"), ("A", "global")] {
            assert_eq!(value(build, name).as_deref(), Some(want));
        }
        let test = job("test");
        assert_eq!((lines(test), test.image.is_none()), (vec!["make"], true));
        assert_eq!(value(test, "A").as_deref(), Some("global"));
        assert_eq!(value(test, "B").as_deref(), Some("template"));
        assert!(job(".setup").hidden);
    }

    #[test]
    fn words_of_every_kind_of_scalar_are_found_in_the_file() {
        let text = "a:\n  script:\n    - docker push x\n    - 'docker push y'\n    - |\n      set -e\n      docker push z\n    - >-\n      docker\n      push w\n    - \"docker push \\\"q\\\"\"\n";
        let fact = fact(text);
        for (line, word) in fact.jobs[0].script.iter().zip(["x", "y", "z", "w", "q"]) {
            let at = line.text.rfind(word).unwrap();
            assert_eq!(line.map.span(at, at + 1).of(text), word, "{:?}", line.text);
            let at = line.text.find("push").unwrap();
            assert_eq!(line.map.span(at, at + 4).of(text), "push", "{:?}", line.text);
        }
    }

    #[test]
    fn what_gitlab_refuses_is_a_problem_and_what_is_included_is_not_judged() {
        let messages = |text: &str| -> Vec<String> {
            fact(text).problems.into_iter().map(|problem| problem.message).collect()
        };
        assert_eq!(
            messages("stages: [a]\nj:\n  stage: b\n  extends: .x\n  script: [x]\n"),
            ["`extends` names `.x`, which is no job here", "the stage `b` is not among `stages`"]
        );
        assert_eq!(messages("j:\n  tags: [x]\n"), ["the job `j` has neither `script` nor `trigger`"]);
        let included = fact("include: [{local: a.yml}]\nj:\n  extends: .x\n");
        assert_eq!(included.problems, []);
        assert!(included.jobs[0].unresolved);
        assert_eq!(included.includes[0].value, "a.yml");
    }

    #[test]
    fn local_files_are_read_and_what_they_bring_stands_where_it_is_asked_for() {
        let root = "include:\n  - local: /ci/base.yml\n  - template: Auto-DevOps.gitlab-ci.yml\nbuild:\n  extends: .docker\n  variables: {A: own}\n  script:\n    - !reference [.push, script]\n";
        let base = "include: ci/more.yml\n.docker:\n  image: docker:27\n  services: [docker:27-dind]\n  before_script: [docker login -p x]\n  variables: {A: base, B: base}\ndefault:\n  image: alpine:3\nother:\n  script: x\n";
        let more = "variables: {TOP: more}\n.push:\n  script: [docker push x]\n";
        let facts =
            crate::from_files(&[(".gitlab-ci.yml", root), ("ci/base.yml", base), ("ci/more.yml", more)]);
        let paths: Vec<&str> = facts.pipelines.iter().map(|one| one.file.path.as_str()).collect();
        assert_eq!(paths, [".gitlab-ci.yml", "ci/base.yml", "ci/more.yml"]);
        let fact = &facts.pipelines[0];
        assert_eq!(fact.problems, []);
        let build = &fact.jobs[0];
        assert_eq!(lines(build), ["docker login -p x", "docker push x"]);
        assert_eq!(build.script[0].map.span(0, 6).of(root), ".docker");
        assert_eq!(build.script[1].map.span(7, 11).of(root), "!reference [.push, script");
        assert_eq!(build.image.as_ref().map(|image| image.name.value.as_str()), Some("docker:27"));
        let value =
            |name: &str| fact.variable(build, name).and_then(|one| Some(one.value.as_ref()?.value.as_str()));
        assert_eq!((value("A"), value("B"), value("TOP")), (Some("own"), Some("base"), Some("more")));
        let unread: Vec<&str> = fact.unread.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(unread, ["Auto-DevOps.gitlab-ci.yml"]);
        assert!(!build.unresolved);
        // A part sees what the others give, and its own jobs stand in it.
        assert_eq!(facts.pipelines[1].jobs[1].name.value, "other");
        assert_eq!(facts.pipelines[1].problems, []);
        // With everything read, a name that nothing has is told.
        let facts = crate::from_files(&[
            (".gitlab-ci.yml", "include: /a.yml\nj: {extends: .x}\n"),
            ("a.yml", "k: {script: x}\n"),
        ]);
        assert_eq!(
            facts.pipelines[0].problems[0].message,
            "`extends` names `.x`, which is no job here or in what is included"
        );
        let facts = crate::from_files(&[(".gitlab-ci.yml", "include: /gone.yml\nj: {script: x}\n")]);
        assert_eq!(
            facts.pipelines[0].problems[0].message,
            "`include` names `/gone.yml`, which does not exist"
        );
        // Files that include each other end.
        let ring =
            [(".gitlab-ci.yml", "include: /a.yml\nj: {script: x}\n"), ("a.yml", "include: .gitlab-ci.yml\n")];
        assert_eq!(crate::from_files(&ring).pipelines.len(), 2);
    }

    #[test]
    fn a_header_of_inputs_is_passed_over_and_nothing_panics() {
        let text = "spec:\n  inputs:\n    a:\n---\nj:\n  script: echo é\n";
        let fact_ = fact(text);
        assert_eq!(fact_.jobs[0].name.span.of(text), "j");
        for text in
            ["", "[]", "a: 1", "j: {script: {a: b}}", "j: {extends: j, script: !reference [j, script]}"]
        {
            let _ = fact(text);
        }
        let mut deep = String::from("j0:\n  script: x\n");
        for at in 1..30 {
            let parent = format!("j{}", at - 1);
            deep = [deep, format!("j{at}:\n  extends: [{}]\n", vec![parent; 40].join(", "))].concat();
        }
        let _ = fact(&deep);
    }
}
