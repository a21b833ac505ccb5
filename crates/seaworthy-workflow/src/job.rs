//! `jobs` and their steps.

use crate::model::{
    Container, Defaults, Entry, Env, Environment, Job, JobSecrets, Matrix, MatrixRow, ProblemKind, RunsOn,
    Step, Strategy,
};
use crate::node::{Kind, Node};
use crate::reader::Reader;
use crate::uses::Uses;
use seaworthy_finding::Span;
use std::sync::Arc;

const JOB: [&str; 21] = [
    "name",
    "needs",
    "if",
    "runs-on",
    "permissions",
    "environment",
    "concurrency",
    "outputs",
    "env",
    "defaults",
    "steps",
    "timeout-minutes",
    "strategy",
    "continue-on-error",
    "container",
    "services",
    "uses",
    "with",
    "secrets",
    "snapshot",
    "deployment",
];

const STEP: [&str; 13] = [
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
    "background",
    "wait",
];

pub(crate) fn read(reader: &mut Reader<'_>, node: &Arc<Node>) -> Vec<Job> {
    let entries = reader.mapping(node, "`jobs`", None);
    entries.iter().map(|entry| job(reader, entry)).collect()
}

fn job(reader: &mut Reader<'_>, entry: &Entry) -> Job {
    let id = entry.key.clone();
    let span = Span::new(id.span.start, entry.value.span.end.max(id.span.end));
    let what = format!("the job `{}`", id.value);
    let mut job = Job {
        id,
        span,
        name: None,
        needs: Vec::new(),
        condition: None,
        runs_on: None,
        permissions: None,
        environment: None,
        concurrency: None,
        outputs: Vec::new(),
        env: Env::default(),
        defaults: Defaults::default(),
        strategy: None,
        container: None,
        services: Vec::new(),
        timeout: None,
        continue_on_error: None,
        steps_key: None,
        steps: Vec::new(),
        uses_key: None,
        uses: None,
        with_key: None,
        with: Vec::new(),
        secrets_key: None,
        secrets: None,
        node: Arc::clone(&entry.value),
    };
    for entry in reader.mapping(&entry.value, &what, Some(&JOB)) {
        let key = entry.key.span;
        match entry.key.as_str() {
            "name" => job.name = reader.text(&entry),
            "needs" => job.needs = reader.texts(&entry),
            "if" => job.condition = reader.condition(&entry),
            "runs-on" => job.runs_on = runs_on(reader, &entry),
            "permissions" => job.permissions = Some(reader.permissions(&entry)),
            "environment" => job.environment = environment(reader, &entry),
            "concurrency" => job.concurrency = reader.concurrency(&entry),
            "outputs" => job.outputs = reader.named(&entry),
            "env" => job.env = reader.env(&entry),
            "defaults" => job.defaults = reader.defaults(&entry),
            "steps" => {
                job.steps_key = Some(key);
                job.steps = steps(reader, &entry);
            }
            "timeout-minutes" => job.timeout = reader.text(&entry),
            "strategy" => job.strategy = Some(strategy(reader, &entry)),
            "continue-on-error" => job.continue_on_error = reader.text(&entry),
            "container" => job.container = container(reader, &entry, false),
            "services" if entry.value.text().is_none_or(|text| !text.has_expression()) => {
                for entry in reader.named(&entry) {
                    if let Some(found) = container(reader, &entry, true) {
                        job.services.push((entry.key, found));
                    }
                }
            }
            "uses" => {
                job.uses_key = Some(key);
                job.uses = reader.text(&entry).map(Uses::new);
            }
            "with" => {
                job.with_key = Some(key);
                job.with = reader.named(&entry);
            }
            "secrets" => {
                job.secrets_key = Some(key);
                job.secrets = Some(match entry.value.text() {
                    Some(text) if text.value == "inherit" => JobSecrets::Inherit(text.span),
                    _ => JobSecrets::Named(reader.named(&entry)),
                });
            }
            _ => {}
        }
    }
    whole(reader, &job);
    job
}

