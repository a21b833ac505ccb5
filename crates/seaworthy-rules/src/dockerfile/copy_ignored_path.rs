//! Reports sources of `COPY` and `ADD` that the ignore file leaves out.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_dockerfile::ignore::IgnoreFile;

declare_rule! {
    name: "copy-ignored-path",
    summary: "a copied path is left out by the ignore file",
    passes: "no copied path is left out by the ignore file",
    family: Dockerfile, category: Truth, severity: High, confidence: High, persona: Regular,
    aliases: ["CopyIgnoredFile"], refs: ["Docker build context, .dockerignore"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for docker in &project.dockerfiles {
        let Some(ignore) = docker.ignore.and_then(|at| project.ignores.get(at)) else { continue };
        for item in &docker.tree.instructions {
            let (Kind::Copy { sources, .. } | Kind::Add { sources, .. }) = &item.kind else { continue };
            if item.flag("from").is_some() {
                continue;
            }
            for source in sources {
                let text = source.unquoted();
                let path = text.trim_start_matches("./").trim_matches('/');
                let remote = text.contains("://") || text.starts_with("git@");
                if (path.is_empty() || path == ".") && everything(&ignore.patterns) {
                    out.finding(format!(
                        "`{}` leaves out everything, so `{text}` copies nothing",
                        ignore.file.path
                    ))
                    .why("the image lacks the files it is built for")
                    .help(format!("add exceptions such as `!src` to `{}`", ignore.file.path))
                    .at_file(&docker.file, source.span)
                    .command(format!("docker build --check -f {} .", docker.file.path));
                    continue;
                }
                if path.is_empty() || path == "." || remote || path.contains(['*', '?', '[', '$']) {
                    continue;
                }
                if ignore.patterns.matches(path) != Ok(true) {
                    continue;
                }
                // An exception may bring back something below a directory that is left out.
                if ignore.patterns.patterns.iter().any(|pattern| {
                    pattern.negated
                        && pattern
                            .text
                            .trim_start_matches('!')
                            .trim_matches('/')
                            .starts_with(&format!("{path}/"))
                }) {
                    continue;
                }
                out.finding(format!("`{text}` is left out of the build context by `{}`", ignore.file.path))
                    .why("the build stops here: the file is not found")
                    .help(format!("add `!{path}` to `{}`, or do not copy it", ignore.file.path))
                    .at_file(&docker.file, source.span)
                    .command(format!("docker build --check -f {} .", docker.file.path));
            }
        }
    }
}

/// Whether the patterns leave out every file and make no exception.
fn everything(patterns: &IgnoreFile) -> bool {
    let all = patterns.patterns.iter().any(|pattern| matches!(pattern.text.as_str(), "*" | "**" | "**/*"));
    all && !patterns.patterns.iter().any(|pattern| pattern.negated)
}
