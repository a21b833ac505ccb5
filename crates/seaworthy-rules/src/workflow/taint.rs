//! Which values strangers choose: anybody who can open an issue or a pull request.

use seaworthy_workflow::expr::{Expr, ExprKind, Reference, Segment};

/// Texts that strangers write, as paths in lower case; `*` stands for any item.
const UNTRUSTED: [&str; 27] = [
    "github.head_ref",
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.pull_request.head.repo.default_branch",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.review_comment.body",
    "github.event.discussion.title",
    "github.event.discussion.body",
    "github.event.pages.*.page_name",
    "github.event.commits.*.message",
    "github.event.commits.*.author.email",
    "github.event.commits.*.author.name",
    "github.event.head_commit.message",
    "github.event.head_commit.author.email",
    "github.event.head_commit.author.name",
    "github.event.workflow_run.head_branch",
    "github.event.workflow_run.head_commit.message",
    "github.event.workflow_run.head_commit.author.email",
    "github.event.workflow_run.head_commit.author.name",
    "github.event.workflow_run.pull_requests.*.head.ref",
    "github.event.merge_group.head_commit.message",
    "github.event.merge_group.head_commit.author.name",
];

/// Whether strangers choose the text a reference stands for.
pub(crate) fn untrusted(reference: &Reference) -> bool {
    UNTRUSTED.iter().any(|known| {
        let mut parts = known.split('.');
        if parts.next() != Some(reference.root.as_str()) {
            return false;
        }
        let mut parts = parts.peekable();
        for segment in &reference.segments {
            let Some(part) = parts.next() else { return false };
            let fits = match segment {
                Segment::Name(name) => part == name || part == "*",
                Segment::Star => true,
                Segment::Index => part == "*",
            };
            if !fits {
                return false;
            }
        }
        parts.peek().is_none()
    })
}

/// The references in an expression whose text strangers choose and that reach its result: not those that are only
/// compared or looked for.
pub(crate) fn in_result(expr: &Expr) -> Vec<Reference> {
    let mut out = Vec::new();
    collect(expr, &mut out);
    out
}

fn collect(expr: &Expr, out: &mut Vec<Reference>) {
    match &expr.kind {
        ExprKind::Compare(..) | ExprKind::Not(_) => {}
        ExprKind::Call(name, _, items) => {
            let lower = name.to_ascii_lowercase();
            let answers = ["contains", "startswith", "endswith", "hashfiles", "always", "success"];
            if !answers.contains(&lower.as_str()) {
                for item in items {
                    collect(item, out);
                }
            }
        }
        // Of `a && b` the result is `b` or something false; of `a || b` either.
        ExprKind::And(items) | ExprKind::Or(items) => {
            for item in items {
                collect(item, out);
            }
        }
        _ => out.extend(expr.reference().filter(untrusted)),
    }
}
