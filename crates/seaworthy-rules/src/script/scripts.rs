//! The commands of every `RUN`, read once for all rules.

use super::shell::{self, Simple};
use seaworthy_dockerfile::Instruction;
use seaworthy_facts::{DockerfileFact, Facts};
use std::cell::OnceCell;

/// The commands of a file's instructions, by where each begins and in order.
type Read = Vec<(usize, Vec<Simple>)>;

/// Commands by Dockerfile.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    files: Vec<OnceCell<Read>>,
}

impl Scripts {
    /// Nothing is read before a rule asks.
    pub(crate) fn new(facts: &Facts) -> Self {
        let files = facts.project.as_ref().map_or(0, |project| project.dockerfiles.len());
        Self { files: (0..files).map(|_| OnceCell::new()).collect() }
    }

    /// The commands of an instruction of the file at that place of the project's list; none of other instructions.
    pub(crate) fn commands(&self, at: usize, docker: &DockerfileFact, item: &Instruction) -> &[Simple] {
        let Some(file) = self.files.get(at) else { return &[] };
        let read = file.get_or_init(|| {
            let all = docker.tree.instructions.iter();
            all.map(|item| (item.span.start, shell::commands(item)))
                .filter(|(_, found)| !found.is_empty())
                .collect()
        });
        let known = read.binary_search_by_key(&item.span.start, |(start, _)| *start);
        known.ok().and_then(|known| read.get(known)).map_or(&[], |(_, found)| found.as_slice())
    }
}
