//! A GitLab CI pipeline: jobs with what they inherit.

use crate::{Spanned, SyntaxProblem, TextFile};
use seaworthy_dockerfile::OffsetMap;
use seaworthy_finding::Span;
use std::collections::BTreeMap;

/// A variable of a pipeline or a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineVariable {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value; absent where only a description is given.
    pub value: Option<Spanned<String>>,
}

/// The image of a job, or of one of its services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineImage {
    /// The reference as written.
    pub name: Spanned<String>,
    /// The host name a service answers to.
    pub alias: Option<String>,
    /// Variables of the service alone.
    pub variables: Vec<PipelineVariable>,
}

/// An entry of `before_script`, `script` or `after_script`.
#[derive(Clone, Debug)]
pub struct PipelineScript {
    /// The shell text.
    pub text: String,
    /// Where the entry stands.
    pub span: Span,
    /// Where each byte of the text stands in the file.
    pub map: OffsetMap,
}

/// An entry of `rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineRule {
    /// `if`.
    pub condition: Option<Spanned<String>>,
    /// `when`.
    pub when: Option<String>,
    /// Whether `changes` or `exists` narrow it.
    pub narrowed: bool,
}

/// When a job is added to a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineConditions {
    /// `rules`, where the job has any.
    pub rules: Option<Vec<PipelineRule>>,
    /// `only`, its `refs` included.
    pub only: Vec<Spanned<String>>,
    /// Whether `only` has something else than `refs`.
    pub only_more: bool,
    /// `except`.
    pub except: Vec<Spanned<String>>,
    /// `when`.
    pub when: Option<String>,
}

/// A job.
#[derive(Clone, Debug, Default)]
pub struct PipelineJob {
    /// Its name; a template's begins with a dot.
    pub name: Spanned<String>,
    /// Whether it is a template, which never runs itself.
    pub hidden: bool,
    /// `stage`.
    pub stage: Option<Spanned<String>>,
    /// `image`, also an inherited one.
    pub image: Option<PipelineImage>,
    /// `services`, also inherited ones.
    pub services: Vec<PipelineImage>,
    /// `variables` of the job and of what it extends; those of the pipeline are not repeated here.
    pub variables: Vec<PipelineVariable>,
    /// The pipeline's variables it gets: all of them, or those `inherit: variables` names.
    pub inherited: Option<Vec<String>>,
    /// Every line it runs, `before_script` first.
    pub script: Vec<PipelineScript>,
    /// When it runs.
    pub conditions: PipelineConditions,
    /// `extends`.
    pub extends: Vec<Spanned<String>>,
    /// Whether something it inherits stands in a file that is not read.
    pub unresolved: bool,
}

/// A GitLab CI file.
#[derive(Clone, Debug)]
pub struct PipelineFact {
    /// The file.
    pub file: TextFile,
    /// What does not read.
    pub problems: Vec<SyntaxProblem>,
    /// `stages`, where they are named.
    pub stages: Vec<Spanned<String>>,
    /// Variables of the whole pipeline.
    pub variables: Vec<PipelineVariable>,
    /// Their places in `variables` by name.
    pub variable_at: BTreeMap<String, usize>,
    /// What `include` names.
    pub includes: Vec<Spanned<String>>,
    /// Those of them that are not read: what stands elsewhere, and names that are put together.
    pub unread: Vec<Spanned<String>>,
    /// `workflow: rules`.
    pub workflow_rules: Option<Vec<PipelineRule>>,
    /// The jobs, templates included.
    pub jobs: Vec<PipelineJob>,
}

impl PipelineFact {
    /// A variable as a job of this pipeline sees it.
    pub fn variable<'a>(&'a self, job: &'a PipelineJob, name: &str) -> Option<&'a PipelineVariable> {
        let of = |known: &&PipelineVariable| known.name.value == name;
        let inherits = || job.inherited.as_ref().is_none_or(|names| names.iter().any(|known| known == name));
        let global = || self.variable_at.get(name).and_then(|at| self.variables.get(*at));
        job.variables.iter().find(of).or_else(|| global().filter(|_| inherits()))
    }
}
