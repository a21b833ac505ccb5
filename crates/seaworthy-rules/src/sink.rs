//! Where a rule writes what it found.

use seaworthy_facts::{Observed, TextFile};
use seaworthy_finding::{
    Applicability, CheckStatus, Confidence, Edit, Evidence, EvidenceKind, Finding, FindingStatus, Fix,
    Location, Persona, RuleMeta, Severity, Span,
};

/// Collects the findings of one rule, and why it did not run or does not apply.
#[derive(Debug)]
pub struct Sink {
    rule: &'static RuleMeta,
    pub(crate) findings: Vec<Finding>,
    /// Set when the rule could not run or does not apply.
    pub(crate) outcome: Option<(CheckStatus, String)>,
    pub(crate) observed: String,
    /// For each finding, whose eyes it is for where that is not the rule's own persona.
    pub(crate) personas: Vec<Option<Persona>>,
}

impl Sink {
    /// An empty sink for a rule.
    pub fn new(rule: &'static RuleMeta) -> Self {
        Self { rule, findings: Vec::new(), outcome: None, observed: String::new(), personas: Vec::new() }
    }

    /// Adds a finding: what is wrong, with the names and numbers of this case.
    pub fn finding(&mut self, message: impl Into<String>) -> FindingBuilder<'_> {
        let at = self.findings.len();
        self.findings.push(Finding {
            rule: self.rule.name.to_owned(),
            title: self.rule.summary.to_owned(),
            severity: self.rule.severity,
            confidence: self.rule.confidence,
            status: FindingStatus::Open,
            message: message.into(),
            why: String::new(),
            help: String::new(),
            location: Location::Project,
            evidence: Vec::new(),
            fix: None,
            aliases: self.rule.aliases.iter().map(|&alias| alias.to_owned()).collect(),
            reason: None,
        });
        // A finding that was added or taken away elsewhere leaves the list behind.
        self.personas.resize(at + 1, None);
        FindingBuilder { finding: &mut self.findings[at], persona: &mut self.personas[at] }
    }

    /// Says that the rule could not run.
    pub fn not_run(&mut self, reason: impl Into<String>) {
        self.outcome = Some((CheckStatus::NotRun, reason.into()));
    }

    /// Says that there is nothing the rule applies to.
    pub fn not_applicable(&mut self, reason: impl Into<String>) {
        self.outcome = Some((CheckStatus::NotApplicable, reason.into()));
    }

    /// Says what was seen, for a check that passes.
    pub fn observed(&mut self, text: impl Into<String>) {
        self.observed = text.into();
    }

    /// The observation, or nothing after noting why there is none.
    pub fn seen<'a, T>(&mut self, observed: &'a Observed<T>) -> Option<&'a T> {
        match observed {
            Observed::Seen(value) => Some(value),
            Observed::NotRun(reason) => {
                self.not_run(reason.clone());
                None
            }
            Observed::NotApplicable(reason) => {
                self.not_applicable(reason.clone());
                None
            }
            Observed::NotTried => {
                self.not_run("not tried");
                None
            }
        }
    }
}

/// The last finding of a sink, for adding its parts.
pub struct FindingBuilder<'a> {
    finding: &'a mut Finding,
    persona: &'a mut Option<Persona>,
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "the finding is in the sink already, the builder adds to it"
)]
impl FindingBuilder<'_> {
    /// Why it matters, in one sentence without a period.
    pub fn why(self, text: impl Into<String>) -> Self {
        self.finding.why = text.into();
        self
    }

    /// What to do, in one sentence without a period.
    pub fn help(self, text: impl Into<String>) -> Self {
        self.finding.help = text.into();
        self
    }

    /// Bytes of a file.
    pub fn at_file(self, file: &TextFile, span: Span) -> Self {
        let (line, column) = file.lines.line_col(&file.text, span.start);
        let (end_line, end_column) = file.lines.line_col(&file.text, span.end);
        self.finding.location =
            Location::File { path: file.path.clone(), span, line, column, end_line, end_column };
        self
    }

    /// A field of the image's configuration.
    pub fn at_config(self, field: impl Into<String>) -> Self {
        self.finding.location = Location::Config { field: field.into() };
        self
    }

    /// A path in a layer.
    pub fn at_layer(self, layer: impl Into<String>, path: impl Into<String>) -> Self {
        self.finding.location = Location::Layer { layer: layer.into(), path: path.into() };
        self
    }

    /// A file as a whole.
    pub fn at_path(self, path: impl Into<String>) -> Self {
        let (line, column) = (1, 1);
        let (path, span) = (path.into(), Span::new(0, 0));
        self.finding.location = Location::File { path, span, line, column, end_line: 1, end_column: 1 };
        self
    }

    /// Accepted by the policy, for this reason.
    pub fn waived(self, reason: impl Into<String>) -> Self {
        self.finding.status = FindingStatus::Waived;
        self.finding.reason = Some(reason.into());
        self
    }

    /// Other names of what was found.
    pub fn known_as(self, names: Vec<String>) -> Self {
        self.finding.aliases = names;
        self
    }

    /// Something observed in a run.
    pub fn at_observation(self, name: impl Into<String>) -> Self {
        self.finding.location = Location::Observation { name: name.into() };
        self
    }

    /// A reference in a registry or a layout.
    pub fn at_registry(self, reference: impl Into<String>) -> Self {
        self.finding.location = Location::Registry { reference: reference.into() };
        self
    }

    /// Another severity than the rule's own.
    pub fn severity(self, severity: Severity) -> Self {
        self.finding.severity = severity;
        self
    }

    /// Another persona than the rule's own.
    pub fn persona(self, persona: Persona) -> Self {
        *self.persona = Some(persona);
        self
    }

    /// Another confidence than the rule's own.
    pub fn confidence(self, confidence: Confidence) -> Self {
        self.finding.confidence = confidence;
        self
    }

    /// A name of the same check in another tool, where a rule covers several and this finding is only one.
    pub fn aliases(self, aliases: &[&str]) -> Self {
        self.finding.aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
        self
    }

    /// A command anyone can run to see the same.
    pub fn command(self, text: impl Into<String>) -> Self {
        self.evidence(EvidenceKind::Command, text.into())
    }

    /// What was observed.
    pub fn observation(self, text: impl Into<String>) -> Self {
        self.evidence(EvidenceKind::Observation, text.into())
    }

    /// Lines of a log or a file; nothing is added for an empty text.
    pub fn excerpt(self, text: impl Into<String>) -> Self {
        self.evidence(EvidenceKind::Excerpt, text.into())
    }

    /// An exact change to a file.
    pub fn fix(
        self,
        applicability: Applicability,
        title: impl Into<String>,
        file: &TextFile,
        edits: Vec<Edit>,
    ) -> Self {
        self.finding.fix = Some(Fix { title: title.into(), applicability, path: file.path.clone(), edits });
        self
    }

    fn evidence(self, kind: EvidenceKind, text: String) -> Self {
        if !text.trim().is_empty() {
            self.finding.evidence.push(Evidence { kind, text });
        }
        self
    }
}