/// What a job must have, and what does not go together.
fn whole(reader: &mut Reader<'_>, job: &Job) {
    let id = &job.id;
    if !job.node.is_map() {
        return;
    }
    if let Some(key) = job.uses_key {
        let odd = ["runs-on", "environment", "outputs", "env", "defaults", "steps", "timeout-minutes"];
        let odd = odd.iter().chain(&["continue-on-error", "container", "services"]);
        for name in odd {
            if let Some((found, _)) = job.node.entry(name) {
                let message = format!("the job `{}` calls a workflow, so it cannot have `{name}`", id.value);
                reader.problem(ProblemKind::Call, found.span, message);
            }
        }
        let _ = key;
        return;
    }
    for (name, key) in [("with", job.with_key), ("secrets", job.secrets_key)] {
        if let Some(span) = key {
            let message =
                format!("`{name}` belongs to a job that calls a workflow; `{}` has no `uses`", id.value);
            reader.problem(ProblemKind::Call, span, message);
        }
    }
    if job.node.get("runs-on").is_none() {
        reader.missing(id.span, &format!("the job `{}` has no `runs-on`", id.value));
    }
    if job.steps_key.is_none() {
        reader.missing(id.span, &format!("the job `{}` has no `steps`", id.value));
    }
}

fn runs_on(reader: &mut Reader<'_>, entry: &Entry) -> Option<RunsOn> {
    let mut out = RunsOn { span: entry.value.span, labels: Vec::new(), group: None };
    if entry.value.is_map() {
        for entry in reader.mapping(&entry.value, "`runs-on`", Some(&["group", "labels"])) {
            if entry.key.value == "group" {
                out.group = reader.text(&entry);
            } else {
                out.labels = reader.texts(&entry);
            }
        }
    } else {
        out.labels = reader.texts(entry);
    }
    (out.group.is_some() || !out.labels.is_empty()).then_some(out)
}

fn environment(reader: &mut Reader<'_>, entry: &Entry) -> Option<Environment> {
    if !entry.value.is_map() {
        return reader.text(entry).map(|name| Environment { name: Some(name), url: None });
    }
    let mut out = Environment { name: None, url: None };
    for entry in reader.mapping(&entry.value, "`environment`", Some(&["name", "url", "deployment"])) {
        let text = reader.text(&entry);
        match entry.key.as_str() {
            "name" => out.name = text,
            "url" => out.url = text,
            _ => {}
        }
    }
    Some(out)
}

fn strategy(reader: &mut Reader<'_>, entry: &Entry) -> Strategy {
    let mut out = Strategy { key: entry.key.span, matrix: None, fail_fast: None, max_parallel: None };
    if let Some(text) = entry.value.text().filter(|text| text.has_expression()) {
        out.matrix = Some(Matrix {
            key: entry.key.span,
            span: text.span,
            expression: Some(text.clone()),
            include_unknown: true,
            exclude_unknown: true,
            ..Matrix::default()
        });
        return out;
    }
    let keys = ["matrix", "fail-fast", "max-parallel"];
    for entry in reader.mapping(&entry.value, "`strategy`", Some(&keys)) {
        match entry.key.as_str() {
            "matrix" => out.matrix = Some(matrix(reader, &entry)),
            "fail-fast" => out.fail_fast = reader.text(&entry),
            _ => out.max_parallel = reader.text(&entry),
        }
    }
    out
}

fn matrix(reader: &mut Reader<'_>, entry: &Entry) -> Matrix {
    let mut out = Matrix { key: entry.key.span, span: entry.value.span, ..Matrix::default() };
    if let Some(text) = entry.value.text().filter(|text| text.has_expression()) {
        out.expression = Some(text.clone());
        return out;
    }
    for entry in reader.named(entry) {
        match entry.key.value.as_str() {
            "include" => (out.include, out.include_unknown) = combinations(reader, &entry),
            "exclude" => (out.exclude, out.exclude_unknown) = combinations(reader, &entry),
            _ => {
                let values = match &entry.value.kind {
                    Kind::Seq(items) => Some(items.clone()),
                    Kind::Scalar(text) if text.has_expression() => None,
                    _ => {
                        let what = format!("the matrix row `{}`", entry.key.value);
                        reader.wrong(&entry.value, &what, "a list");
                        None
                    }
                };
                out.rows.push(MatrixRow { name: entry.key, values, node: entry.value });
            }
        }
    }
    out
}

fn combinations(reader: &mut Reader<'_>, entry: &Entry) -> (Vec<Vec<Entry>>, bool) {
    let mut unknown = entry.value.text().is_some_and(crate::Text::has_expression);
    let mut out = Vec::new();
    if !unknown && !entry.value.is_seq() {
        reader.wrong(&entry.value, &format!("`{}`", entry.key.value), "a list of mappings");
    }
    for item in entry.value.items() {
        if item.text().is_some_and(crate::Text::has_expression) {
            unknown = true;
        } else {
            out.push(reader.mapping(item, &format!("an item of `{}`", entry.key.value), None));
        }
    }
    (out, unknown)
}

