//! The steps of workflows and composite actions, with what surrounds them.

use crate::Cx;
use seaworthy_facts::TextFile;
use seaworthy_finding::Span;
use seaworthy_workflow::{Action, Job, Node, Step, Text, Uses, Workflow};

/// The steps of a job or of a composite action.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    /// The file.
    pub(crate) file: &'a TextFile,
    /// The workflow, for a job.
    pub(crate) workflow: Option<&'a Workflow>,
    /// The job.
    pub(crate) job: Option<&'a Job>,
    /// The action, for a composite one.
    pub(crate) action: Option<&'a Action>,
    /// The steps in order.
    pub(crate) steps: &'a [Step],
    /// Whether the file may have aliases, so that a step may stand elsewhere.
    aliased: bool,
}

/// Steps of a group are compared with each other up to this number.
const MOST_COMPARED: usize = 1000;

/// Every job with steps, and every composite action.
pub(crate) fn groups<'a>(cx: &Cx<'a>) -> impl Iterator<Item = Group<'a>> {
    let jobs = cx.workflows().iter().flat_map(|fact| {
        let aliased = has_anchor(&fact.file);
        fact.workflow.jobs.iter().map(move |job| Group {
            aliased,
            file: &fact.file,
            workflow: Some(&fact.workflow),
            job: Some(job),
            action: None,
            steps: &job.steps,
        })
    });
    let actions = cx.actions().iter().map(|fact| Group {
        aliased: has_anchor(&fact.file),
        file: &fact.file,
        workflow: None,
        job: None,
        action: Some(&fact.action),
        steps: &fact.action.steps,
    });
    jobs.chain(actions)
}

/// Whether an anchor stands in the file, or what looks like one.
fn has_anchor(file: &TextFile) -> bool {
    file.text.contains(" &") && file.text.contains(" *")
}

impl<'a> Group<'a> {
    /// `the job `x``, or `the action`.
    pub(crate) fn name(&self) -> String {
        self.job.map_or_else(|| "the action".to_owned(), |job| format!("the job `{}`", job.id.value))
    }

    /// Where a step stands: for an alias the alias itself, since the step it names may be fine where it stands.
    pub(crate) fn place(&self, step: &Step) -> Span {
        let first = first_key(step);
        if !self.aliased {
            return first;
        }
        let Some(list) = self.list() else { return first };
        if list.span.contains(step.span.start) && !self.repeated(step) {
            return first;
        }
        let anchor = anchor_of(&self.file.text, step.span.start);
        let within = Span::new(list.span.start, self.end());
        anchor.and_then(|name| alias(&self.file.text, within, name)).unwrap_or(first)
    }

    /// Where the next job begins, since the span of a list ends with the last item that stands in it itself.
    fn end(&self) -> usize {
        let Some((workflow, job)) = self.workflow.zip(self.job) else { return self.file.text.len() };
        let later = workflow.jobs.iter().map(|other| other.id.span.start);
        later.filter(|start| *start > job.id.span.start).min().unwrap_or(self.file.text.len())
    }

    /// Whether the step stands here itself, so that an edit of it changes this group.
    pub(crate) fn owns(&self, step: &Step) -> bool {
        let here = || self.list().is_some_and(|list| list.span.contains(step.span.start));
        !self.aliased || (here() && !self.repeated(step))
    }

    /// Whether an earlier step of the group is the same one.
    fn repeated(&self, step: &Step) -> bool {
        let earlier = self.steps.iter().take(MOST_COMPARED).take_while(|other| !std::ptr::eq(*other, step));
        earlier.filter(|other| other.span == step.span).count() > 0
    }

