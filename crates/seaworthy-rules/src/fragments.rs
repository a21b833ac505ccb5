//! Fences of documents that hold Dockerfiles and compose files, checked by the rules that fit a part of a file.
//!
//! A part lacks things on purpose: a user, a health check, the stage before. So only rules about what *is* written run
//! over it, each over one fence at a time, and what they find is moved to its place in the document.

use crate::script::Scripts;
use crate::suppress::{self, Suppression};
use seaworthy_facts::{Facts, Fragment, ProjectFacts, TextFile};
use seaworthy_finding::{Finding, Location, RuleMeta, Span};

/// Rules about what does not build, does not run or does not mean what it says; by name, or by another tool's name.
const ERRORS: [&str; 14] = [
    "syntax-error",
    "invalid-compose",
    "x/inline-comment",
    "x/heredoc-no-errexit",
    "invalid-port",
    "duplicate-stage-name",
    "reserved-stage-name",
    "obsolete-version-key",
    "internal-network-with-ports",
    "dclint/no-duplicate-exported-ports",
    "dclint/no-duplicate-container-names",
    "unsatisfied-dependency",
    "conflicting-port",
    "invalid-service-name",
];

/// Rules over workflows that stand whole in a document.
const WORKFLOWS: [&str; 14] = [
    "unchecked-download",
    "attestation-without-name",
    "x/invalid-tag",
    "x/missing-permission",
    "x/matrix-overwrites-tag",
    "x/load-multi-platform",
    "x/push-on-pull-request",
    "x/sign-by-tag",
    "x/login-password-argument",
    "actionlint/expression",
    "actionlint/permissions",
    "actionlint/job-needs",
    "zizmor/unpinned-uses",
    "zizmor/template-injection",
];

/// Rules over steps without the workflow around them.
const STEPS: [&str; 7] = [
    "unchecked-download",
    "attestation-without-name",
    "x/invalid-tag",
    "x/sign-by-tag",
    "x/login-password-argument",
    "zizmor/unpinned-uses",
    "zizmor/template-injection",
];

/// Rules whose advice an example may leave aside: shown to who asks for more.
const ADVICE: [&str; 16] = [
    "unpinned-download",
    "secret-in-environment",
    "secret-like-name",
    "from-as-casing",
    "instruction-casing",
    "legacy-key-value",
    "deprecated-maintainer",
    "empty-continuation",
    "stage-name-casing",
    "sudo",
    "missing-assume-yes",
    "interactive-apt",
    "published-on-all-interfaces",
    "docker-socket-mount",
    "privileged-service",
    "dclint/require-quotes-in-ports",
];

fn named(meta: &RuleMeta, names: &[&str]) -> bool {
    names.contains(&meta.name) || meta.aliases.iter().any(|alias| names.contains(alias))
}

/// Whether a rule runs over fences.
pub(crate) fn fits(meta: &RuleMeta) -> bool {
    named(meta, &ERRORS) || named(meta, &ADVICE) || named(meta, &WORKFLOWS) || named(meta, &STEPS)
}

/// Whether what a rule says of a fence is advice.
pub(crate) fn advises(meta: &RuleMeta) -> bool {
    !named(meta, &ERRORS)
}

/// One fence, ready to be checked.
pub(crate) struct Part<'a> {
    pub(crate) facts: Facts,
    pub(crate) scripts: Scripts,
    fragment: &'a Fragment,
    file: &'a TextFile,
    silencers: Vec<Suppression>,
}

/// The fences of all documents.
pub(crate) fn parts(facts: &Facts) -> Vec<Part<'_>> {
    let Some(project) = &facts.project else { return Vec::new() };
    project.fragments.iter().filter_map(|fragment| Part::new(project, fragment)).collect()
}

impl<'a> Part<'a> {
    fn new(project: &'a ProjectFacts, fragment: &'a Fragment) -> Option<Self> {
        let file = &project.documents.get(fragment.document)?.file;
        let facts = Facts { project: Some(fragment.project.clone()), ..Facts::default() };
        let scripts = Scripts::new(&facts);
        Some(Self { facts, scripts, fragment, file, silencers: suppress::collect(&fragment.project) })
    }

    /// Whether a rule fits this fence.
    pub(crate) fn takes(&self, meta: &RuleMeta) -> bool {
        if self.fragment.project.workflows.is_empty() {
            named(meta, &ERRORS) || named(meta, &ADVICE)
        } else if self.fragment.whole {
            named(meta, &WORKFLOWS)
        } else {
            named(meta, &STEPS)
        }
    }

    /// Moves a finding to its place in the document; nothing where a comment in the fence silences it.
    pub(crate) fn moved(&self, mut finding: Finding) -> Option<Finding> {
        if self.silencers.iter().any(|silencer| silencer.matches(&finding).is_some()) {
            return None;
        }
        if let Location::File { span, .. } = &finding.location {
            let span = self.fragment.pieces.span(*span)?;
            let (line, column) = self.file.lines.line_col(&self.file.text, span.start);
            let (end_line, end_column) = self.file.lines.line_col(&self.file.text, span.end);
            finding.location =
                Location::File { path: self.file.path.clone(), span, line, column, end_line, end_column };
        }
        // An exact change stays exact only where the fence stands in the document as it is.
        let exact = |span: Span| self.fragment.pieces.span(span).filter(|there| there.len() == span.len());
        if let Some(fix) = &mut finding.fix {
            fix.path.clone_from(&self.file.path);
            let edits: Option<Vec<_>> = fix
                .edits
                .iter()
                .cloned()
                .map(|mut edit| {
                    edit.span = exact(edit.span)?;
                    (self.flush() || !edit.text.contains('\n')).then_some(edit)
                })
                .collect();
            match edits {
                Some(edits) => fix.edits = edits,
                None => finding.fix = None,
            }
        }
        Some(finding)
    }

    /// Whether the fence's lines begin in the first column.
    fn flush(&self) -> bool {
        let first = self.fragment.pieces.0.first();
        first.is_none_or(|(start, there)| {
            self.fragment
                .pieces
                .0
                .iter()
                .all(|(at, place)| place.wrapping_sub(*there) == at.wrapping_sub(*start))
        })
    }
}
