//! Reports links of documents to files that do not exist.

use crate::{Cx, Sink};
use seaworthy_facts::Spanned;
use std::collections::BTreeMap;
use std::path::Path;

declare_rule! {
    name: "broken-link",
    summary: "a document links to a file that does not exist",
    passes: "every relative link leads to a file",
    family: Document, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: ["claims.paths"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    if project.context.is_empty() || project.context_truncated {
        out.not_run("the files of the project were not listed completely");
        return;
    }
    let paths = project.paths();
    for document in &project.documents {
        let name = document.file.path.rsplit('/').next().unwrap_or_default().to_lowercase();
        // A site's pages link to each other by names that only its generator knows.
        let page = !name.starts_with("readme") && document.file.path.contains('/');
        let base = document.file.path.rsplit_once('/').map_or("", |(base, _)| base);
        // A page that is linked to from every row of a table is missing once.
        let mut missing: BTreeMap<String, (&Spanned<String>, usize)> = BTreeMap::new();
        for link in &document.links {
            let Some(path) = resolve(base, &link.value) else { continue };
            // What lies below a directory that is not walked is unknown.
            let skipped = ["target", "node_modules", ".git"]
                .iter()
                .any(|name| path.split('/').any(|part| part == *name));
            let generated = page && Path::new(&link.value).extension().is_none_or(|ending| ending != "md");
            if path.is_empty() || skipped || generated || paths.contains(path.as_str()) {
                continue;
            }
            missing.entry(path).and_modify(|(_, more)| *more += 1).or_insert((link, 0));
        }
        for (path, (link, more)) in missing {
            let message = match more {
                0 => format!("`{}` does not exist", link.value),
                1 => format!("`{}` does not exist; one more link leads there", link.value),
                more => format!("`{}` does not exist; {more} more links lead there", link.value),
            };
            out.finding(message)
                .why("the reader ends at an error page")
                .help("correct the path, or remove the link")
                .at_file(&document.file, link.span)
                .command(format!("ls {path}"));
        }
    }
}

/// The path a link leads to, or nothing where it leaves the project.
fn resolve(base: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
