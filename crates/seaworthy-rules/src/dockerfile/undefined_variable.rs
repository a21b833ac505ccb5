//! Reports variables that nothing defines where they are used.

use super::env_self_reference;
use crate::{Cx, Sink};
use seaworthy_dockerfile::scope::{PLATFORM_ARGS, Scope, global_args, is_predefined};
use seaworthy_dockerfile::{Base, Instruction, Kind, VarRef, Word};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Persona, Span, did_you_mean};
use std::collections::BTreeSet;

declare_rule! {
    name: "undefined-variable",
    summary: "a variable is used that nothing defines",
    passes: "every variable is defined where it is used",
    family: Dockerfile, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["UndefinedVar", "UndefinedArgInFrom", "InvalidDefaultArgInFrom", "WorkdirRelativePath", "x/build-error"], refs: ["Dockerfile reference, ARG: scope"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    scan(cx, true, out);
}

/// Reports what the file itself proves, or the rest, which only the base image can tell.
pub(crate) fn scan(cx: &Cx<'_>, proven: bool, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let globals = docker.tree.globals();
        let valued = global_args(&docker.tree, &platform);
        let known_globals: Vec<&str> = globals.names().collect();
        let reported: BTreeSet<Span> =
            env_self_reference::found(&docker.tree).into_iter().map(|(span, ..)| span).collect();
        let scopes = docker.tree.scopes();
        let mut roots: Vec<Option<&str>> = Vec::new();
        let stages = docker.tree.stages();
        for stage in &stages {
            if let Kind::From { image, .. } = &stage.from.kind {
                let named = matches!(stage.base, Base::Stage(_)) || stage.from.broken;
                from(docker, image, named, &known_globals, &valued, proven, out);
                if let Some(platform) = stage.from.flag_value("platform") {
                    undeclared(
                        docker,
                        platform,
                        &known_globals,
                        globals,
                        &["UndefinedArgInFrom", "x/build-error"],
                        proven,
                        out,
                    );
                }
            }
            let mut settled = matches!(stage.base, Base::Stage(_));
            let (mut scope, certain) = match &stage.base {
                Base::Stage(earlier) => (
                    scopes.get(*earlier).cloned().unwrap_or_default(),
                    roots.get(*earlier).copied().flatten().is_none(),
                ),
                Base::Scratch => (Scope::default(), true),
                Base::Image(_) => (Scope::default(), false),
            };
            let root = match &stage.base {
                Base::Stage(earlier) => roots.get(*earlier).copied().flatten(),
                Base::Scratch => None,
                Base::Image(name) => Some(base_name(name)),
            };
            roots.push(root);
            for item in stage.instructions {
                // Names of one line are seen by later lines only.
                for word in words(item) {
                    for variable in word.variables() {
                        let known = scope.knows(&variable.name)
                            || root.is_some_and(|base| brings(base, &variable.name))
                            || reported.contains(&variable.span);
                        if known || !wanting(&variable) || (has_fallback(&variable) && proven) {
                            continue;
                        }
                        let first = !settled && matches!(item.kind, Kind::Workdir(_));
                        let alone = first
                            && word.variables().len() == 1
                            && word.unquoted().starts_with('$')
                            && !word.unquoted().contains('/');
                        let exposed = matches!(item.kind, Kind::Expose { .. });
                        let place =
                            Place { docker, exposed, globals: &known_globals, scope: &scope, certain, alone };
                        report(&place, &variable, proven, out);
                    }
                }
                settled |= matches!(item.kind, Kind::Workdir(_));
                scope.apply(item, globals, &|_| None);
            }
        }
    }
}

/// The last part of an image's name, without tag and digest.
fn base_name(name: &str) -> &str {
    let name = name.split('@').next().unwrap_or(name);
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split(':').next().unwrap_or(last)
}

