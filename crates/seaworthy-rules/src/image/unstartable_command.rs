//! Reports a command that the container cannot start.

use crate::{Cx, Sink};
use seaworthy_facts::{FileFact, FileKind, ImageFacts};

declare_rule! {
    name: "unstartable-command",
    summary: "the container cannot start what the image names",
    passes: "the container can start what the image names",
    family: Image, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["execve(2)", "ld.so(8)"],
}

/// The file a command names, found as the runtime finds it: by its path, or on the image's `PATH`.
pub(crate) fn find<'a>(image: &'a ImageFacts, command: &str) -> Result<&'a FileFact, String> {
    let config = &image.config.config;
    if command.contains('/') {
        let path = if command.starts_with('/') {
            command.to_owned()
        } else {
            format!("{}/{command}", config.working_dir)
        };
        return image.resolve(&path).ok_or_else(|| "there is no such file in the image".to_owned());
    }
    let path =
        config.env_value("PATH").unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let found = path.split(':').filter_map(|folder| image.resolve(&format!("{folder}/{command}")));
    let mut found = found.filter(|file| file.kind == FileKind::File);
    found.next().ok_or_else(|| format!("it is in no directory of `PATH` ({path})"))
}

/// Why a file cannot be executed; nothing where it can, as far as the image shows.
fn cannot_run(image: &ImageFacts, file: &FileFact, depth: usize) -> Option<String> {
    let path = &file.path;
    if file.kind == FileKind::Directory {
        return Some(format!("`{path}` is a directory"));
    }
    if file.mode & 0o111 == 0 {
        return Some(format!("`{path}` has mode {:04o}, no execute bit", file.mode & 0o7777));
    }
    if file.size == 0 && file.link.is_none() {
        return Some(format!("`{path}` is empty"));
    }
    if let Some(script) = image.scripts.iter().find(|script| script.path == *path) {
        let interpreter = &script.interpreter;
        if interpreter.ends_with('\r') {
            return Some(format!(
                "the first line of `{path}` ends in a carriage return, which is taken for part of the interpreter's name"
            ));
        }
        return match image.resolve(interpreter) {
            None => Some(format!("its interpreter `{interpreter}` is not in the image")),
            // The kernel follows a few interpreters of interpreters.
            Some(next) if depth < 4 => cannot_run(image, next, depth + 1),
            Some(_) => None,
        };
    }
    let binary = image.binaries.iter().find(|binary| binary.path == *path)?;
    let loader = binary.interpreter.as_deref()?;
    image.resolve(loader).is_none().then(|| format!("its dynamic loader `{loader}` is not in the image"))
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let config = &image.config.config;
    let argv = config.argv();
    let Some(command) = argv.first().filter(|word| !word.is_empty()) else {
        out.not_applicable("the image names no command");
        return;
    };
    if image.files.is_empty() || command.contains('$') {
        out.not_run("what is started is not known");
        return;
    }
    let problem = match find(image, command) {
        Err(problem) => Some(problem),
        Ok(file) => cannot_run(image, file, 0),
    };
    let Some(problem) = problem else {
        out.observed(format!("`{command}` can be started"));
        return;
    };
    let field = if config.entrypoint.is_empty() { "config.Cmd" } else { "config.Entrypoint" };
    out.finding(format!("`{command}` cannot be started: {problem}"))
        .why("the container ends before the first line of the service runs")
        .help("copy the program and what it needs into the last stage, with its mode, and name it by its full path")
        .at_config(field)
        .command("docker run --rm IMAGE");
}
