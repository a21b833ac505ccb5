//! Fences that hold a file, or a part of one: Dockerfiles, compose files, workflows and steps of them.

use crate::assemble::{FileKind, fragment};
use seaworthy_dockerfile::ErrorKind;
use seaworthy_facts::{CodeBlock, DocumentFact, Fragment, OffsetTable, ProjectFacts, TextFile};

/// More fences of one document are not read as files.
const MOST: usize = 200;

/// The Dockerfiles and compose files of a document's fences.
pub(crate) fn fragments(document: &DocumentFact, at: usize) -> Vec<Fragment> {
    let blocks = document.code_blocks.iter().filter(|block| !block.text.trim().is_empty());
    blocks
        .filter_map(|block| {
            let (project, pieces, whole) = read(block, &document.file.path)?;
            Some(Fragment { document: at, whole, pieces, project })
        })
        .take(MOST)
        .collect()
}

fn read(block: &CodeBlock, path: &str) -> Option<(ProjectFacts, OffsetTable, bool)> {
    let language = block.language.to_ascii_lowercase();
    let file = || TextFile::new(path, block.text.clone());
    match language.as_str() {
        "dockerfile" | "docker" | "containerfile" => {
            let mut facts = fragment(FileKind::Dockerfile, file());
            for docker in &mut facts.dockerfiles {
                // What a part of a file lacks, it lacks on purpose; what its author left out is no mistake.
                let elided = |line: &str| {
                    let line = line.trim();
                    line.starts_with("...")
                        || line.starts_with('\u{2026}')
                        || line.starts_with("[...")
                        || line.starts_with('<')
                };
                let left_out =
                    block.text.lines().any(elided) || block.text.contains("{{") || block.text.contains("{%");
                let keep = |kind: ErrorKind| match kind {
                    ErrorKind::NoStage | ErrorKind::NoInstructions => false,
                    ErrorKind::UnknownInstruction => !left_out,
                    _ => true,
                };
                let kept: Vec<bool> = docker.errors.iter().map(|error| keep(error.kind)).collect();
                let mut flags = kept.iter();
                docker.problems.retain(|_| flags.next().copied().unwrap_or(true));
                docker.errors.retain(|error| keep(error.kind));
            }
            let whole = facts.dockerfiles.iter().any(|docker| !docker.tree.stages().is_empty());
            Some((facts, block.pieces.clone(), whole))
        }
        "yaml" | "yml" | "compose" => {
            if is_compose(&block.text) {
                return Some((fragment(FileKind::Compose, file()), block.pieces.clone(), true));
            }
            if is_workflow(&block.text) {
                return Some((fragment(FileKind::Workflow, file()), block.pieces.clone(), true));
            }
            let (text, pieces) = steps(block)?;
            Some((fragment(FileKind::Workflow, TextFile::new(path, text)), pieces, false))
        }
        _ => None,
    }
}

/// Whether a YAML text is a compose file: its `services` is a mapping, and no key of a CI system stands beside it.
fn is_compose(text: &str) -> bool {
    let top =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    if ["script", "stages", "before_install", "before_script", "language", "jobs", "on", "apiVersion"]
        .iter()
        .any(|key| top(key))
    {
        return false;
    }
    let mut lines = text.lines().skip_while(|line| line.trim_end() != "services:").skip(1);
    let first = lines.find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    first.is_some_and(|line| {
        line.starts_with([' ', '\t']) && !line.trim_start().starts_with('-') && line.contains(':')
    })
}

/// Whether a YAML text is a GitHub workflow.
fn is_workflow(text: &str) -> bool {
    let top =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    (top("on") || top("\"on\"") || top("true")) && top("jobs")
}

/// Steps of a workflow, with what stands around them in one that runs for branches, tags and pull requests.
fn steps(block: &CodeBlock) -> Option<(String, OffsetTable)> {
    let mut lines =
        block.text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let first = lines.next()?;
    let begins = ["- uses:", "- name:", "- run:", "- id:"].iter().any(|start| first.starts_with(start));
    let action = block.text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        line.starts_with("uses: ") || line.starts_with("run:")
    });
    // Every line belongs to the list, or the block is something else.
    if !begins || !action || lines.any(|line| !line.starts_with([' ', '-'])) {
        return None;
    }
    let mut text =
        String::from("on: [push, pull_request]\njobs:\n  part:\n    runs-on: ubuntu-latest\n    steps:\n");
    let mut pieces = Vec::new();
    let mut at = 0;
    for line in block.text.split_inclusive('\n') {
        text.push_str("    ");
        pieces.push((text.len(), block.pieces.place(at)?));
        text.push_str(line);
        at += line.len();
    }
    Some((text, OffsetTable(pieces)))
}

#[cfg(test)]
mod tests {
    use crate::from_files;
    use seaworthy_finding::Span;

    #[test]
    fn fences_are_read_as_what_they_are() {
        let text = "# a\n\n```dockerfile bad\nFORM x\n```\n\n- x\n\n  ```yaml\n  - uses: a/b@master\n    with:\n      c: d\n  ```\n\n```yaml\nservices:\n  - docker\nscript: x\n```\n\n```yaml\nservices:\n  web:\n    image: a\n```\n\n```dockerfile\nRUN true\n```\n\n```yaml\non: push\njobs: {}\n```\n";
        let facts = from_files(&[("README.md", text)]);
        let kinds: Vec<_> = facts
            .fragments
            .iter()
            .map(|part| {
                (
                    part.project.dockerfiles.len(),
                    part.project.composes.len(),
                    part.project.workflows.len(),
                    part.whole,
                )
            })
            .collect();
        assert_eq!(kinds, [(0, 0, 1, false), (0, 1, 0, true), (1, 0, 0, false), (0, 0, 1, true)]);
        let part = &facts.fragments[0];
        let file = &part.project.workflows[0].file;
        let at = file.text.find("a/b@master").unwrap();
        let span = part.pieces.span(Span::new(at, at + 10)).unwrap();
        assert_eq!(span.of(text), "a/b@master");
        assert!(part.pieces.span(Span::new(0, 2)).is_none());
        assert!(facts.fragments[2].project.dockerfiles[0].problems.is_empty());
    }
}