/// Whether a well-known base image sets a variable.
fn brings(base: &str, name: &str) -> bool {
    let sets: &[&str] = match base {
        "python" | "pypy" => &["PYTHON_", "PYPY_", "GPG_KEY", "LANG"],
        "node" => &["NODE_VERSION", "YARN_VERSION"],
        "golang" => &["GOLANG_VERSION", "GOPATH", "GOTOOLCHAIN"],
        "rust" => &["RUSTUP_HOME", "CARGO_HOME", "RUST_VERSION"],
        "ruby" => &["RUBY_", "GEM_HOME", "BUNDLE_", "LANG"],
        "php" => &["PHP_", "PHPIZE_DEPS", "GPG_KEYS"],
        "openjdk" | "eclipse-temurin" | "amazoncorretto" | "ibm-semeru-runtimes" => {
            &["JAVA_", "LANG", "LC_ALL"]
        }
        "maven" | "gradle" | "tomcat" | "jetty" => {
            &["JAVA_", "MAVEN_", "GRADLE_", "CATALINA_", "TOMCAT_", "JETTY_"]
        }
        "nginx" => &["NGINX_VERSION", "NJS_VERSION", "PKG_RELEASE", "DYNPKG_RELEASE"],
        "postgres" => &["PG", "POSTGRES_", "LANG"],
        "mysql" | "mariadb" => &["MYSQL_", "MARIADB_", "GOSU_VERSION"],
        "redis" | "valkey" => &["REDIS_", "VALKEY_", "GOSU_VERSION"],
        "mongo" => &["MONGO_"],
        "elixir" | "erlang" => &["ELIXIR_", "OTP_", "REBAR", "LANG"],
        "perl" => &["PERL_"],
        "julia" => &["JULIA_"],
        "swift" => &["SWIFT_"],
        "buildpack-deps" | "debian" | "ubuntu" | "alpine" | "busybox" | "fedora" => &[],
        _ => return false,
    };
    sets.iter().any(|start| {
        if start.ends_with('_') || *start == "PG" { name.starts_with(start) } else { name == *start }
    })
}