fn container(reader: &mut Reader<'_>, entry: &Entry, service: bool) -> Option<Container> {
    let mut out = Container {
        span: entry.value.span,
        image: None,
        credentials: None,
        username: None,
        password: None,
        env: Env::default(),
        ports: Vec::new(),
        volumes: Vec::new(),
        options: None,
    };
    if entry.value.is_null() && !service {
        return None;
    }
    if !entry.value.is_map() {
        out.image = reader.text(entry);
        return out.image.is_some().then_some(out);
    }
    let own: &[&str] = &["image", "credentials", "env", "ports", "volumes", "options"];
    let more: &[&str] =
        &["image", "credentials", "env", "ports", "volumes", "options", "entrypoint", "command"];
    let what = if service { format!("the service `{}`", entry.key.value) } else { "`container`".to_owned() };
    for entry in reader.mapping(&entry.value, &what, Some(if service { more } else { own })) {
        match entry.key.as_str() {
            "image" => out.image = entry.value.text().filter(|text| !text.is_null()).cloned(),
            "credentials" => {
                out.credentials = Some(entry.key.span);
                if entry.value.text().is_some_and(crate::Text::has_expression) {
                    continue;
                }
                let keys = ["username", "password"];
                for entry in reader.mapping(&entry.value, "`credentials`", Some(&keys)) {
                    let text = reader.text(&entry);
                    if entry.key.value == "username" {
                        out.username = text;
                    } else {
                        out.password = text;
                    }
                }
                if out.username.is_none() || out.password.is_none() {
                    reader.missing(entry.key.span, "`credentials` need both `username` and `password`");
                }
            }
            "env" => out.env = reader.env(&entry),
            "ports" => out.ports = reader.texts(&entry),
            "volumes" => out.volumes = reader.texts(&entry),
            "options" => out.options = reader.text(&entry),
            _ => {}
        }
    }
    if out.image.is_none() {
        reader.missing(entry.key.span, &format!("{what} has no `image`"));
    }
    Some(out)
}

pub(crate) fn steps(reader: &mut Reader<'_>, entry: &Entry) -> Vec<Step> {
    if !entry.value.is_seq() {
        reader.wrong(&entry.value, "`steps`", "a list");
    }
    let mut out = Vec::new();
    for item in entry.value.items() {
        // Steps side by side are steps too.
        match item.get("parallel") {
            Some(inner) if inner.is_seq() => {
                out.extend(inner.items().iter().map(|item| step(reader, item)));
            }
            _ => out.push(step(reader, item)),
        }
    }
    out
}

fn step(reader: &mut Reader<'_>, node: &Arc<Node>) -> Step {
    let mut step = Step {
        span: node.span,
        id: None,
        name: None,
        condition: None,
        uses_key: None,
        uses: None,
        with_key: None,
        with: Vec::new(),
        run_key: None,
        run: None,
        shell: None,
        working_directory: None,
        env: Env::default(),
        continue_on_error: None,
        timeout: None,
        node: Arc::clone(node),
    };
    for entry in reader.mapping(node, "a step", Some(&STEP)) {
        let key = entry.key.span;
        match entry.key.as_str() {
            "id" => step.id = entry.value.text().cloned(),
            "name" => step.name = reader.text(&entry),
            "if" => step.condition = reader.condition(&entry),
            "uses" => {
                step.uses_key = Some(key);
                step.uses = reader.text(&entry).map(Uses::new);
            }
            "with" => {
                step.with_key = Some(key);
                step.with = reader.named(&entry);
            }
            "run" => {
                step.run_key = Some(key);
                step.run = reader.text(&entry);
            }
            "shell" => step.shell = reader.text(&entry),
            "working-directory" => step.working_directory = reader.text(&entry),
            "env" => step.env = reader.env(&entry),
            "continue-on-error" => step.continue_on_error = reader.text(&entry),
            "timeout-minutes" => step.timeout = reader.text(&entry),
            _ => {}
        }
    }
    if node.is_map() {
        match (step.uses_key, step.run_key) {
            (Some(_), Some(run)) => {
                reader.problem(
                    ProblemKind::WrongKind,
                    run,
                    "a step has `uses` or `run`, not both".to_owned(),
                );
            }
            (None, None) if node.get("wait").is_none() => {
                reader.missing(node.span, "a step needs `run` or `uses`");
            }
            _ => {}
        }
    }
    step
}
