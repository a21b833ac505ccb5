//! What BuildKit refuses only once variables have values: image names, platforms, stage references.

use std::collections::BTreeMap;

use crate::check::expanded_words;
use crate::expand::{ExpandError, Expansion, Mode, expand_full};
use crate::mounts::MountType;
use crate::odd::strange_signal;
use crate::reference::{is_digest, is_platform, is_reference};
use crate::scope::{self, Args, Scope};
use crate::stages::{Base, Stage};
use crate::text::short;
use crate::tree::{Dockerfile, ErrorKind, Instruction, Kind, Phase, SyntaxError, Word};

/// Images that set no variable but `PATH` and no directory, so that what the file says is all there is.
const PLAIN: [&str; 6] = ["alpine", "busybox", "debian", "fedora", "scratch", "ubuntu"];

/// What is known at a line of a stage.
#[derive(Debug, Clone, Default)]
struct Known {
    scope: Scope,
    /// Whether the base brings no variables.
    plain: bool,
    /// Whether the working directory is the root.
    at_root: bool,
}

impl Dockerfile {
    /// The errors a build with these `--build-arg` values meets before it runs anything, in order of place. They
    /// are not part of what [`crate::parse`] gives, because a build with other values may have none.
    ///
    /// Platform arguments that `build_args` does not give count as those of a build on Linux for amd64.
    #[must_use]
    pub fn build_errors(&self, build_args: &dyn Fn(&str) -> Option<String>) -> Vec<SyntaxError> {
        let with_platform = |name: &str| build_args(name).or_else(|| platform_value(name));
        let globals = scope::global_args(self, &with_platform);
        let stages = self.stages_with(&with_platform);
        let mut errors = Vec::new();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for stage in &stages {
            check_from(stage, &globals, &names, &mut errors);
            names.extend(stage.name.clone().map(|name| (name, stage.index)));
        }
        let mut behind: Vec<Known> = Vec::new();
        for stage in &stages {
            let mut known = match &stage.base {
                Base::Stage(earlier) => behind.get(*earlier).cloned().unwrap_or_default(),
                Base::Scratch => Known { plain: true, at_root: true, ..Known::default() },
                Base::Image(name) => {
                    let plain = PLAIN.contains(&name.split([':', '@']).next().unwrap_or(name));
                    Known { plain, at_root: plain, ..Known::default() }
                }
            };
            for instruction in stage.instructions {
                check_references(instruction, stage, stages.len(), &names, &mut errors);
                check_checksum(instruction, &mut errors);
                check_values(instruction, &known, &mut errors);
                check_targets(instruction, known.at_root, &mut errors);
                known.at_root &= !matches!(instruction.kind, Kind::Workdir(_));
                known.scope.apply(instruction, &globals, &with_platform);
            }
            behind.push(known);
        }
        errors
    }
}

fn platform_value(name: &str) -> Option<String> {
    let value = match name {
        "BUILDPLATFORM" | "TARGETPLATFORM" => "linux/amd64",
        "BUILDOS" | "TARGETOS" => "linux",
        "BUILDARCH" | "TARGETARCH" => "amd64",
        "BUILDOSVERSION" | "TARGETOSVERSION" | "BUILDVARIANT" | "TARGETVARIANT" => "",
        "TARGETSTAGE" => "default",
        _ => return None,
    };
    Some(value.to_owned())
}

fn push(errors: &mut Vec<SyntaxError>, word: &Word, kind: ErrorKind, message: String) {
    errors.push(SyntaxError { span: word.span, message, kind, fatal: true, phase: Phase::Build });
}

fn expanded(word: &Word, globals: &Args) -> Result<Expansion, ExpandError> {
    expand_full(&word.raw, &|name| globals.get(name).map(str::to_owned), word.escape(), Mode::WORD)
}

/// ` because NAME has no value; …`, or nothing when every variable has one.
fn cause(expansion: &Expansion) -> Option<String> {
    let name = expansion.unmatched.first()?;
    Some(format!(
        "because {name} has no value here; write ARG {name}=value before the first FROM or give --build-arg"
    ))
}

