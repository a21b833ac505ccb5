//! Reports image names made of the repository's name without making it lower-case.

use super::publish;
use crate::{Cx, Sink};
use seaworthy_finding::{Severity, Span};
use seaworthy_workflow::Text;
use seaworthy_workflow::expr::{Expr, ExprKind};

declare_rule! {
    name: "mixed-case-image-name",
    summary: "an image is named after the repository, whose name may have capitals",
    passes: "no image name can have capitals",
    family: Workflow, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["OCI distribution specification, pulling manifests: name"],
}

const NAMES: [&str; 3] = ["github.repository", "github.repository_owner", "github.actor"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let remote = cx.project().and_then(|project| project.git.as_ref()).and_then(|git| git.remote.clone());
    // Where the repository's name is known, it decides.
    let slug = remote.as_deref().and_then(slug);
    if slug.as_ref().is_some_and(|slug| *slug == slug.to_lowercase()) {
        return;
    }
    for fact in cx.workflows() {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            if !publish::is_build(step) {
                continue;
            }
            let inputs =
                ["tags", "outputs", "cache-to"].into_iter().filter_map(|name| step.input(name)?.text());
            let places: Vec<(Span, String)> = inputs.flat_map(Text::expressions).filter_map(named).collect();
            let Some((span, name)) = places.first() else { continue };
            let known = slug.as_ref().map_or_else(String::new, |slug| format!(", which is `{slug}` here"));
            let finding = out
                .finding(format!("the image is named after `{name}`{known}"))
                .why("names of images are lower-case: with a capital in the name the push is refused")
                .help("give the name to docker/metadata-action, which makes it lower-case, or write it out")
                .at_file(&fact.file, *span)
                .command(format!("grep -n '{name}' {}", fact.file.path));
            if slug.is_some() {
                finding.severity(Severity::High);
            }
        }
    }
}

/// `owner/name` of a remote's address.
fn slug(remote: &str) -> Option<String> {
    let path = remote.trim_end_matches('/').trim_end_matches(".git");
    let mut parts = path.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    Some(format!("{owner}/{name}"))
}

/// The repository's or a person's name as the whole expression.
fn named(expr: &Expr) -> Option<(Span, String)> {
    let whole = matches!(expr.kind, ExprKind::Property(..) | ExprKind::Index(..));
    let path = expr.reference().filter(|_| whole)?.path();
    NAMES.contains(&path.as_str()).then_some((expr.span, path))
}
