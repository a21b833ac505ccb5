//! Which ARG and ENV values are seen where.

use crate::expand::{Mode, expand};
use crate::shared::SharedMap;
use crate::stages::Base;
use crate::tree::{ArgDecl, Dockerfile, Instruction, Kind, Word};

/// The arguments every build has before the first `FROM`, and in a stage once it says `ARG name`.
pub const PLATFORM_ARGS: [&str; 11] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// The arguments a RUN gets without a declaration, which stay out of cache and history.
pub const PROXY_ARGS: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Whether a build defines an argument by itself.
#[must_use]
pub fn is_predefined(name: &str) -> bool {
    PLATFORM_ARGS.contains(&name)
        || PROXY_ARGS.contains(&name)
        || name.starts_with("BUILDKIT_")
        || name == "SOURCE_DATE_EPOCH"
}

/// Declared arguments: a name without a value is known but empty of one.
#[derive(Debug, Clone, Default)]
pub struct Args {
    values: SharedMap<Option<String>>,
}

impl Args {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_deref()
    }

    /// Whether the name was declared, with a value or without.
    #[must_use]
    pub fn is_declared(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Declares a name.
    pub fn set(&mut self, name: impl Into<String>, value: Option<String>) {
        self.values.insert(name.into(), value);
    }

    /// All names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// The global arguments: those before the first `FROM`, with `--build-arg` values and the platform's arguments
/// (which `build_args` may give too) seen by each.
#[must_use]
pub fn global_args(file: &Dockerfile, build_args: &dyn Fn(&str) -> Option<String>) -> Args {
    let mut args = Args::default();
    for name in PLATFORM_ARGS {
        if let Some(value) = build_args(name) {
            args.set(name, Some(value));
        }
    }
    for instruction in file.meta_args() {
        let Kind::Arg { args: decls } = &instruction.kind else { continue };
        for decl in decls {
            let name = decl.name.unquoted();
            let value = build_args(&name).or_else(|| {
                let default = decl.default.as_ref()?;
                Some(expand_word(default, &|name| args.get(name).map(str::to_owned)))
            });
            let value = value.or_else(|| args.get(&name).map(str::to_owned));
            args.set(name, value);
        }
    }
    args
}

fn expand_word(word: &Word, env: &dyn Fn(&str) -> Option<String>) -> String {
    expand(&word.raw, env, word.escape(), Mode::WORD).unwrap_or_else(|_| word.raw.clone())
}

/// What a stage's instructions see, updated line by line.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Arguments declared in the stage and its parent stages.
    pub args: Args,
    /// ENV values, those of the base image included when the caller put them here.
    pub env: SharedMap<String>,
}

impl Scope {
    /// The value an instruction sees; ENV shadows ARG.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.env.get(name).map(String::as_str).or_else(|| self.args.get(name)).map(str::to_owned)
    }

    /// Whether the name was declared at all.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.env.contains_key(name) || self.args.is_declared(name)
    }

    /// A word with this scope's values; a word that cannot be expanded is given as written.
    #[must_use]
    pub fn expand(&self, word: &Word) -> String {
        expand_word(word, &|name| self.get(name))
    }

    /// Takes an ARG or ENV line into account; others change nothing.
    pub fn apply(
        &mut self,
        instruction: &Instruction,
        globals: &Args,
        build_args: &dyn Fn(&str) -> Option<String>,
    ) {
        match &instruction.kind {
            Kind::Arg { args } => {
                for decl in args {
                    self.declare(decl, globals, build_args);
                }
            }
            Kind::Env { pairs, .. } => {
                // All values of one line are expanded before any of them is set.
                let values: Vec<_> =
                    pairs.iter().map(|pair| (self.expand(&pair.key), self.expand(&pair.value))).collect();
                for (name, value) in values {
                    self.env.insert(name, value);
                }
            }
            _ => {}
        }
    }

    fn declare(&mut self, decl: &ArgDecl, globals: &Args, build_args: &dyn Fn(&str) -> Option<String>) {
        let name = self.expand(&decl.name);
        let value = build_args(&name).or_else(|| match &decl.default {
            Some(default) => Some(self.expand(default)),
            None => globals.get(&name).map(str::to_owned),
        });
        self.args.set(name, value);
    }
}

impl Dockerfile {
    /// The global arguments of a build that is given none: [`global_args`] without arguments.
    #[must_use]
    pub fn globals(&self) -> &Args {
        self.plans.globals.get_or_init(|| global_args(self, &|_| None))
    }

    /// What is seen behind each stage of a build that is given no arguments: [`stage_scopes`] without arguments.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        self.plans.scopes.get_or_init(|| stage_scopes(self, &|_| None))
    }
}

/// The scope behind the last line of each stage, with the scope of a parent stage carried on.
#[must_use]
pub fn stage_scopes(file: &Dockerfile, build_args: &dyn Fn(&str) -> Option<String>) -> Vec<Scope> {
    let globals = global_args(file, build_args);
    let mut scopes: Vec<Scope> = Vec::new();
    for stage in file.stages_with(build_args) {
        let mut scope = match stage.base {
            Base::Stage(index) => scopes.get(index).cloned().unwrap_or_default(),
            Base::Scratch | Base::Image(_) => Scope::default(),
        };
        for instruction in stage.instructions {
            scope.apply(instruction, &globals, build_args);
        }
        scopes.push(scope);
    }
    scopes
}
