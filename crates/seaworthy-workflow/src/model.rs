//! The typed tree. Absent keys are `None` or empty; what has the wrong kind is a problem and absent.

use crate::expr::{Expr, ExprError};
use crate::node::Node;
use crate::text::Text;
use crate::uses::Uses;
use seaworthy_finding::Span;
use std::sync::Arc;

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It is not YAML.
    Yaml,
    /// A key stands there twice.
    DuplicateKey,
    /// Nobody knows the key.
    UnknownKey,
    /// A key is missing.
    MissingKey,
    /// A value has the wrong kind.
    WrongKind,
    /// Keys that do not go together in a job that calls a workflow.
    Call,
}

/// What does not read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// What is wrong and what to write instead.
    pub message: String,
    /// The known key nearest to an unknown one.
    pub near: Option<String>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Text,
    /// The value.
    pub value: Arc<Node>,
}

impl Entry {
    /// The value, where it is a scalar.
    pub fn text(&self) -> Option<&Text> {
        self.value.text()
    }

    /// The value's text; empty where it is no scalar.
    pub fn as_str(&self) -> &str {
        self.value.as_str().unwrap_or_default()
    }

    /// Whether the key is this one; inputs and the like do not care for case.
    pub fn is(&self, name: &str) -> bool {
        self.key.value.eq_ignore_ascii_case(name)
    }
}

/// A workflow file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workflow {
    /// The whole tree.
    pub root: Option<Arc<Node>>,
    /// `name`
    pub name: Option<Text>,
    /// `run-name`
    pub run_name: Option<Text>,
    /// The key `on`.
    pub on: Option<Span>,
    /// The events of `on`.
    pub triggers: Vec<Trigger>,
    /// `permissions`
    pub permissions: Option<Permissions>,
    /// `env`
    pub env: Env,
    /// `defaults.run`
    pub defaults: Defaults,
    /// `concurrency`
    pub concurrency: Option<Concurrency>,
    /// The key `jobs`.
    pub jobs_key: Option<Span>,
    /// The jobs in order.
    pub jobs: Vec<Job>,
}

/// An event of `on`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Its name.
    pub name: Text,
    /// Name and value.
    pub span: Span,
    /// `branches`
    pub branches: Option<Vec<Text>>,
    /// `branches-ignore`
    pub branches_ignore: Option<Vec<Text>>,
    /// `tags`
    pub tags: Option<Vec<Text>>,
    /// `tags-ignore`
    pub tags_ignore: Option<Vec<Text>>,
    /// `types`
    pub types: Option<Vec<Text>>,
    /// `workflows` of `workflow_run`.
    pub workflows: Vec<Text>,
    /// `cron` of `schedule`.
    pub crons: Vec<Text>,
    /// Inputs of `workflow_call` and `workflow_dispatch`.
    pub inputs: Vec<Input>,
    /// Secrets of `workflow_call`: an input's `required` is the only key that counts.
    pub secrets: Vec<Input>,
    /// Outputs of `workflow_call` with their `value`.
    pub outputs: Vec<(Text, Option<Text>)>,
    /// Every key below the event.
    pub keys: Vec<Entry>,
}

/// A declared input or secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Text,
    /// `type`
    pub kind: Option<Text>,
    /// `required: true`
    pub required: bool,
    /// `default`
    pub default: Option<Arc<Node>>,
    /// `options` of a choice.
    pub options: Vec<Text>,
    /// `deprecationMessage` of an action's input.
    pub deprecated: bool,
}

/// `permissions`
#[derive(Clone, Debug, PartialEq)]
pub struct Permissions {
    /// The key.
    pub key: Span,
    /// The value.
    pub span: Span,
    /// What is granted.
    pub grants: Grants,
}

/// What `permissions` says.
#[derive(Clone, Debug, PartialEq)]
pub enum Grants {
    /// `read-all`
    ReadAll,
    /// `write-all`
    WriteAll,
    /// A mapping; an empty one grants nothing.
    Scopes(Vec<Grant>),
    /// Another text, or nothing at all.
    Other(Text),
}

/// A scope and its access.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The scope.
    pub scope: Text,
    /// `read`, `write`, `none`; empty where the value is no text.
    pub access: Text,
}

/// `env`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Env {
    /// The key; absent where there is no `env`.
    pub key: Option<Span>,
    /// Names and values.
    pub vars: Vec<Entry>,
    /// The whole value as one expression.
    pub expression: Option<Text>,
}

impl Env {
    /// The last variable of this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.vars.iter().rfind(|entry| entry.is(name))
    }
}

/// `defaults.run`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// `shell`
    pub shell: Option<Text>,
    /// `working-directory`
    pub working_directory: Option<Text>,
}

/// `concurrency`
#[derive(Clone, Debug, PartialEq)]
pub struct Concurrency {
    /// The key.
    pub key: Span,
    /// `group`, or the whole value.
    pub group: Option<Text>,
    /// `cancel-in-progress`
    pub cancel: Option<Text>,
}

/// An `if`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As written.
    pub text: Text,
    /// What it says: the whole value, with or without braces. A value with text beside the braces has none.
    pub expr: Option<Result<Expr, ExprError>>,
}

/// `runs-on`
#[derive(Clone, Debug, PartialEq)]
pub struct RunsOn {
    /// The value.
    pub span: Span,
    /// The labels.
    pub labels: Vec<Text>,
    /// `group`
    pub group: Option<Text>,
}

/// `environment`
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// `name`, or the whole value.
    pub name: Option<Text>,
    /// `url`
    pub url: Option<Text>,
}

