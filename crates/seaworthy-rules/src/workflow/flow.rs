//! Which references of an expression end up in its value, and who decides what they say.

use seaworthy_workflow::expr::{Expr, ExprKind, Reference};

/// A part of an expression whose value ends up in the whole.
pub(crate) struct Flow<'a> {
    /// The part.
    pub(crate) expr: &'a Expr,
    /// The reference it is, where it is one.
    pub(crate) reference: Option<Reference>,
}

/// The references whose values are part of the expression's value: of `a && b` only `b`, of a comparison none.
pub(crate) fn flows(expr: &Expr) -> Vec<Flow<'_>> {
    let mut out = Vec::new();
    collect(expr, &mut out);
    out
}

fn collect<'a>(expr: &'a Expr, out: &mut Vec<Flow<'a>>) {
    match &expr.kind {
        ExprKind::Call(name, _, arguments) => match name.to_ascii_lowercase().as_str() {
            "tojson" | "fromjson" | "format" | "join" => {
                for argument in arguments {
                    collect(argument, out);
                }
            }
            "case" => {
                let values = arguments.iter().skip(1).step_by(2);
                // An odd number of arguments ends with the default.
                let default = arguments.last().filter(|_| arguments.len() % 2 == 1);
                for argument in values.chain(default) {
                    collect(argument, out);
                }
            }
            _ => {}
        },
        ExprKind::And(items) => {
            if let Some(last) = items.last() {
                collect(last, out);
            }
        }
        ExprKind::Or(items) => {
            for item in items {
                collect(item, out);
            }
        }
        ExprKind::Context(_) | ExprKind::Property(..) | ExprKind::Index(..) | ExprKind::Star(_) => {
            out.push(Flow { expr, reference: expr.reference() });
        }
        _ => {}
    }
}

/// The leaves an expression may evaluate to: literals, references, calls.
pub(crate) fn leaves(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::And(items) => items.last().map(leaves).unwrap_or_default(),
        ExprKind::Or(items) => items.iter().flat_map(leaves).collect(),
        _ => vec![expr],
    }
}

/// Parts of an event that people write who may not push: `github.event.` and one of these.
const OUTSIDE: [&str; 15] = [
    "answer",
    "changes",
    "check_run",
    "check_suite",
    "comment",
    "commits",
    "discussion",
    "forkee",
    "head_commit",
    "issue",
    "pages",
    "pull_request",
    "review",
    "sender",
    "workflow_run",
];

/// Parts below those that the repository itself decides.
const INSIDE: [&str; 6] = ["base", "base_ref", "repository", "organization", "installation", "milestone"];

/// Fields that hold a number, a switch, a date, a word of a fixed list or an object id.
const FIXED: [&str; 58] = [
    "+1",
    "-1",
    "active_lock_reason",
    "additions",
    "after",
    "archived",
    "author_association",
    "before",
    "changed_files",
    "closed_at",
    "comments",
    "commits",
    "completed_at",
    "conclusion",
    "confused",
    "created_at",
    "deletions",
    "draft",
    "due_on",
    "eyes",
    "fork",
    "forks",
    "forks_count",
    "forced",
    "has_issues",
    "head_sha",
    "heart",
    "hooray",
    "id",
    "laugh",
    "locked",
    "maintainer_can_modify",
    "merge_commit_sha",
    "mergeable",
    "merged",
    "merged_at",
    "node_id",
    "number",
    "open_issues",
    "position",
    "prerelease",
    "private",
    "pushed_at",
    "rebaseable",
    "review_comments",
    "rocket",
    "run_attempt",
    "run_number",
    "run_started_at",
    "sha",
    "side",
    "site_admin",
    "size",
    "stargazers_count",
    "state",
    "total_count",
    "updated_at",
    "workflow_id",
];

/// Whether people outside of the project decide what a reference says.
pub(crate) fn from_outside(reference: &Reference) -> bool {
    if reference.root != "github" {
        return false;
    }
    let names: Vec<&str> =
        (0..reference.segments.len()).map(|at| reference.name(at).unwrap_or("*")).collect();
    match names.split_first() {
        // The whole context, or the whole event, has everything in it.
        None => true,
        Some((&"head_ref", _)) => true,
        Some((&"event", rest)) => match rest.split_first() {
            None => true,
            Some((part, inner)) => {
                let fixed = inner.last().is_some_and(|leaf| FIXED.contains(leaf));
                let inside = inner.iter().any(|name| INSIDE.contains(name)) && !inner.contains(&"head");
                OUTSIDE.contains(part) && !fixed && !inside
            }
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_workflow::expr::parse;

    #[test]
    fn values_flow_through_some_operators_only() {
        for (text, want) in [
            ("github.a == 'x'", 0),
            ("github.a && github.b", 1),
            ("github.a || github.b || 'c'", 2),
            ("format('{0}{1}', github.a, toJSON(github.b))", 2),
            ("contains(github.a, 'x')", 0),
            ("fromJSON(github.a).b", 1),
            ("case(github.a, github.b, github.c)", 2),
        ] {
            assert_eq!(flows(&parse(text).unwrap()).len(), want, "{text}");
        }
    }

    #[test]
    fn only_what_strangers_write_comes_from_outside() {
        for (text, want) in [
            ("github.event.issue.title", true),
            ("github.event['pull_request'].head.ref", true),
            ("github.event.pull_request.head.repo.full_name", true),
            ("github.event.commits[0].message", true),
            ("github.event.commits.*.author.name", true),
            ("github.head_ref", true),
            ("github.event", true),
            ("github.event.pull_request.number", false),
            ("github.event.pull_request.head.sha", false),
            ("github.event.pull_request.base.ref", false),
            ("github.event.repository.name", false),
            ("github.event.inputs.version", false),
            ("github.ref_name", false),
            ("inputs.name", false),
        ] {
            let reference = parse(text).unwrap().reference().unwrap();
            assert_eq!(from_outside(&reference), want, "{text}");
        }
    }
}
