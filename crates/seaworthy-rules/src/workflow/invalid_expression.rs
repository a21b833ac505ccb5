//! Reports expressions that do not read, or that name what does not exist where they stand.

use super::contexts::{self, Place};
use crate::{Cx, Sink};
use seaworthy_facts::{ProjectFacts, TextFile, WorkflowFact};
use seaworthy_finding::{Span, did_you_mean};
use seaworthy_workflow::expr::{Expr, ExprError, ExprKind, Reference};
use seaworthy_workflow::{Condition, Entry, Env, Job, Matrix, Step, Target, Text};
use std::collections::{BTreeMap, BTreeSet};

declare_rule! {
    name: "invalid-expression",
    summary: "an expression does not read, or names what does not exist",
    passes: "every expression reads and names what exists",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["actionlint/expression"],
    refs: ["GitHub documentation, expressions and contexts"],
}

/// Findings in one file.
const MOST: usize = 200;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for fact in cx.workflows() {
        let jobs = fact.workflow.jobs.iter().map(|job| (job.id.value.to_lowercase(), job)).collect();
        let mut judge = Judge {
            project,
            fact,
            file: &fact.file,
            jobs,
            known: Known::default(),
            seen: BTreeSet::new(),
            out,
        };
        judge.workflow();
    }
}

struct Judge<'a, 's> {
    project: &'a ProjectFacts,
    fact: &'a WorkflowFact,
    file: &'a TextFile,
    /// By their ids in lower case.
    jobs: BTreeMap<String, &'a Job>,
    /// Of the job in question.
    known: Known<'a>,
    /// Aliases bring the same place more than once.
    seen: BTreeSet<(usize, usize)>,
    out: &'s mut Sink,
}

/// What a job has, in lower case.
#[derive(Default)]
struct Known<'a> {
    /// The first step of each id.
    steps: BTreeMap<String, usize>,
    /// Whether an expression makes an id.
    open_steps: bool,
    needs: BTreeSet<String>,
    /// Whether an expression names a needed job.
    open_needs: bool,
    /// Nothing where an expression decides what the matrix has.
    matrix: Option<Vec<&'a str>>,
}

impl<'a> Known<'a> {
    fn new(job: &'a Job) -> Self {
        let mut known = Self::default();
        for (at, step) in job.steps.iter().enumerate() {
            if let Some(id) = &step.id {
                known.open_steps |= id.has_expression();
                known.steps.entry(id.value.to_lowercase()).or_insert(at);
            }
        }
        known.needs = job.needs.iter().map(|need| need.value.to_lowercase()).collect();
        known.open_needs = job.needs.iter().any(Text::has_expression);
        known.matrix = job.strategy.as_ref().and_then(|strategy| strategy.matrix.as_ref()).and_then(rows);
        known
    }
}

/// What can be named at a place.
#[derive(Clone, Copy)]
struct Names<'a> {
    place: Place,
    job: Option<&'a Job>,
    /// How many steps have run.
    before: usize,
}