    fn list(&self) -> Option<&'a Node> {
        match (self.job, self.action) {
            (Some(job), _) => job.node.get("steps").map(AsRef::as_ref),
            (_, Some(action)) => action.root.as_ref()?.get("runs")?.get("steps").map(AsRef::as_ref),
            _ => None,
        }
    }

    /// The shell of a `run`, without its directory and arguments; nothing where it is computed.
    pub(crate) fn shell(&self, step: &'a Step) -> Option<&'a str> {
        let job = self.job.and_then(|job| job.defaults.shell.as_ref());
        let workflow = self.workflow.and_then(|workflow| workflow.defaults.shell.as_ref());
        let text = match step.shell.as_ref().or(job).or(workflow) {
            Some(text) if text.has_expression() => return None,
            Some(text) => text.as_str(),
            None => return self.default_shell(),
        };
        let path = text.split_whitespace().next().unwrap_or(text);
        Some(path.rsplit(['/', '\\']).next().unwrap_or(path))
    }

    fn default_shell(&self) -> Option<&'a str> {
        let labels = self.job.and_then(|job| job.runs_on.as_ref()).map(|runs_on| &runs_on.labels)?;
        labels.iter().find_map(|label| {
            let name = label.value.to_ascii_lowercase();
            if label.has_expression() {
                None
            } else if name.starts_with("windows") {
                Some("pwsh")
            } else if ["ubuntu", "macos", "linux"].iter().any(|system| name.starts_with(system)) {
                Some("bash")
            } else {
                None
            }
        })
    }
}

/// Whether a workflow listens to an event.
pub(crate) fn listens(workflow: &Workflow, event: &str) -> bool {
    workflow.triggers.iter().any(|trigger| trigger.name.value == event)
}

/// Every `uses` of steps and of jobs that call workflows.
pub(crate) fn all_uses<'a>(cx: &Cx<'a>) -> Vec<(&'a TextFile, &'a Uses)> {
    let mut out = Vec::new();
    for group in groups(cx) {
        out.extend(group.steps.iter().filter_map(|step| step.uses.as_ref()).map(|uses| (group.file, uses)));
        out.extend(group.job.and_then(|job| job.uses.as_ref()).map(|uses| (group.file, uses)));
    }
    out
}

/// The value of an input as an action sees it: booleans of YAML in lower case.
pub(crate) fn input_value<'a>(step: &'a Step, name: &str) -> &'a str {
    let Some(entry) = step.input(name) else { return "" };
    match entry.text().and_then(Text::as_bool) {
        Some(true) => "true",
        Some(false) => "false",
        None => entry.as_str(),
    }
}

/// Whether a text is one expression and nothing else.
pub(crate) fn whole_expression(text: &str) -> bool {
    text.starts_with("${{") && text.ends_with("}}")
}

/// Where what a `uses` says stands, without the blanks and the header of a block.
pub(crate) fn uses_place(file: &TextFile, uses: &Uses) -> Span {
    let value = uses.text.as_str();
    let start = value.len() - value.trim_start().len();
    if value.trim().len() == value.len() && !uses.text.span.of(&file.text).starts_with(['|', '>']) {
        return uses.text.span;
    }
    uses.text.locate(&file.text, &(start..start + value.trim().len()))
}

/// The comment behind a place on its line.
pub(crate) fn comment_after(file: &TextFile, place: Span) -> Option<&str> {
    let rest = file.text.get(place.end..)?.lines().next()?;
    let rest = rest.trim_start_matches(['"', '\'']);
    let at = rest.find('#').filter(|at| rest[..*at].trim().is_empty())?;
    Some(rest[at + 1..].trim())
}

/// The first key of a step.
fn first_key(step: &Step) -> Span {
    step.node.entries().first().map_or(step.span, |(key, _)| key.span)
}

/// The name of the anchor a node begins with, or that stands right before it.
fn anchor_of(text: &str, at: usize) -> Option<&str> {
    let (before, rest) = (text.get(..at)?, text.get(at..)?);
    let start = match rest.strip_prefix('&') {
        Some(_) => at,
        None => before.trim_end().rfind(char::is_whitespace)? + 1,
    };
    let word = text.get(start..)?.split(char::is_whitespace).next()?;
    word.strip_prefix('&')
}

