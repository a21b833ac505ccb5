//! Rules over the policy itself and the comments that silence findings.

mod expired_waiver;
mod unexplained_suppression;
mod unexplained_waiver;
mod unused_foreign_suppression;
mod unused_suppression;
mod unused_waiver;

rules![
    unused_waiver,
    expired_waiver,
    unexplained_waiver,
    unused_suppression,
    unused_foreign_suppression,
    unexplained_suppression,
];

use crate::{Cx, WaiverUse};
use seaworthy_facts::TextFile;

/// The text file of a path, of whatever kind it is.
pub(crate) fn file<'a>(cx: &Cx<'a>, path: &str) -> Option<&'a TextFile> {
    let project = cx.project()?;
    let mut files = project
        .dockerfiles
        .iter()
        .map(|known| &known.file)
        .chain(project.ignores.iter().map(|known| &known.file))
        .chain(project.composes.iter().map(|known| &known.file))
        .chain(project.workflows.iter().map(|known| &known.file))
        .chain(project.actions.iter().map(|known| &known.file))
        .chain(project.pipelines.iter().map(|known| &known.file))
        .chain(project.documents.iter().map(|known| &known.file));
    files.find(|file| file.path == path)
}

/// The waiver's rule and path in words.
pub(crate) fn subject(waiver: &WaiverUse) -> String {
    let place = waiver.path.as_ref().map(|path| format!(" at `{path}`")).unwrap_or_default();
    let value = waiver.sha256.as_ref().map(|sum| format!(" with SHA-256 `{sum}`")).unwrap_or_default();
    format!("waiver {} (`{}`{place}{value})", waiver.number, waiver.rule)
}