fn check_from(
    stage: &Stage<'_>,
    globals: &Args,
    names: &BTreeMap<String, usize>,
    errors: &mut Vec<SyntaxError>,
) {
    let Kind::From { image, .. } = &stage.from.kind else { return };
    // Broken lines have their error already.
    if stage.from.broken {
        return;
    }
    if let Ok(found) = expanded(image, globals)
        && !names.contains_key(&found.text)
        && !is_reference(&found.text)
    {
        let text = short(&found.text);
        let lower = found.text.to_lowercase();
        let message = match cause(&found) {
            Some(cause) => format!("the image's name becomes {text:?} {cause}"),
            None if names.contains_key(&lower) => {
                format!("FROM looks stages up in lowercase; write FROM {lower}")
            }
            None if found.text.contains("://") => {
                let rest = found.text.split_once("://").map_or("", |(_, rest)| rest);
                format!("an image's name has no {}; write {}", "https://", short(rest))
            }
            None if is_reference(&lower) => format!("image names are lowercase; write {}", short(&lower)),
            None => format!("{text:?} is no image name; write name:tag or name@sha256: and 64 digits"),
        };
        push(errors, image, ErrorKind::BadReference, message);
    }
    // `--platform=` is no flag at all, a variable without a value is an error.
    if let Some(platform) = stage.from.flag_value("platform").filter(|word| !word.unquoted().is_empty())
        && let Ok(found) = expanded(platform, globals)
        && !is_platform(&found.text)
    {
        let text = short(&found.text);
        let message = match cause(&found) {
            Some(cause) => format!("the platform becomes {text:?} {cause}"),
            None => format!("{text:?} is no platform; write one such as linux/amd64"),
        };
        push(errors, platform, ErrorKind::BadFlagValue, message);
    }
}

/// `COPY --from` and `RUN --mount=from=` cannot name their own stage, a later one, or an index that does not exist.
fn check_references(
    instruction: &Instruction,
    stage: &Stage<'_>,
    count: usize,
    names: &BTreeMap<String, usize>,
    errors: &mut Vec<SyntaxError>,
) {
    if let Kind::Run(_) = instruction.kind {
        check_mounts(instruction, stage, names, errors);
        return;
    }
    let Kind::Copy { .. } = instruction.kind else { return };
    let Some(from) = instruction.flag_value("from").filter(|from| !from.has_variable()) else { return };
    let number = from.raw.parse().ok();
    let named = names.get(&from.raw.to_lowercase()).copied();
    let Some(index) = number.or(named) else {
        if !from.raw.is_empty() && !is_reference(&from.raw) {
            let message = format!("{:?} is neither a stage nor the name of an image", short(&from.raw));
            push(errors, from, ErrorKind::BadReference, message);
        }
        return;
    };
    if index == stage.index {
        let message = "a stage cannot copy from itself; name an earlier stage".to_owned();
        push(errors, from, ErrorKind::BadReference, message);
    } else if index >= count {
        let message =
            format!("there is no stage {index}; the file has {count}, counted from 0; write a stage's name");
        push(errors, from, ErrorKind::BadReference, message);
    } else if index > stage.index {
        let message = "this stage comes later; move it up, above the stage that copies from it".to_owned();
        push(errors, from, ErrorKind::BadReference, message);
    }
}

fn check_mounts(
    instruction: &Instruction,
    stage: &Stage<'_>,
    names: &BTreeMap<String, usize>,
    errors: &mut Vec<SyntaxError>,
) {
    for mount in instruction.mounts() {
        let from = mount.fields.iter().rfind(|field| field.key == "from");
        let Some((field, value)) = from.and_then(|field| Some((field, field.value.as_deref()?))) else {
            continue;
        };
        if value.contains('$') || value.is_empty() {
            continue;
        }
        let message = match names.get(&value.to_lowercase()) {
            Some(index) if *index < stage.index => continue,
            Some(index) if *index == stage.index => {
                "a stage cannot mount itself; name an earlier stage".to_owned()
            }
            Some(_) => "this stage comes later; move it up, above the stage that mounts it".to_owned(),
            None if is_reference(value) => continue,
            None => format!("{:?} is neither a stage nor the name of an image", short(value)),
        };
        let span = field.value_span.unwrap_or(field.span);
        errors.push(SyntaxError {
            span,
            message,
            kind: ErrorKind::BadReference,
            fatal: true,
            phase: Phase::Build,
        });
    }
}

