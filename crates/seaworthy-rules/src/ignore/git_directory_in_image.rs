//! Reports a `COPY` of the whole context that takes `.git` into the image although there is an ignore file.

use super::is_broad;
use crate::dockerfile::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "git-directory-in-image",
    summary: "the repository's history reaches the image",
    passes: "`.git` stays out of the image",
    family: Ignore, category: Security, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: [], refs: ["Docker build context, .dockerignore"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for docker in cx.dockerfiles() {
        let Some(ignore) = docker.ignore.and_then(|at| project.ignores.get(at)) else { continue };
        let git =
            if docker.context.is_empty() { ".git".to_owned() } else { format!("{}/.git", docker.context) };
        let present = project
            .context
            .iter()
            .any(|entry| entry.path == git || entry.path.starts_with(&format!("{git}/")));
        if !present || ignore.patterns.matches(".git") != Ok(false) {
            continue;
        }
        let chain = final_chain(&docker.tree);
        let mut items = chain.iter().flat_map(|stage| stage.instructions.iter());
        let source = items.find_map(|item| {
            let (Kind::Copy { sources, .. } | Kind::Add { sources, .. }) = &item.kind else { return None };
            if item.flag("from").is_some() || item.flag("exclude").is_some() {
                return None;
            }
            sources.iter().find(|source| is_broad(&source.unquoted()))
        });
        // What only a build stage copies stays out of the image.
        let Some(source) = source else { continue };
        let text = &ignore.file.text;
        let end = text.len();
        let line =
            if text.is_empty() || text.ends_with('\n') { ".git\n".to_owned() } else { "\n.git\n".to_owned() };
        let mut finding = out
            .finding(format!(
                "`COPY {}` takes `.git` into the image: `{}` does not name it",
                source.unquoted(),
                ignore.file.path
            ))
            .why("the history holds every file that was ever committed, and each commit changes the layer")
            .help(format!("add `.git` to `{}`", ignore.file.path))
            .at_file(&docker.file, source.span)
            .command(format!("grep -n git {}", ignore.file.path));
        if !ignore.patterns.has_exceptions() {
            let edit = Edit { span: Span::new(end, end), text: line };
            finding = finding.fix(Applicability::Unsafe, "Add `.git`", &ignore.file, vec![edit]);
        }
        let _ = finding;
    }
}
