//! From YAML to the typed tree: what workflow and action have in common.

use crate::model::{
    Concurrency, Condition, Defaults, Entry, Env, Grant, Grants, Permissions, Problem, ProblemKind, Workflow,
};
use crate::node::{self, Kind, Node};
use crate::text::{Style, Text};
use crate::{Action, action, job, trigger};
use seaworthy_finding::{Span, did_you_mean};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nodes are looked at this often at most, aliases counted each time they are followed.
const BUDGET: usize = 2_000_000;

const TOP: [&str; 8] = ["name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"];

/// Reads a workflow.
pub fn read(source: &str) -> (Workflow, Vec<Problem>) {
    let (root, problems) = node::parse(source);
    let mut reader = Reader { source, problems, budget: BUDGET };
    let mut workflow = Workflow { root: root.clone(), ..Workflow::default() };
    let Some(root) = root.filter(|root| !root.is_null()) else {
        if reader.problems.is_empty() {
            reader.problem(ProblemKind::MissingKey, Span::new(0, 0), "the workflow is empty".to_owned());
        }
        return (workflow, reader.problems);
    };
    let broken = !reader.problems.is_empty();
    for entry in reader.mapping(&root, "the workflow", Some(&TOP)) {
        let Entry { key, value } = &entry;
        match key.as_str() {
            "name" => workflow.name = reader.text(&entry),
            "run-name" => workflow.run_name = reader.text(&entry),
            "on" => {
                workflow.on = Some(key.span);
                workflow.triggers = trigger::read(&mut reader, value);
            }
            "permissions" => workflow.permissions = Some(reader.permissions(&entry)),
            "env" => workflow.env = reader.env(&entry),
            "defaults" => workflow.defaults = reader.defaults(&entry),
            "concurrency" => workflow.concurrency = reader.concurrency(&entry),
            "jobs" => {
                workflow.jobs_key = Some(key.span);
                workflow.jobs = job::read(&mut reader, value);
            }
            _ => {}
        }
    }
    let start = Span::new(root.span.start, root.span.start);
    if root.is_map() && !broken {
        if workflow.on.is_none() {
            reader.missing(start, "the workflow has no `on`, so nothing starts it");
        }
        if workflow.jobs_key.is_none() {
            reader.missing(start, "the workflow has no `jobs`");
        }
    }
    (workflow, reader.problems)
}

/// Reads an `action.yml`.
pub fn read_action(source: &str) -> (Action, Vec<Problem>) {
    let (root, problems) = node::parse(source);
    let mut reader = Reader { source, problems, budget: BUDGET };
    let action = root.map(|root| action::read(&mut reader, &root)).unwrap_or_default();
    (action, reader.problems)
}

pub(crate) struct Reader<'a> {
    pub(crate) source: &'a str,
    pub(crate) problems: Vec<Problem>,
    budget: usize,
}