/// A volume cannot be empty, a signal must be one, and `${NAME:?}` asks for a value.
fn check_values(instruction: &Instruction, known: &Known, errors: &mut Vec<SyntaxError>) {
    if instruction.broken {
        return;
    }
    let volume = matches!(instruction.kind, Kind::Volume { .. });
    let signal = matches!(instruction.kind, Kind::Stopsignal(_));
    for word in expanded_words(instruction) {
        let varies = word.has_variable();
        let asks = word.raw.contains('?');
        if (varies && !known.plain) || (!varies && !volume && !signal) || !(volume || signal || asks) {
            continue;
        }
        let get = |name: &str| known.scope.get(name);
        let found = match expand_full(&word.raw, &get, word.escape(), Mode::WORD) {
            Ok(found) => found.text,
            Err(error @ ExpandError::Required { .. }) => {
                push(errors, word, ErrorKind::BadWord, error.to_string());
                continue;
            }
            Err(_) => continue,
        };
        let name = word.variables().first().map(|variable| variable.name.clone());
        let message = match (found.is_empty(), name) {
            // What is written without variables has its error already, but for quotes around nothing.
            (true, _) if word.raw.is_empty() => continue,
            (true, Some(name)) if volume || signal => {
                format!("{name} has no value here; write ARG {name}=value")
            }
            (true, None) if volume => "a volume has a path; write VOLUME /data".to_owned(),
            (true, None) if signal => "a signal has a name; write STOPSIGNAL SIGTERM".to_owned(),
            (false, Some(_)) if signal => match strange_signal(&found) {
                Some(message) => message,
                None => continue,
            },
            _ => continue,
        };
        push(errors, word, ErrorKind::BadWord, message);
    }
}

/// Nothing is mounted over the root; a target without a path is the working directory.
fn check_targets(instruction: &Instruction, at_root: bool, errors: &mut Vec<SyntaxError>) {
    if !matches!(instruction.kind, Kind::Run(_)) {
        return;
    }
    for flag in instruction.flags.iter().filter(|flag| flag.name == "mount") {
        let Some(value) = &flag.value else { continue };
        let mount = crate::mounts::parse(value);
        let placed = matches!(mount.typ, Some(MountType::Bind | MountType::Cache | MountType::Tmpfs));
        if !placed || !mount.problems.is_empty() {
            continue;
        }
        let target = mount.target().unwrap_or_default();
        let nowhere = target.split('/').all(|part| matches!(part, "" | "."));
        if nowhere && (at_root || target.starts_with('/')) {
            let message = "nothing can be mounted over the root; write target=/directory".to_owned();
            push(errors, value, ErrorKind::BadMount, message);
        }
    }
}

/// `ADD --checksum` takes a whole digest, and sources from the network only.
fn check_checksum(instruction: &Instruction, errors: &mut Vec<SyntaxError>) {
    let Kind::Add { sources, .. } = &instruction.kind else { return };
    let Some(checksum) = instruction.flag_value("checksum").filter(|word| !word.raw.is_empty()) else {
        return;
    };
    let remote = |raw: &str| {
        ["http://", "https://", "git://", "git@", "ssh://"].iter().any(|start| raw.starts_with(start))
    };
    if sources.len() > 1 {
        let message = "--checksum is for one source; write an ADD for each".to_owned();
        push(errors, checksum, ErrorKind::BadFlagValue, message);
    } else if let Some(local) =
        sources.iter().find(|source| !source.has_variable() && !remote(&source.unquoted()))
    {
        let message =
            "--checksum works for sources from the network only; remove it or write a URL".to_owned();
        push(errors, local, ErrorKind::BadFlagValue, message);
    } else if !checksum.has_variable() && checksum.raw.contains(':') && !is_digest(&checksum.raw) {
        let message = "the checksum is cut short; write sha256: and 64 hexadecimal digits".to_owned();
        push(errors, checksum, ErrorKind::BadFlagValue, message);
    }
}
