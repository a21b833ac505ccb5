//! Reports variables that nothing defines where they are used.

use crate::{Cx, Sink};
use seaworthy_dockerfile::scope::{Scope, global_args, is_predefined, stage_scopes};
use seaworthy_dockerfile::{Base, Instruction, Kind, VarRef, Word};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Severity, did_you_mean};

declare_rule! {
    name: "undefined-variable",
    summary: "a variable is used that nothing defines",
    passes: "every variable is defined where it is used",
    family: Dockerfile, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["UndefinedVar", "UndefinedArgInFrom", "InvalidDefaultArgInFrom", "x/build-error"], refs: ["Dockerfile reference, ARG: scope"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let globals = global_args(&docker.tree, &|_| None);
        let known_globals: Vec<&str> = globals.names().collect();
        let scopes = stage_scopes(&docker.tree, &|_| None);
        for stage in docker.tree.stages() {
            if let Kind::From { image, .. } = &stage.from.kind {
                let named = matches!(stage.base, Base::Stage(_)) || stage.from.broken;
                from(docker, image, named, &known_globals, &globals, out);
                if let Some(platform) = stage.from.flag_value("platform") {
                    undeclared(
                        docker,
                        platform,
                        &known_globals,
                        &globals,
                        &["UndefinedArgInFrom", "x/build-error"],
                        out,
                    );
                }
            }
            let (mut scope, certain) = match &stage.base {
                Base::Stage(earlier) => (scopes.get(*earlier).cloned().unwrap_or_default(), false),
                Base::Scratch => (Scope::default(), true),
                Base::Image(_) => (Scope::default(), false),
            };
            for item in stage.instructions {
                // Names of one line are seen by later lines only.
                for word in words(item) {
                    for variable in word.variables() {
                        if scope.knows(&variable.name) || !wanting(&variable) {
                            continue;
                        }
                        report(docker, &variable, &known_globals, &scope, certain, out);
                    }
                }
                scope.apply(item, &globals, &|_| None);
            }
        }
    }
}

/// Reports the variables of a word of `FROM` that are no global argument.
fn undeclared(
    docker: &DockerfileFact,
    word: &Word,
    known: &[&str],
    globals: &seaworthy_dockerfile::scope::Args,
    aliases: &[&str],
    out: &mut Sink,
) {
    for variable in word.variables() {
        let declared = globals.is_declared(&variable.name) || is_predefined(&variable.name);
        if !declared && wanting(&variable) {
            let near = did_you_mean(&variable.name, known.iter().copied());
            let help = near.map_or_else(
                || format!("write `ARG {}=…` before the first `FROM`", variable.name),
                |near| format!("did you mean `{near}`?"),
            );
            out.finding(format!("`{}` is no `ARG` before the first `FROM`", variable.name))
                .aliases(aliases)
                .why("it is empty, so the build uses another image than meant, or stops")
                .help(help)
                .at_file(&docker.file, variable.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}

/// Whether a reference gives nothing when the variable is not set.
fn wanting(variable: &VarRef) -> bool {
    let special = variable.name.chars().next().is_none_or(|first| !(first.is_alphabetic() || first == '_'));
    let fallback = variable.operator.as_deref().is_some_and(|sign| sign.contains(['-', '+', '?']));
    !special && !fallback && variable.name != "PATH" && !is_predefined(&variable.name)
}

fn from(
    docker: &DockerfileFact,
    image: &Word,
    named: bool,
    known: &[&str],
    globals: &seaworthy_dockerfile::scope::Args,
    out: &mut Sink,
) {
    undeclared(docker, image, known, globals, &["UndefinedArgInFrom"], out);
    let get = |name: &str| {
        globals.get(name).map(str::to_owned).or_else(|| is_predefined(name).then(|| "x".to_owned()))
    };
    let text = seaworthy_dockerfile::expand::expand(
        &image.raw,
        &get,
        image.escape(),
        seaworthy_dockerfile::expand::Mode::WORD,
    );
    let Ok(text) = text else { return };
    let invalid = text != "scratch" && text.parse::<seaworthy_oci::Reference>().is_err();
    if invalid && !named && !image.has_variable() && !text.is_empty() {
        out.finding(format!("`{text}` is no image name"))
            .aliases(&["InvalidDefaultArgInFrom", "x/build-error"])
            .why("the build stops at this line")
            .help("write `name:tag` in small letters, or `name@sha256:` with 64 hexadecimal digits")
            .at_file(&docker.file, image.span)
            .command(format!("docker build --check -f {} .", docker.file.path));
    }
    if invalid && !named && image.has_variable() {
        let names: Vec<String> = image
            .variables()
            .into_iter()
            .map(|variable| variable.name)
            .filter(|name| globals.get(name).is_none_or(str::is_empty))
            .collect();
        out.finding(format!("without build arguments the base image is `{text}`, which is no name"))
            .aliases(&["InvalidDefaultArgInFrom", "x/build-error"])
            .why("a plain `docker build` stops at this line")
            .help(format!("give {} a default", crate::text::names(&names, 3)))
            .at_file(&docker.file, image.span)
            .command(format!("docker build --check -f {} .", docker.file.path));
    }
}

fn report(
    docker: &DockerfileFact,
    variable: &VarRef,
    globals: &[&str],
    scope: &Scope,
    certain: bool,
    out: &mut Sink,
) {
    let name = variable.name.as_str();
    let global = globals.contains(&name);
    let local = scope.env.keys().map(String::as_str).chain(scope.args.names());
    let near = did_you_mean(name, local).map(str::to_owned);
    let help = match &near {
        _ if global => format!("repeat `ARG {name}` inside of the stage"),
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("declare it with `ARG {name}` or `ENV {name}=…`, or give a default: `${{{name}:-…}}`")
        }
    };
    let message = if global {
        format!("`{name}` is declared before the first `FROM` only, so it is empty in this stage")
    } else if certain || near.is_some() {
        format!("nothing defines `{name}` here, so it is empty")
    } else {
        format!("nothing in this file defines `{name}`; it is empty unless the base image sets it")
    };
    // A base image may define it, so only what the file itself proves is a warning.
    let proven = certain || global || near.is_some();
    out.finding(message)
        .aliases(&["UndefinedVar"])
        .severity(if proven { Severity::Medium } else { Severity::Info })
        .why("the build goes on with an empty value, and paths or versions silently change")
        .help(help)
        .at_file(&docker.file, variable.span)
        .command(format!("docker build --check -f {} .", docker.file.path));
}

/// The words BuildKit expands.
fn words(item: &Instruction) -> Vec<&Word> {
    match &item.kind {
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            let owner = ["chown", "chmod"].into_iter().filter_map(|name| item.flag_value(name));
            sources.iter().chain(dest).chain(owner).collect()
        }
        Kind::Env { pairs, .. } | Kind::Label { pairs, .. } => {
            pairs.iter().flat_map(|pair| [&pair.key, &pair.value]).collect()
        }
        Kind::Arg { args } => args.iter().filter_map(|arg| arg.default.as_ref()).collect(),
        Kind::Expose { ports } => ports.iter().collect(),
        Kind::User(word) | Kind::Workdir(word) | Kind::Stopsignal(word) => vec![word],
        Kind::Volume { paths, .. } => paths.iter().collect(),
        _ => Vec::new(),
    }
}
