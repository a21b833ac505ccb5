//! The structure tests of a report.

use seaworthy_facts::StructureFacts;
use seaworthy_finding::Report;

/// The structure tests, where any were run.
pub(crate) fn facts(report: &Report) -> Option<StructureFacts> {
    serde_json::from_value(report.facts.get("structure")?.clone()).ok()
}