/// Reports the variables of a word of `FROM` that are no global argument.
fn undeclared(
    docker: &DockerfileFact,
    word: &Word,
    known: &[&str],
    globals: &seaworthy_dockerfile::scope::Args,
    aliases: &[&str],
    proven: bool,
    out: &mut Sink,
) {
    for variable in word.variables() {
        let declared = globals.is_declared(&variable.name) || is_predefined(&variable.name);
        if !declared && wanting(&variable) && has_fallback(&variable) != proven {
            let near = did_you_mean(&variable.name, known.iter().copied());
            let help = near.map_or_else(
                || format!("write `ARG {}=…` before the first `FROM`", variable.name),
                |near| format!("did you mean `{near}`?"),
            );
            let aliases = if proven { aliases } else { &["UndefinedArgInFrom"] };
            let why = if proven {
                "it is empty, so the build uses another image than meant, or stops"
            } else {
                "its default is used always, because no build argument can change it"
            };
            out.finding(format!("`{}` is no `ARG` before the first `FROM`", variable.name))
                .aliases(aliases)
                .why(why)
                .help(help)
                .at_file(&docker.file, variable.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}

/// Whether a reference gives nothing when no line of the file declares the name; `PATH` is in every image.
fn wanting(variable: &VarRef) -> bool {
    let special = variable.name.chars().next().is_none_or(|first| !(first.is_alphabetic() || first == '_'));
    !special && variable.name != "PATH"
}

/// Whether a reference says what to do without a value.
fn has_fallback(variable: &VarRef) -> bool {
    variable.operator.as_deref().is_some_and(|sign| sign.contains(['-', '+', '?']))
}

/// What the arguments of the platform are, so that names made of them can be judged.
fn platform(name: &str) -> Option<String> {
    let value = match name {
        "BUILDPLATFORM" | "TARGETPLATFORM" => "linux/amd64",
        "BUILDOS" | "TARGETOS" => "linux",
        "BUILDARCH" | "TARGETARCH" => "amd64",
        "TARGETSTAGE" => "default",
        _ => return None,
    };
    Some(value.to_owned())
}

fn from(
    docker: &DockerfileFact,
    image: &Word,
    named: bool,
    known: &[&str],
    globals: &seaworthy_dockerfile::scope::Args,
    proven: bool,
    out: &mut Sink,
) {
    undeclared(docker, image, known, globals, &["UndefinedArgInFrom"], proven, out);
    if !proven {
        return;
    }
    let get = |name: &str| {
        let other = is_predefined(name) && !globals.is_declared(name);
        globals.get(name).map(str::to_owned).or_else(|| other.then(|| "x".to_owned()))
    };
    let text = seaworthy_dockerfile::expand::expand(
        &image.raw,
        &get,
        image.escape(),
        seaworthy_dockerfile::expand::Mode::WORD,
    );
    let Ok(text) = text else { return };
    let invalid = text != "scratch" && text.parse::<seaworthy_oci::Reference>().is_err();
    if invalid && !named && image.has_variable() {
        let names: Vec<String> = image
            .variables()
            .into_iter()
            .map(|variable| variable.name)
            .filter(|name| globals.get(name).is_none_or(str::is_empty))
            .collect();
        // Who writes `ARG NAME` without a value asks for one, and the build says so by itself.
        let asked = !names.is_empty() && names.iter().all(|name| globals.is_declared(name));
        let message = if text.is_empty() {
            "without build arguments this stage has no base image".to_owned()
        } else {
            format!("without build arguments the base image is `{text}`, which is no name")
        };
        out.finding(message)
            .aliases(&["InvalidDefaultArgInFrom", "x/build-error"])
            .persona(if asked { Persona::Pedantic } else { Persona::Regular })
            .why("a plain `docker build` stops at this line")
            .help(format!("give {} a default", crate::text::names(&names, 3)))
            .at_file(&docker.file, image.span)
            .command(format!("docker build --check -f {} .", docker.file.path));
    }
}

/// Names a misspelt one is compared with.
const MOST: usize = 300;

/// Where a reference stands and what is known there.
struct Place<'a> {
    docker: &'a DockerfileFact,
    /// Whether it stands in `EXPOSE`, where BuildKit says nothing.
    exposed: bool,
    globals: &'a [&'a str],
    scope: &'a Scope,
    /// Whether no base image can set it.
    certain: bool,
    /// Whether it is all there is of the first `WORKDIR`.
    alone: bool,
}

fn report(place: &Place<'_>, variable: &VarRef, proven: bool, out: &mut Sink) {
    let name = variable.name.as_str();
    if has_fallback(variable) {
        out.finding(format!("nothing in this file declares `{name}`, so its default is used always"))
            .aliases(if place.exposed { &[] } else { &["UndefinedVar"] })
            .why("no build argument can change it, and a typing mistake would look the same")
            .help(format!("write `ARG {name}` above, or the default alone"))
            .at_file(&place.docker.file, variable.span)
            .command(format!("docker build --check -f {} .", place.docker.file.path));
        return;
    }
    let global = place.globals.contains(&name) || PLATFORM_ARGS.contains(&name);
    let local = place.scope.env.keys().map(String::as_str).chain(place.scope.args.names());
    let near = did_you_mean(name, local.take(MOST)).map(str::to_owned);
    // A base image may define it, so only what the file itself shows is told to everybody.
    if (place.certain || global || near.is_some()) != proven {
        return;
    }
    let help = match &near {
        _ if global => format!("repeat `ARG {name}` inside of the stage"),
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("declare it with `ARG {name}` or `ENV {name}=…`, or give a default: `${{{name}:-…}}`")
        }
    };
    let message = if PLATFORM_ARGS.contains(&name) {
        format!("`{name}` is empty here: a stage has to ask for it")
    } else if global {
        format!("`{name}` is declared before the first `FROM` only, so it is empty in this stage")
    } else if proven {
        format!("nothing defines `{name}` here, so it is empty")
    } else {
        format!("nothing in this file defines `{name}`; it is empty unless the base image sets it")
    };
    let relative = place.alone && !place.certain;
    out.finding(message)
        .aliases(match (place.exposed, relative) {
            (true, _) => &[],
            (false, true) => &["UndefinedVar", "WorkdirRelativePath"],
            (false, false) => &["UndefinedVar"],
        })
        .why("the build goes on with an empty value, and paths or versions silently change")
        .help(help)
        .at_file(&place.docker.file, variable.span)
        .command(format!("docker build --check -f {} .", place.docker.file.path));
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
