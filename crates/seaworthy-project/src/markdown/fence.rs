//! Fences that hold a file, or a part of one.

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
            let (project, pieces) = read(block, &document.file.path)?;
            Some(Fragment { document: at, pieces, project })
        })
        .take(MOST)
        .collect()
}

fn read(block: &CodeBlock, path: &str) -> Option<(ProjectFacts, OffsetTable)> {
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
            Some((facts, block.pieces.clone()))
        }
        "yaml" | "yml" | "compose" => {
            let top = |key: &str| {
                block
                    .text
                    .lines()
                    .any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
            };
            top("services").then(|| (fragment(FileKind::Compose, file()), block.pieces.clone()))
        }
        _ => None,
    }
}