impl Reader<'_> {
    pub(crate) fn problem(&mut self, kind: ProblemKind, span: Span, message: String) {
        self.problems.push(Problem { kind, span, message, near: None });
    }

    pub(crate) fn missing(&mut self, span: Span, message: &str) {
        self.problem(ProblemKind::MissingKey, span, message.to_owned());
    }

    pub(crate) fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        let message = format!("{what} is {}, but must be {wanted}", node.what());
        let span = Span::new(node.span.start, node.span.end);
        self.problem(ProblemKind::WrongKind, span, message);
    }

    /// The entries of a mapping whose keys are known. Of keys that differ in case only, `None` for `known` means that
    /// they are names of the user's, where the first one counts and the others are problems.
    pub(crate) fn mapping(&mut self, node: &Arc<Node>, what: &str, known: Option<&[&str]>) -> Vec<Entry> {
        let entries = node.entries();
        if !node.is_map() && !node.is_null() {
            self.wrong(node, what, "a mapping");
        }
        if self.budget < entries.len() + 1 {
            self.budget = 0;
            return Vec::new();
        }
        self.budget -= entries.len() + 1;
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for (key, value) in entries {
            let Some(text) = key.text() else {
                self.wrong(key, &format!("a key of {what}"), "a text");
                continue;
            };
            // YAML 1.1 reads an unquoted `on` as a boolean; the platform does not.
            let name = text.as_str();
            if let Some(known) = known {
                if !known.contains(&name) && name != "<<" {
                    let near = did_you_mean(name, known.iter().copied()).map(str::to_owned);
                    let help = near.as_ref().map_or_else(
                        || format!("known are {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("`{name}` is no key of {what}; {help}");
                    self.problems.push(Problem {
                        kind: ProblemKind::UnknownKey,
                        span: key.span,
                        message,
                        near,
                    });
                    continue;
                }
            } else if !seen.insert(name.to_lowercase()) {
                let message = format!("`{name}` stands twice in {what}, whose keys do not care for case");
                self.problem(ProblemKind::DuplicateKey, key.span, message);
                continue;
            }
            out.push(Entry { key: text.clone(), value: Arc::clone(value) });
        }
        out
    }

    /// A scalar that is not null.
    pub(crate) fn text(&mut self, entry: &Entry) -> Option<Text> {
        match entry.value.text() {
            Some(text) if !text.is_null() => Some(text.clone()),
            Some(_) => {
                let message = format!("`{}` has no value", entry.key.value);
                self.problem(ProblemKind::WrongKind, entry.key.span, message);
                None
            }
            None => {
                self.wrong(&entry.value, &format!("`{}`", entry.key.value), "a text");
                None
            }
        }
    }

    /// A scalar or a list of scalars.
    pub(crate) fn texts(&mut self, entry: &Entry) -> Vec<Text> {
        let what = format!("`{}`", entry.key.value);
        self.texts_of(&entry.value, &what)
    }

    pub(crate) fn texts_of(&mut self, node: &Arc<Node>, what: &str) -> Vec<Text> {
        self.budget = self.budget.saturating_sub(node.items().len());
        match &node.kind {
            Kind::Scalar(text) if !text.is_null() => vec![text.clone()],
            Kind::Seq(items) if self.budget > 0 => {
                let mut out = Vec::new();
                for item in items {
                    match item.text() {
                        Some(text) => out.push(text.clone()),
                        None => self.wrong(item, &format!("an item of {what}"), "a text"),
                    }
                }
                out
            }
            Kind::Seq(_) => Vec::new(),
            _ => {
                self.wrong(node, what, "a text or a list of texts");
                Vec::new()
            }
        }
    }

    pub(crate) fn env(&mut self, entry: &Entry) -> Env {
        let mut env = Env { key: Some(entry.key.span), ..Env::default() };
        match entry.value.text() {
            Some(text) if text.has_expression() => env.expression = Some(text.clone()),
            _ => {
                env.vars = self.mapping(&entry.value, "`env`", None);
                let bad: Vec<Entry> =
                    env.vars.iter().filter(|known| known.value.text().is_none()).cloned().collect();
                for known in bad {
                    self.wrong(&known.value, &format!("the variable `{}`", known.key.value), "a text");
                }
            }
        }
        env
    }

    pub(crate) fn defaults(&mut self, entry: &Entry) -> Defaults {
        let mut out = Defaults::default();
        for entry in self.mapping(&entry.value, "`defaults`", Some(&["run"])) {
            for entry in self.mapping(&entry.value, "`defaults.run`", Some(&["shell", "working-directory"])) {
                let text = self.text(&entry);
                if entry.key.value == "shell" {
                    out.shell = text;
                } else {
                    out.working_directory = text;
                }
            }
        }
        out
    }

    pub(crate) fn concurrency(&mut self, entry: &Entry) -> Option<Concurrency> {
        let mut out = Concurrency { key: entry.key.span, group: None, cancel: None };
        if !entry.value.is_map() {
            out.group = self.text(entry);
            return out.group.is_some().then_some(out);
        }
        let keys = ["group", "cancel-in-progress", "queue"];
        for entry in self.mapping(&entry.value, "`concurrency`", Some(&keys)) {
            let text = self.text(&entry);
            match entry.key.as_str() {
                "group" => out.group = text,
                "cancel-in-progress" => out.cancel = text,
                _ => {}
            }
        }
        if out.group.is_none() {
            self.missing(entry.key.span, "`concurrency` has no `group`");
        }
        Some(out)
    }

    pub(crate) fn permissions(&mut self, entry: &Entry) -> Permissions {
        let grants = match &entry.value.kind {
            Kind::Scalar(text) => match text.as_str() {
                "read-all" => Grants::ReadAll,
                "write-all" => Grants::WriteAll,
                _ => Grants::Other(text.clone()),
            },
            Kind::Seq(_) => {
                self.wrong(&entry.value, "`permissions`", "a text or a mapping");
                Grants::Other(entry.key.clone())
            }
            Kind::Map(_) => {
                let mut scopes = Vec::new();
                for entry in self.mapping(&entry.value, "`permissions`", None) {
                    let empty = || Text {
                        value: String::new(),
                        span: entry.value.span,
                        style: Style::Plain,
                        interpolations: Vec::new(),
                    };
                    let access = entry.value.text().cloned().unwrap_or_else(empty);
                    scopes.push(Grant { scope: entry.key, access });
                }
                Grants::Scopes(scopes)
            }
        };
        Permissions { key: entry.key.span, span: entry.value.span, grants }
    }

    pub(crate) fn condition(&mut self, entry: &Entry) -> Option<Condition> {
        let text = self.text(entry)?;
        let expr = if text.is_expression() {
            text.interpolations.first().map(|part| part.expr.clone())
        } else if text.has_expression() {
            None
        } else {
            Some(text.bare(self.source))
        };
        Some(Condition { text, expr })
    }

    /// Entries of a mapping of the user's names to scalars.
    pub(crate) fn named(&mut self, entry: &Entry) -> Vec<Entry> {
        let what = format!("`{}`", entry.key.value);
        self.mapping(&entry.value, &what, None)
    }
}
