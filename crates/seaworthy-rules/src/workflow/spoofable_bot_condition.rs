//! Reports conditions that ask who runs the workflow where they mean who wrote the change.

use super::conditions::conditions;
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Confidence, Edit};
use seaworthy_workflow::Workflow;
use seaworthy_workflow::expr::{Compare, Expr, ExprKind};

declare_rule! {
    name: "spoofable-bot-condition",
    summary: "a condition trusts a bot's name that others can carry",
    passes: "no condition trusts a bot's name that others can carry",
    family: Workflow, category: Security, severity: Medium, confidence: Medium, persona: Pedantic, fix: Unsafe,
    aliases: ["zizmor/bot-conditions"], refs: ["GitHub documentation, contexts, github.actor"],
}

/// Numbers of well-known bots and of their applications.
const BOT_IDS: [&str; 4] = ["29110", "49699333", "27856297", "29139614"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for asked in conditions(cx) {
        let Some(found) = asked.expr().and_then(bot_condition) else { continue };
        let name = found.actor.span.of(&asked.file.text);
        let finding = out
            .finding(format!("`{name}` is who caused the latest event, not who wrote the change"))
            .why("a stranger's pull request whose last push the bot made passes, with the stranger's commits below")
            .help("ask for the author: `github.event.pull_request.user.login`")
            .confidence(if found.decides { Confidence::High } else { Confidence::Medium })
            .at_file(asked.file, found.whole.span)
            .command(format!("grep -n '\\[bot\\]' {}", asked.file.path));
        let id = name.to_ascii_lowercase().contains("actor_id");
        if let Some(author) = asked.workflow.and_then(|workflow| author(workflow, id)) {
            let edits = vec![Edit { span: found.actor.span, text: author }];
            finding.fix(Applicability::Unsafe, "Ask for the author", asked.file, edits);
        }
    }
}

/// A comparison of the actor with a bot.
struct Found<'a> {
    whole: &'a Expr,
    actor: &'a Expr,
    /// Whether it alone can make the condition true.
    decides: bool,
}

fn bot_condition(expr: &Expr) -> Option<Found<'_>> {
    let (found, decides) = walk(expr, true);
    found.map(|(whole, actor)| Found { whole, actor, decides })
}

type Pair<'a> = Option<(&'a Expr, &'a Expr)>;

fn walk(expr: &Expr, decides: bool) -> (Pair<'_>, bool) {
    match &expr.kind {
        ExprKind::Compare(Compare::Equal, left, right) => {
            let named = |expr: &Expr| expr.reference();
            let (actor, other) = if named(left).is_some() {
                (left, right)
            } else if named(right).is_some() {
                (right, left)
            } else {
                return (None, true);
            };
            let path = named(actor).map(|reference| reference.path()).unwrap_or_default();
            let text = match &other.kind {
                ExprKind::Text(text) => text.clone(),
                ExprKind::Number(number) => number.to_string(),
                _ => return (None, true),
            };
            let bot = match path.as_str() {
                "github.actor" | "github.triggering_actor" => text.ends_with("[bot]"),
                "github.actor_id" => BOT_IDS.contains(&text.as_str()),
                _ => false,
            };
            (bot.then_some((expr, &**actor)), true)
        }
        ExprKind::Or(items) => (items.iter().find_map(|item| walk(item, true).0), true),
        ExprKind::And(items) => (items.iter().find_map(|item| walk(item, false).0), false),
        ExprKind::Call(_, _, items) if !items.is_empty() => {
            (items.iter().find_map(|item| walk(item, false).0), false)
        }
        ExprKind::Compare(_, left, right) => (walk(left, false).0.or_else(|| walk(right, false).0), false),
        ExprKind::Not(inner) => (walk(inner, false).0, false),
        _ => (None, decides),
    }
}

/// Who wrote what the workflow runs for, where a single event starts it.
fn author(workflow: &Workflow, id: bool) -> Option<String> {
    let [trigger] = &workflow.triggers[..] else { return None };
    let what = match trigger.name.as_str() {
        "pull_request" | "pull_request_target" => "pull_request.user",
        "issue_comment" | "discussion_comment" | "pull_request_review_comment" => "comment.user",
        "pull_request_review" => "review.user",
        "issues" => "issue.user",
        "discussion" => "discussion.user",
        "release" => "release.author",
        "milestone" => "milestone.creator",
        "create" | "delete" | "label" | "fork" | "watch" => "sender",
        _ => return None,
    };
    Some(format!("github.event.{what}.{}", if id { "id" } else { "login" }))
}
