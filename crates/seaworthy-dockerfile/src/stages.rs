//! The build stages of a file and how they depend on each other.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::expand::{Mode, expand};
use crate::scope::{self, Args, Scope};
use crate::tree::{Comment, Dockerfile, Instruction, Keyword, Kind, Word};

/// What a stage begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// An earlier stage, by its index.
    Stage(usize),
    /// Nothing.
    Scratch,
    /// An image, with global arguments replaced; `${NAME}` stays where none has a value.
    Image(String),
}

/// One build stage.
#[derive(Debug, Clone)]
pub struct Stage<'a> {
    /// 0 for the first stage.
    pub index: usize,
    /// The name behind `AS` in lowercase, as BuildKit stores it.
    pub name: Option<String>,
    /// The `FROM` line.
    pub from: &'a Instruction,
    /// The lines behind it up to the next `FROM`.
    pub instructions: &'a [Instruction],
    /// What it begins with.
    pub base: Base,
}

/// A stage without its lines, which can be kept beside them.
#[derive(Debug, Clone)]
struct Plan {
    index: usize,
    name: Option<String>,
    /// The place of `FROM` among the instructions, and of the next one.
    lines: (usize, usize),
    base: Base,
}

/// The stages of a file and what they see without build arguments, made when they are first asked for: every rule asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plans {
    stages: OnceLock<Vec<Plan>>,
    pub(crate) globals: OnceLock<Args>,
    pub(crate) scopes: OnceLock<Vec<Scope>>,
}

/// What is read out of a file makes no difference between two files.
impl PartialEq for Plans {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Plans {}

impl Dockerfile {
    /// The stages in order.
    #[must_use]
    pub fn stages(&self) -> Vec<Stage<'_>> {
        self.staged(self.plans.stages.get_or_init(|| self.plan(&|_| None)))
    }

    /// The stages with `--build-arg` values for the global arguments.
    #[must_use]
    pub fn stages_with(&self, build_args: &dyn Fn(&str) -> Option<String>) -> Vec<Stage<'_>> {
        self.staged(&self.plan(build_args))
    }

    fn staged(&self, plans: &[Plan]) -> Vec<Stage<'_>> {
        let stage = |plan: &Plan| {
            let lines = self.instructions.get(plan.lines.0..plan.lines.1)?;
            let (from, instructions) = lines.split_first()?;
            let (name, base) = (plan.name.clone(), plan.base.clone());
            Some(Stage { index: plan.index, name, from, instructions, base })
        };
        plans.iter().filter_map(stage).collect()
    }

    fn plan(&self, build_args: &dyn Fn(&str) -> Option<String>) -> Vec<Plan> {
        let globals = scope::global_args(self, build_args);
        let starts: Vec<usize> = self
            .instructions
            .iter()
            .enumerate()
            .filter(|(_, instruction)| instruction.keyword == Keyword::From)
            .map(|(at, _)| at)
            .collect();
        let mut plans: Vec<Plan> = Vec::new();
        // Of stages of one name the last before a line is the one meant.
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for (index, at) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(self.instructions.len());
            let Kind::From { image, alias } = &self.instructions[*at].kind else { continue };
            let base = base(image, &globals, &names);
            let name = alias.as_ref().map(|alias| alias.raw.to_lowercase());
            names.extend(name.clone().map(|name| (name, index)));
            plans.push(Plan { index, name, lines: (*at, end), base });
        }
        plans
    }

    /// The `ARG` lines before the first `FROM`.
    pub fn meta_args(&self) -> impl Iterator<Item = &Instruction> {
        self.instructions
            .iter()
            .take_while(|instruction| instruction.keyword != Keyword::From)
            .filter(|instruction| instruction.keyword == Keyword::Arg)
    }

    /// The last stage, which is what a build without `--target` makes.
    #[must_use]
    pub fn final_stage(&self) -> Option<Stage<'_>> {
        self.stages().pop()
    }

    /// The value of a parser directive.
    #[must_use]
    pub fn directive(&self, name: &str) -> Option<&str> {
        self.directives
            .iter()
            .find(|directive| directive.name == name)
            .map(|directive| directive.value.as_str())
    }

    /// The comment lines directly above an instruction, without an empty line between.
    #[must_use]
    pub fn comments_above(&self, instruction: &Instruction) -> &[Comment] {
        let end = self.comments.partition_point(|comment| comment.span.start < instruction.span.start);
        let mut start = end;
        let mut below = instruction.span.start;
        while let Some(comment) = start.checked_sub(1).and_then(|at| self.comments.get(at)) {
            let gap = self.source.get(comment.span.end..below).unwrap_or_default();
            if gap.matches('\n').count() != 1 || !gap.trim().is_empty() {
                break;
            }
            below = comment.span.start;
            start -= 1;
        }
        &self.comments[start..end]
    }

    /// The 1-based line and the 1-based column, in characters, of an offset.
    #[must_use]
    pub fn line_col(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.source.len());
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        (line, self.source[start..offset].chars().count() + 1)
    }

    /// The index of the stage `COPY --from` or a mount's `from=` names, seen from stage `before`.
    #[must_use]
    pub fn stage_named(stages: &[Stage<'_>], reference: &str, before: usize) -> Option<usize> {
        let lower = reference.to_lowercase();
        let earlier = &stages[..before.min(stages.len())];
        let named = earlier.iter().rposition(|stage| stage.name.as_deref() == Some(lower.as_str()));
        named.or_else(|| reference.parse::<usize>().ok().filter(|index| *index < earlier.len()))
    }
}

fn base(image: &Word, globals: &Args, earlier: &BTreeMap<String, usize>) -> Base {
    // A plain reference without a value stays as written, so `base-${TARGETARCH}` does not look like `base-`.
    let unknown: Vec<String> = image
        .variables()
        .into_iter()
        .filter(|variable| variable.operator.is_none() && globals.get(&variable.name).is_none())
        .map(|variable| variable.name)
        .collect();
    let get = |name: &str| match globals.get(name) {
        Some(value) => Some(value.to_owned()),
        None => unknown.iter().any(|known| known == name).then(|| format!("${{{name}}}")),
    };
    let text = expand(&image.raw, &get, image.escape(), Mode::WORD).unwrap_or_else(|_| image.raw.clone());
    // A stage's own base is never itself, and FROM looks names up as written.
    if let Some(index) = earlier.get(&text) {
        return Base::Stage(*index);
    }
    if text == "scratch" { Base::Scratch } else { Base::Image(text) }
}