impl<'a> Judge<'a, '_> {
    fn workflow(&mut self) {
        let workflow = &self.fact.workflow;
        let top = |place| Names { place, job: None, before: 0 };
        self.texts(workflow.run_name.as_ref(), top(Place::RunName));
        self.env(&workflow.env, top(Place::TopEnv));
        if let Some(concurrency) = &workflow.concurrency {
            self.texts(concurrency.group.iter().chain(&concurrency.cancel), top(Place::TopConcurrency));
        }
        for job in &workflow.jobs {
            self.job(job);
        }
    }

    fn job(&mut self, job: &'a Job) {
        self.known = Known::new(job);
        let at = |place| Names { place, job: Some(job), before: 0 };
        self.texts(&job.name, at(Place::JobName));
        self.condition(job.condition.as_ref(), at(Place::JobIf));
        if let Some(runs_on) = &job.runs_on {
            self.texts(runs_on.labels.iter().chain(&runs_on.group), at(Place::JobRunsOn));
        }
        if let Some(concurrency) = &job.concurrency {
            self.texts(concurrency.group.iter().chain(&concurrency.cancel), at(Place::JobConcurrency));
        }
        self.env(&job.env, at(Place::JobEnv));
        self.texts(&job.timeout, at(Place::JobName));
        self.texts(&job.continue_on_error, at(Place::JobContinue));
        if let Some(matrix) = job.strategy.as_ref().and_then(|strategy| strategy.matrix.as_ref()) {
            self.texts(&matrix.expression, at(Place::Strategy));
            for row in &matrix.rows {
                self.texts(row.node.text(), at(Place::Strategy));
            }
        }
        if let Some(container) = &job.container {
            self.texts(&container.image, at(Place::Container));
            self.texts(container.username.iter().chain(&container.password), at(Place::Credentials));
            self.env(&container.env, at(Place::ContainerEnv));
        }
        for (_, service) in &job.services {
            self.texts(&service.image, at(Place::Services));
            self.texts(service.username.iter().chain(&service.password), at(Place::Credentials));
            self.env(&service.env, at(Place::ContainerEnv));
        }
        self.entries(&job.with, at(Place::CallWith));
        for (before, step) in job.steps.iter().enumerate() {
            self.step(step, Names { place: Place::Step, job: Some(job), before });
        }
        let after = |place| Names { place, job: Some(job), before: job.steps.len() };
        self.entries(&job.outputs, after(Place::JobOutputs));
        if let Some(environment) = &job.environment {
            self.texts(&environment.name, at(Place::EnvironmentName));
            self.texts(&environment.url, after(Place::EnvironmentUrl));
        }
    }

    fn step(&mut self, step: &'a Step, names: Names<'a>) {
        self.condition(step.condition.as_ref(), Names { place: Place::StepIf, ..names });
        self.texts(step.name.iter().chain(&step.run).chain(&step.working_directory), names);
        self.texts(step.timeout.iter().chain(&step.continue_on_error), names);
        self.env(&step.env, names);
        self.entries(&step.with, names);
    }

    fn env(&mut self, env: &'a Env, names: Names<'a>) {
        self.texts(&env.expression, names);
        self.entries(&env.vars, names);
    }

    fn entries(&mut self, entries: &'a [Entry], names: Names<'a>) {
        for entry in entries {
            self.texts(entry.text(), names);
        }
    }

    fn texts(&mut self, texts: impl IntoIterator<Item = &'a Text>, names: Names<'a>) {
        for text in texts {
            for part in &text.interpolations {
                match &part.expr {
                    Ok(expr) => self.expression(expr, names),
                    Err(error) => self.unread(error, part.span),
                }
            }
        }
    }

    fn condition(&mut self, condition: Option<&'a Condition>, names: Names<'a>) {
        let Some(condition) = condition else { return };
        match &condition.expr {
            Some(Ok(expr)) => self.expression(expr, names),
            Some(Err(error)) => self.unread(error, condition.text.span),
            None => self.texts(Some(&condition.text), names),
        }
    }

    fn report(&mut self, span: Span, message: String, help: String) {
        let written = span.of(&self.file.text);
        let (message, help) = (as_written(message, written), as_written(help, written));
        // Nobody reads hundreds of findings, and each looks for a near name.
        if self.seen.len() < MOST && self.seen.insert((span.start, span.end)) {
            self.out
                .finding(message)
                .why("the platform refuses the workflow, or the value is empty when it runs")
                .help(help)
                .at_file(self.file, span)
                .command(format!("cat -n {}", self.file.path));
        }
    }

    fn unread(&mut self, error: &ExprError, whole: Span) {
        let span = if error.span.is_empty() { whole } else { error.span };
        self.report(
            span,
            format!("the expression does not read: {}", error.message),
            "write what the message says".to_owned(),
        );
    }

    fn expression(&mut self, expr: &'a Expr, names: Names<'a>) {
        let mut calls = Vec::new();
        expr.walk(&mut |part| {
            if let ExprKind::Call(name, span, items) = &part.kind {
                calls.push((name.as_str(), *span, items.len()));
            }
        });
        for (name, span, count) in calls {
            self.call(name, span, count, names);
        }
        for reference in expr.references() {
            self.reference(&reference, names);
        }
    }

    fn call(&mut self, name: &str, span: Span, count: usize, names: Names<'a>) {
        let lower = name.to_ascii_lowercase();
        let Some((known, least, most)) = contexts::function(&lower) else {
            let all = contexts::FUNCTIONS.iter().map(|(name, ..)| *name);
            let near = did_you_mean(name, all.clone());
            let help = near.map_or_else(
                || format!("the functions are {}", all.collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(span, format!("`{name}` is no function"), help);
            return;
        };
        if count < least || most.is_some_and(|most| count > most) {
            let wanted = match most {
                Some(most) if most == least => format!("{least}"),
                Some(most) => format!("{least} to {most}"),
                None => format!("{least} or more"),
            };
            self.report(
                span,
                format!("`{known}` is given {count} arguments, but takes {wanted}"),
                "give it as many arguments as it takes".to_owned(),
            );
        } else if matches!(lower.as_str(), "always" | "success" | "failure" | "cancelled")
            && !matches!(names.place, Place::JobIf | Place::StepIf)
        {
            self.report(
                span,
                format!("`{known}` answers in `if` only"),
                "ask for it in an `if`, or use `job.status`".to_owned(),
            );
        }
    }

    fn reference(&mut self, reference: &Reference, names: Names<'a>) {
        let root = reference.root.as_str();
        if !contexts::CONTEXTS.contains(&root) {
            let near = did_you_mean(root, contexts::CONTEXTS.iter().copied());
            let help = near.map_or_else(
                || format!("the contexts are {}", contexts::CONTEXTS.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(reference.span, format!("`{root}` is no context"), help);
            return;
        }
        let allowed = contexts::allowed(names.place);
        if !allowed.contains(&root) {
            self.report(
                reference.span,
                format!("`{root}` is not known at this place"),
                format!("known here are {}", allowed.join(", ")),
            );
            return;
        }
        let Some(name) = reference.name(0) else { return };
        match root {
            "steps" => self.steps(reference, name, names),
            "needs" => self.needs(reference, name, names),
            "matrix" => self.matrix(reference, name, names),
            "inputs" => self.inputs(reference, name),
            _ => {
                if let Some(known) = contexts::properties(root)
                    && !known.contains(&name)
                {
                    let near = did_you_mean(name, known.iter().copied());
                    let help = near.map_or_else(
                        || format!("`{root}` has {}", known.join(", ")),
                        |near| format!("did you mean `{root}.{near}`?"),
                    );
                    self.report(reference.span, format!("`{root}` has no `{name}`"), help);
                }
            }
        }
    }

    fn steps(&mut self, reference: &Reference, name: &str, names: Names<'a>) {
        let at = self.known.steps.get(name).copied();
        if at.is_some_and(|at| at < names.before) || (self.known.open_steps && at.is_none()) {
            if let Some(property) = reference.name(1)
                && !matches!(property, "outputs" | "outcome" | "conclusion")
            {
                self.report(
                    reference.span,
                    format!("a step has no `{property}`"),
                    "a step has `outputs`, `outcome` and `conclusion`".to_owned(),
                );
            }
            return;
        }
        if at.is_some() {
            self.report(
                reference.span,
                format!("the step `{name}` has not run yet here"),
                "move the step up, or use the value later".to_owned(),
            );
            return;
        }
        let near = did_you_mean(name, self.known.steps.keys().map(String::as_str)).map(str::to_owned);
        let help = near.map_or_else(
            || format!("add `id: {name}` to the step that is meant"),
            |near| format!("did you mean `steps.{near}`?"),
        );
        self.report(reference.span, format!("no step before this place has the id `{name}`"), help);
    }

    fn needs(&mut self, reference: &Reference, name: &str, names: Names<'a>) {
        let Some(job) = names.job else { return };
        if self.known.open_needs || self.known.needs.contains(name) {
            if let Some(property) = reference.name(1)
                && !matches!(property, "outputs" | "result")
            {
                self.report(
                    reference.span,
                    format!("a needed job has no `{property}`"),
                    "it has `outputs` and `result`".to_owned(),
                );
            } else if let (Some("outputs"), Some(output)) = (reference.name(1), reference.name(2)) {
                self.output(reference, name, output);
            }
            return;
        }
        let near = did_you_mean(name, job.needs.iter().map(Text::as_str));
        let help = near.map_or_else(
            || format!("add `{name}` to the `needs` of `{}`", job.id.value),
            |near| format!("did you mean `needs.{near}`?"),
        );
        self.report(reference.span, format!("the job `{}` does not need `{name}`", job.id.value), help);
    }

    /// The outputs of a job of this workflow, and of one that calls a workflow of this repository.
    fn output(&mut self, reference: &Reference, job: &str, output: &str) {
        let needed = self.jobs.get(job).copied();
        let Some(needed) = needed else { return };
        let known: Vec<&str> = match &needed.uses {
            None => needed.outputs.iter().map(|entry| entry.key.as_str()).collect(),
            Some(uses) => {
                let Target::Local { path } = &uses.target else { return };
                let mut all = self.project.workflows.iter().chain(&self.project.called);
                let Some(called) = all.find(|known| known.file.path == *path) else { return };
                let call =
                    called.workflow.triggers.iter().find(|trigger| trigger.name.value == "workflow_call");
                let Some(call) = call else { return };
                call.outputs.iter().map(|(name, _)| name.as_str()).collect()
            }
        };
        if needed.uses.is_none() && needed.node.get("outputs").is_some_and(|node| !node.is_map()) {
            return;
        }
        if !known.iter().any(|known| known.eq_ignore_ascii_case(output)) {
            let near = did_you_mean(output, known.iter().copied());
            let help = near.map_or_else(
                || format!("add it to the `outputs` of `{job}`"),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(reference.span, format!("the job `{job}` has no output `{output}`"), help);
        }
    }

    fn matrix(&mut self, reference: &Reference, name: &str, names: Names<'a>) {
        let Some(job) = names.job else { return };
        let Some(strategy) = &job.strategy else {
            self.report(
                reference.span,
                format!("the job `{}` has no matrix", job.id.value),
                "add `strategy.matrix`, or write the value itself".to_owned(),
            );
            return;
        };
        if strategy.matrix.is_none() {
            return;
        }
        let Some(known) = self.known.matrix.clone() else { return };
        if !known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let near = did_you_mean(name, known.iter().copied());
            let help = near.map_or_else(
                || format!("the matrix has {}", known.join(", ")),
                |near| format!("did you mean `matrix.{near}`?"),
            );
            self.report(reference.span, format!("the matrix has no `{name}`"), help);
        }
    }

    fn inputs(&mut self, reference: &Reference, name: &str) {
        let triggers = &self.fact.workflow.triggers;
        let with: Vec<_> = triggers
            .iter()
            .filter(|trigger| matches!(trigger.name.as_str(), "workflow_call" | "workflow_dispatch"))
            .collect();
        let known: Vec<&str> =
            with.iter().flat_map(|trigger| &trigger.inputs).map(|input| input.name.as_str()).collect();
        if known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return;
        }
        let near = did_you_mean(name, known.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `inputs.{near}`?"),
            None if with.is_empty() => {
                "only `workflow_dispatch` and `workflow_call` have inputs, and neither starts this workflow"
                    .to_owned()
            }
            None => "declare it below `inputs` of the event".to_owned(),
        };
        self.report(reference.span, format!("there is no input `{name}`"), help);
    }
}

/// A message in which names stand as the file has them, since all names are compared without their case.
fn as_written(message: String, written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    if lower == written {
        return message;
    }
    let mut parts: Vec<String> = message.split('`').map(str::to_owned).collect();
    for part in parts.iter_mut().skip(1).step_by(2) {
        for piece in part.clone().split('.').filter(|piece| piece.len() > 1) {
            if let Some(at) = lower.find(piece)
                && let Some(own) = written.get(at..at + piece.len())
                && own != piece
            {
                *part = part.replace(piece, own);
            }
        }
    }
    parts.join("`")
}

/// The names a matrix has; nothing where an expression decides.
fn rows(matrix: &Matrix) -> Option<Vec<&str>> {
    if matrix.expression.is_some() || matrix.include_unknown {
        return None;
    }
    let rows = matrix.rows.iter().map(|row| row.name.as_str());
    Some(rows.chain(matrix.include.iter().flatten().map(|entry| entry.key.as_str())).collect())
}
