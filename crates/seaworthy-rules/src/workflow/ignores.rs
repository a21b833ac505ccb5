//! How far a `# zizmor: ignore[…]` reaches in a workflow: the block zizmor's finding is about.

use seaworthy_finding::Span;
use seaworthy_workflow::{Kind, Node};

/// Blocks that zizmor names as a whole where a rule names a line in them.
const BLOCKS: [&str; 4] = ["on", "env", "credentials", "if"];

/// The places a comment at `at` silences beyond its own line: its step, and the block it stands in.
pub(crate) fn scopes(root: &Node, text: &str, at: usize, names: &[String]) -> Vec<Span> {
    let mut out = Vec::new();
    descend(root, text, at, names, 0, &mut out);
    // What is missing in a workflow is missing in all of it.
    if names.iter().any(|name| name == "excessive-permissions")
        && root.get("permissions").is_none()
        && let Some((key, _)) = root.entries().first()
    {
        out.push(key.span);
    }
    out
}

fn descend(node: &Node, text: &str, at: usize, names: &[String], depth: usize, out: &mut Vec<Span>) {
    let Kind::Map(entries) = &node.kind else { return };
    for (key, value) in entries {
        let block = Span::new(key.span.start, line_end(text, value.span.end.max(key.span.end)));
        // An alias has its place elsewhere.
        if !block.contains(at) || (value.span.start < key.span.start && value.span.end > 0) {
            continue;
        }
        let name = key.as_str().unwrap_or_default();
        if BLOCKS.contains(&name) {
            out.push(block);
        }
        // What is said of a job as a whole stands at its name.
        if depth == 1
            && names.iter().any(|name| name == "excessive-permissions")
            && value.get("permissions").is_none()
        {
            out.push(key.span);
        }
        if depth == 1 && names.iter().any(|name| name == "secrets-outside-env") {
            out.push(block);
        }
        if depth < 8 {
            descend(value, text, at, names, depth + 1, out);
        }
        if name == "steps" {
            let steps = value.items().iter();
            let around = |step: &Node| Span::new(step.span.start, line_end(text, step.span.end));
            out.extend(steps.map(|step| around(step)).filter(|step| step.contains(at)));
        }
    }
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end)
}
