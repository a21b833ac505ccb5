//! Which shell reads the script of a `RUN`, and what is set before it begins.

use crate::bases;
use seaworthy_dockerfile::scope::PROXY_ARGS;
use seaworthy_dockerfile::{Base, Dockerfile, Instruction, Kind, Stage};
use seaworthy_shell::Dialect;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Most variables that are kept: every script is read behind all of them.
const MOST_EXPORTS: usize = 300;

/// What a `RUN` at some place of a file meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The shell; nothing where it is none of the Bourne family.
    pub(crate) shell: Option<Dialect>,
    /// What `/bin/sh` of the base image is.
    pub(crate) sh: Dialect,
    /// Whether `SHELL`, or a comment, names the shell.
    pub(crate) chosen: bool,
    /// Whether the shell is started with `-e`.
    pub(crate) errexit: bool,
    /// Whether the shell is started with `-o pipefail`.
    pub(crate) pipefail: bool,
    /// The stage, by its index.
    pub(crate) stage: usize,
    /// Variables that are set.
    pub(crate) exports: Rc<BTreeSet<String>>,
}

impl Environment {
    /// What the first line of a stage meets that begins with an image.
    fn of_image(base: Option<bases::BaseFacts>) -> Self {
        let sh = base.and_then(|facts| facts.shell).unwrap_or_default();
        let foreign = base.is_some_and(|facts| facts.windows);
        Self {
            shell: (!foreign).then_some(sh),
            sh,
            chosen: false,
            errexit: false,
            pipefail: false,
            stage: 0,
            exports: Rc::new(PROXY_ARGS.iter().map(|&name| name.to_owned()).collect()),
        }
    }

    /// Goes past an instruction.
    fn pass(&mut self, item: &Instruction) {
        match &item.kind {
            Kind::Env { pairs, .. } => self.export(pairs.iter().map(|pair| pair.key.unquoted())),
            Kind::Arg { args } => self.export(args.iter().map(|arg| arg.name.unquoted())),
            Kind::Shell(words) => {
                let words: Vec<&str> = words.iter().map(|word| word.raw.as_str()).collect();
                self.choose(&words);
            }
            _ => {}
        }
    }

    fn export(&mut self, names: impl Iterator<Item = String>) {
        let plain = |name: &String| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
        };
        if self.exports.len() < MOST_EXPORTS {
            Rc::make_mut(&mut self.exports).extend(names.filter(plain));
        }
    }

    /// Takes the words of `SHELL`.
    fn choose(&mut self, words: &[&str]) {
        let Some(program) = words.first() else { return };
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
        self.chosen = true;
        self.shell = match name.as_str() {
            "sh" => Some(self.sh),
            "bash" => Some(Dialect::Bash),
            "dash" => Some(Dialect::Dash),
            "ash" | "busybox" => Some(Dialect::Busybox),
            "ksh" | "mksh" => Some(Dialect::Ksh),
            _ => None,
        };
        self.errexit = words.iter().skip(1).any(|word| has_switch(word, 'e')) || has_option(words, "errexit");
        self.pipefail = has_option(words, "pipefail");
    }
}

/// Whether a word is a group of one-letter options with this one.
pub(crate) fn has_switch(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains(letter))
}

/// Whether a shell's words, or those of `set`, switch an option of a name on: `-o NAME`, also as in `-euo NAME`.
pub(crate) fn has_option<S: AsRef<str>>(words: &[S], name: &str) -> bool {
    words.windows(2).any(|pair| {
        let [switch, option] = pair else { return false };
        option.as_ref() == name && has_switch(switch.as_ref(), 'o')
    })
}

/// Calls `see` with every instruction of every stage and what it meets.
pub(crate) fn each<'a>(tree: &'a Dockerfile, mut see: impl FnMut(&'a Instruction, &Environment)) {
    let stages = tree.stages();
    // `# hadolint shell=NAME` says what a base image starts `RUN` with.
    let names = tree.comments.iter().filter_map(|comment| {
        comment.text.strip_prefix("hadolint shell=").map(|name| (comment.span.start, name.trim()))
    });
    let mut names = names.peekable();
    let mut ends: Vec<Environment> = Vec::with_capacity(stages.len());
    for stage in &stages {
        let mut now = Environment { stage: stage.index, ..begin(&stages, stage, &ends) };
        for item in stage.instructions {
            while let Some((_, name)) = names.next_if(|(at, _)| *at < item.span.start) {
                now.choose(&[name]);
            }
            see(item, &now);
            now.pass(item);
        }
        ends.push(now);
    }
}

fn begin(stages: &[Stage<'_>], stage: &Stage<'_>, ends: &[Environment]) -> Environment {
    let earlier = match &stage.base {
        Base::Stage(earlier) => ends.get(*earlier),
        _ => None,
    };
    earlier.cloned().unwrap_or_else(|| Environment::of_image(bases::of_stage(stages, stage)))
}