/// The first place in a span where the anchor is named.
fn alias(text: &str, within: Span, name: &str) -> Option<Span> {
    let part = text.get(within.start..within.end)?;
    let word = format!("*{name}");
    let at = part.match_indices(&word).find(|(at, _)| {
        let next = part[at + word.len()..].chars().next();
        next.is_none_or(|next| next.is_whitespace() || matches!(next, ',' | ']' | '}'))
    })?;
    Some(Span::new(within.start + at.0, within.start + at.0 + word.len()))
}

/// The column of a place, counted in bytes from 0, and whether only blanks and list dashes stand before it.
pub(crate) fn indent(text: &str, at: usize) -> Option<usize> {
    let line = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let before = &text[line..at];
    before.bytes().all(|byte| matches!(byte, b' ' | b'-')).then_some(before.len())
}

/// A text of a step that something runs: its `run`, or an input that an action takes as code.
pub(crate) struct Script<'a> {
    /// The text.
    pub(crate) text: &'a Text,
    /// The input, for an action.
    pub(crate) input: Option<&'static str>,
}

/// Inputs that actions run as code, as CodeQL's models and zizmor name them.
const SINKS: &[(&str, &[&str])] = &[
    ("8398a7/action-slack", &["custom_payload"]),
    ("actions/github-script", &["script"]),
    ("addnab/docker-run-action", &["options", "run"]),
    ("amadevus/pwsh-script", &["script"]),
    ("appleboy/ssh-action", &["script"]),
    ("azure/cli", &["inlineScript"]),
    ("azure/powershell", &["inlineScript"]),
    ("cardinalby/js-eval-action", &["expression"]),
    ("devorbitus/yq-action-output", &["cmd"]),
    ("gautamkrishnar/blog-post-workflow", &["item_exec"]),
    (
        "imjohnbo/issue-bot",
        &["body", "linked-comments-previous-issue-text", "linked-comments-new-issue-text"],
    ),
    ("jannekem/run-python-script-action", &["script"]),
    ("lucasbento/auto-close-issues", &["issue-close-message"]),
    ("mikefarah/yq", &["cmd"]),
    ("roots/issue-closer-action", &["issue-close-message", "pr-close-message"]),
    ("sergeysova/jq-action", &["cmd"]),
    ("skitionek/notify-microsoft-teams", &["overwrite"]),
    ("tibdex/backport", &["body_template", "head_template", "labels_template", "title_template"]),
];

/// What of a step is run.
pub(crate) fn scripts(step: &Step) -> Vec<Script<'_>> {
    let mut out: Vec<Script<'_>> = Vec::new();
    if let Some(run) = &step.run {
        out.push(Script { text: run, input: None });
    }
    let action = step.uses.as_ref().and_then(Uses::action);
    let inputs = action.and_then(|action| SINKS.iter().find(|(name, _)| *name == action));
    for input in inputs.map_or(&[][..], |(_, inputs)| inputs) {
        if let Some(text) = step.input(input).and_then(|entry| entry.text()) {
            out.push(Script { text, input: Some(input) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_where_it_is_written() {
        let text = "jobs:\n  a:\n    steps:\n      - &checkout\n        uses: a/b@v1\n      - *checkout\n  b:\n    steps:\n      - *checkout\n";
        let (workflow, _) = seaworthy_workflow::read(text);
        let file = TextFile::new("w.yml", text.to_owned());
        let places: Vec<&str> = workflow
            .jobs
            .iter()
            .flat_map(|job| {
                let group = Group {
                    aliased: true,
                    file: &file,
                    workflow: Some(&workflow),
                    job: Some(job),
                    action: None,
                    steps: &job.steps,
                };
                job.steps.iter().map(move |step| group.place(step).of(text)).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(places, ["uses", "*checkout", "*checkout"]);
    }
}
