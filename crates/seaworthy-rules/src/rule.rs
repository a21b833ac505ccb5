//! A registered rule and the macros that declare and list one.

use crate::{Cx, Sink};
use seaworthy_finding::RuleMeta;

/// A rule: what is known of it, how it checks, and its page.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its metadata.
    pub meta: &'static RuleMeta,
    /// The check.
    pub check: fn(&Cx<'_>, &mut Sink),
    /// The Markdown page.
    pub page: &'static str,
}

/// Declares `RULE` and `PAGE` of a rule's file. `gate` and `fix` may be left out.
macro_rules! declare_rule {
    (
        name: $name:literal, summary: $summary:literal, passes: $passes:literal,
        family: $family:ident, category: $category:ident, severity: $severity:ident,
        confidence: $confidence:ident, persona: $persona:ident,
        $(gate: $gate:literal,)? $(fix: $fix:ident,)?
        aliases: [$($alias:literal),* $(,)?], refs: [$($reference:literal),* $(,)?] $(,)?
    ) => {
        pub(crate) const RULE: seaworthy_finding::RuleMeta = seaworthy_finding::RuleMeta {
            name: $name,
            summary: $summary,
            passes: $passes,
            family: seaworthy_finding::Family::$family,
            category: seaworthy_finding::Category::$category,
            severity: seaworthy_finding::Severity::$severity,
            confidence: seaworthy_finding::Confidence::$confidence,
            persona: seaworthy_finding::Persona::$persona,
            gate: false $(|| $gate)?,
            fix: {
                let fix: Option<seaworthy_finding::Applicability> = None;
                $(let _ = fix; let fix = Some(seaworthy_finding::Applicability::$fix);)?
                fix
            },
            since: "0.1",
            aliases: &[$($alias),*],
            refs: &[$($reference),*],
        };
        pub(crate) const PAGE: &str =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules/", $name, ".md"));
    };
}

/// Lists the rules of a family by their modules.
macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        pub(crate) const RULES: &[crate::Rule] = &[
            $(crate::Rule { meta: &$module::RULE, check: $module::check, page: $module::PAGE },)*
        ];
    };
}
