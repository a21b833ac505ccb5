//! Images of jobs, services and `docker://` steps, with the values a matrix gives.

use super::flow::leaves;
use super::steps::{Group, groups, uses_place, whole_expression};
use crate::Cx;
use seaworthy_facts::TextFile;
use seaworthy_finding::Span;
use seaworthy_workflow::expr::{ExprKind, Reference, Segment};
use seaworthy_workflow::{Entry, Kind, Matrix, Node, Target, Text};

/// Images without a digest that are looked at; a matrix may multiply them.
const MOST_IMAGES: usize = 5000;

/// How an image is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    /// By nothing or by `latest`.
    Moving,
    /// By a tag.
    Tag,
    /// By what cannot be seen here.
    Unknown,
}

/// An image without a digest.
pub(crate) struct JobImage<'a> {
    pub(crate) file: &'a TextFile,
    /// Where it stands.
    pub(crate) span: Span,
    /// The image; for an unknown one the expression.
    pub(crate) name: String,
    pub(crate) pin: Pin,
    /// Whose image it is.
    pub(crate) owner: String,
}

/// Every image of workflows and container actions that has no digest.
pub(crate) fn images<'a>(cx: &Cx<'a>) -> Vec<JobImage<'a>> {
    let mut out = Vec::new();
    for fact in cx.actions() {
        if let Some(image) = &fact.action.image
            && image.value.trim_start().starts_with("docker://")
        {
            let owner = "the action".to_owned();
            literal(
                &fact.file,
                image.span,
                image.value.trim().trim_start_matches("docker://"),
                &owner,
                &mut out,
            );
        }
    }
    for group in groups(cx) {
        let Some(job) = group.job else { continue };
        let matrix = job.strategy.as_ref().and_then(|strategy| strategy.matrix.as_ref());
        let containers = job.container.iter().map(|container| (group.name(), container));
        let services = job
            .services
            .iter()
            .filter(|(_, container)| {
                container.image.as_ref().is_some_and(|image| image.span != container.span)
            })
            .map(|(name, container)| (format!("the service `{}`", name.value), container));
        for (owner, container) in containers.chain(services) {
            if let Some(image) = &container.image {
                one(&group, image, &owner, matrix, &mut out);
            }
        }
        for step in group.steps {
            let Some(uses) = &step.uses else { continue };
            if let Target::Docker { image } = &uses.target {
                literal(
                    group.file,
                    uses_place(group.file, uses),
                    image,
                    &format!("a step of {}", group.name()),
                    &mut out,
                );
            }
        }
    }
    out
}

fn one<'a>(
    group: &Group<'a>,
    image: &Text,
    owner: &str,
    matrix: Option<&Matrix>,
    out: &mut Vec<JobImage<'a>>,
) {
    if !whole_expression(image.value.trim()) {
        literal(group.file, image.span, image.value.trim_start_matches("docker://"), owner, out);
        return;
    }
    let unknown = |span: Span| JobImage {
        file: group.file,
        span,
        name: image.value.trim().to_owned(),
        pin: Pin::Unknown,
        owner: owner.to_owned(),
    };
    let Some(expr) = image.expressions().next().filter(|_| image.interpolations.len() == 1) else {
        out.push(unknown(image.span));
        return;
    };
    for leaf in leaves(expr) {
        if out.len() > MOST_IMAGES {
            return;
        }
        let span = leaf.span;
        if let ExprKind::Text(name) = &leaf.kind {
            literal(group.file, span, name, owner, out);
            continue;
        }
        let reference = leaf.reference().filter(|reference| reference.root == "matrix");
        let Some(reference) = reference else {
            out.push(unknown(span));
            continue;
        };
        let Some(matrix) = matrix else { continue };
        for value in values(matrix, &reference) {
            literal(group.file, span, &value, owner, out);
        }
        if matrix.expression.is_some() || matrix.include_unknown {
            out.push(unknown(span));
        }
    }
}

fn literal<'a>(file: &'a TextFile, span: Span, name: &str, owner: &str, out: &mut Vec<JobImage<'a>>) {
    if let Some(pin) = pin(name) {
        out.push(JobImage { file, span, name: name.trim().to_owned(), pin, owner: owner.to_owned() });
    }
}

/// How an image is named; nothing for a digest and for no image at all.
fn pin(name: &str) -> Option<Pin> {
    let name = name.trim();
    let rest = match name.split_once('/') {
        Some((registry, rest)) if registry == "localhost" || registry.contains(['.', ':']) => rest,
        _ => name,
    };
    if rest.is_empty() || rest.contains('@') {
        return None;
    }
    Some(match rest.split_once(':').map(|(_, tag)| tag) {
        None | Some("" | "latest") => Pin::Moving,
        Some(_) => Pin::Tag,
    })
}

/// The texts a matrix gives a reference, those with expressions in them left out.
pub(super) fn values(matrix: &Matrix, reference: &Reference) -> Vec<String> {
    let mut out: Vec<(String, String)> = Vec::new();
    for row in &matrix.rows {
        walk(&row.node, &row.name.value, 0, &mut out);
    }
    let mut excluded = Vec::new();
    each_row(&matrix.exclude, &mut excluded);
    out.retain(|value| !excluded.contains(value));
    each_row(&matrix.include, &mut out);
    let wanted = |path: &str| {
        let names: Vec<String> = path.split('.').map(str::to_ascii_lowercase).collect();
        names.len() == reference.segments.len()
            && names
                .iter()
                .zip(&reference.segments)
                .all(|(name, segment)| *segment == Segment::Name(name.clone()))
    };
    out.into_iter()
        .filter(|(path, value)| wanted(path) && !value.contains("${{"))
        .map(|(_, value)| value)
        .collect()
}

fn each_row(rows: &[Vec<Entry>], out: &mut Vec<(String, String)>) {
    for entry in rows.iter().flatten() {
        walk(&entry.value, &entry.key.value, 0, out);
    }
}

/// Paths and values below a node of a matrix.
fn walk(node: &Node, path: &str, depth: usize, out: &mut Vec<(String, String)>) {
    if depth > 16 || out.len() > 10_000 {
        return;
    }
    match &node.kind {
        Kind::Scalar(text) if text.is_null() => {}
        Kind::Scalar(text) => out.push((path.to_owned(), text.value.clone())),
        Kind::Seq(items) => items.iter().for_each(|item| walk(item, path, depth + 1, out)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                walk(value, &format!("{path}.{}", key.as_str().unwrap_or_default()), depth + 1, out);
            }
        }
    }
}
