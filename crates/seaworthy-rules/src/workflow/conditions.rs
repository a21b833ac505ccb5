//! The `if` of jobs and steps.

use super::steps::groups;
use crate::Cx;
use seaworthy_facts::TextFile;
use seaworthy_workflow::expr::Expr;
use seaworthy_workflow::{Condition, Workflow};
use std::collections::BTreeSet;

/// A condition and where it stands.
pub(crate) struct Asked<'a> {
    pub(crate) file: &'a TextFile,
    pub(crate) workflow: Option<&'a Workflow>,
    pub(crate) condition: &'a Condition,
}

/// Every `if`, once for each place.
pub(crate) fn conditions<'a>(cx: &Cx<'a>) -> Vec<Asked<'a>> {
    let mut out = Vec::new();
    let mut seen = BTreeSet::new();
    for group in groups(cx) {
        let of_job = group.job.and_then(|job| job.condition.as_ref());
        let of_steps = group.steps.iter().filter_map(|step| step.condition.as_ref());
        for condition in of_job.into_iter().chain(of_steps) {
            if seen.insert((group.file.path.as_str(), condition.text.span.start)) {
                out.push(Asked { file: group.file, workflow: group.workflow, condition });
            }
        }
    }
    out
}

impl<'a> Asked<'a> {
    /// What the condition says: its first expression in braces, or the whole.
    pub(crate) fn expr(&self) -> Option<&'a Expr> {
        let fenced = self.condition.text.expressions().next();
        fenced.or_else(|| self.condition.expr.as_ref().and_then(|expr| expr.as_ref().ok()))
    }
}