/// `strategy`
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// The key.
    pub key: Span,
    /// `matrix`
    pub matrix: Option<Matrix>,
    /// `fail-fast`
    pub fail_fast: Option<Text>,
    /// `max-parallel`
    pub max_parallel: Option<Text>,
}

/// `strategy.matrix`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// The key.
    pub key: Span,
    /// The value.
    pub span: Span,
    /// The whole matrix as one expression.
    pub expression: Option<Text>,
    /// The rows.
    pub rows: Vec<MatrixRow>,
    /// `include`: combinations.
    pub include: Vec<Vec<Entry>>,
    /// Whether `include`, or one of its items, is an expression.
    pub include_unknown: bool,
    /// `exclude`: combinations with the place of each.
    pub exclude: Vec<Vec<Entry>>,
    /// Whether `exclude`, or one of its items, is an expression.
    pub exclude_unknown: bool,
}

/// A row of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixRow {
    /// Its name.
    pub name: Text,
    /// Its values; absent where the row is an expression.
    pub values: Option<Vec<Arc<Node>>>,
    /// The value as written.
    pub node: Arc<Node>,
}

/// `container`, or one of `services`.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// The value.
    pub span: Span,
    /// `image`, or the whole value.
    pub image: Option<Text>,
    /// The key `credentials`.
    pub credentials: Option<Span>,
    /// `credentials.username`
    pub username: Option<Text>,
    /// `credentials.password`
    pub password: Option<Text>,
    /// `env`
    pub env: Env,
    /// `ports`
    pub ports: Vec<Text>,
    /// `volumes`
    pub volumes: Vec<Text>,
    /// `options`
    pub options: Option<Text>,
}

/// `secrets` of a job that calls a workflow.
#[derive(Clone, Debug, PartialEq)]
pub enum JobSecrets {
    /// `secrets: inherit`, and where `inherit` stands.
    Inherit(Span),
    /// Names and values.
    Named(Vec<Entry>),
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: Text,
    /// Id and value.
    pub span: Span,
    /// `name`
    pub name: Option<Text>,
    /// `needs`
    pub needs: Vec<Text>,
    /// `if`
    pub condition: Option<Condition>,
    /// `runs-on`
    pub runs_on: Option<RunsOn>,
    /// `permissions`
    pub permissions: Option<Permissions>,
    /// `environment`
    pub environment: Option<Environment>,
    /// `concurrency`
    pub concurrency: Option<Concurrency>,
    /// `outputs`
    pub outputs: Vec<Entry>,
    /// `env`
    pub env: Env,
    /// `defaults.run`
    pub defaults: Defaults,
    /// `strategy`
    pub strategy: Option<Strategy>,
    /// `container`
    pub container: Option<Container>,
    /// `services`
    pub services: Vec<(Text, Container)>,
    /// `timeout-minutes`
    pub timeout: Option<Text>,
    /// `continue-on-error`
    pub continue_on_error: Option<Text>,
    /// The key `steps`.
    pub steps_key: Option<Span>,
    /// `steps`
    pub steps: Vec<Step>,
    /// The key `uses`.
    pub uses_key: Option<Span>,
    /// `uses`: a reusable workflow.
    pub uses: Option<Uses>,
    /// The key `with`.
    pub with_key: Option<Span>,
    /// `with`
    pub with: Vec<Entry>,
    /// The key `secrets`.
    pub secrets_key: Option<Span>,
    /// `secrets`
    pub secrets: Option<JobSecrets>,
    /// The job's mapping.
    pub node: Arc<Node>,
}

impl Job {
    /// An input of the called workflow.
    pub fn input(&self, name: &str) -> Option<&Entry> {
        self.with.iter().find(|entry| entry.is(name))
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The whole step.
    pub span: Span,
    /// `id`
    pub id: Option<Text>,
    /// `name`
    pub name: Option<Text>,
    /// `if`
    pub condition: Option<Condition>,
    /// The key `uses`.
    pub uses_key: Option<Span>,
    /// `uses`
    pub uses: Option<Uses>,
    /// The key `with`.
    pub with_key: Option<Span>,
    /// `with`
    pub with: Vec<Entry>,
    /// The key `run`.
    pub run_key: Option<Span>,
    /// `run`
    pub run: Option<Text>,
    /// `shell`
    pub shell: Option<Text>,
    /// `working-directory`
    pub working_directory: Option<Text>,
    /// `env`
    pub env: Env,
    /// `continue-on-error`
    pub continue_on_error: Option<Text>,
    /// `timeout-minutes`
    pub timeout: Option<Text>,
    /// The step's mapping.
    pub node: Arc<Node>,
}

impl Step {
    /// An input of the action.
    pub fn input(&self, name: &str) -> Option<&Entry> {
        self.with.iter().find(|entry| entry.is(name))
    }

    /// The text of an input; empty where there is none.
    pub fn input_str(&self, name: &str) -> &str {
        self.input(name).map_or("", Entry::as_str)
    }

    /// Whether the step uses this action, given as `owner/repo` in lower case.
    pub fn uses(&self, name: &str) -> bool {
        self.uses.as_ref().is_some_and(|uses| uses.is(name))
    }
}

/// An `action.yml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Action {
    /// The whole tree.
    pub root: Option<Arc<Node>>,
    /// `name`
    pub name: Option<Text>,
    /// `inputs`
    pub inputs: Vec<Input>,
    /// `outputs` with their `value`.
    pub outputs: Vec<(Text, Option<Text>)>,
    /// `runs.using`
    pub using: Option<Text>,
    /// `runs.image` of a container action.
    pub image: Option<Text>,
    /// `runs.steps` of a composite action.
    pub steps: Vec<Step>,
}
