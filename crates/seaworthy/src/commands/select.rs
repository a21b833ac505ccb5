//! `--select` and `--ignore`: which rules, and which of a rule's findings, a run is about.

use crate::failure::Failure;
use seaworthy_finding::{CheckStatus, ExitCode, Finding, FindingStatus, Report, did_you_mean};

/// Rules by name, by their name in another tool, or by the start of either with a `*` at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    only: Vec<String>,
    without: Vec<String>,
}

impl Selection {
    /// Reads the flags; a name that no rule has is an error.
    pub(crate) fn new(only: &[String], without: &[String]) -> Result<Self, Failure> {
        for name in only.iter().chain(without) {
            let known = |rule: &seaworthy_rules::Rule| {
                is(name, rule.meta.name) || rule.meta.aliases.iter().any(|alias| is(name, alias))
            };
            if !seaworthy_rules::rules().any(known) {
                let names = seaworthy_rules::rules().flat_map(|rule| {
                    std::iter::once(rule.meta.name).chain(rule.meta.aliases.iter().copied())
                });
                let near = did_you_mean(name, names);
                let hint = near.map_or_else(
                    || "`seaworthy rules` lists every rule".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(Failure::new(ExitCode::Error, format!("unknown rule `{name}`")).hint(hint));
            }
        }
        Ok(Self { only: only.to_vec(), without: without.to_vec() })
    }

    /// Whether rules were named, which are then wanted whoever the reader is.
    pub(crate) fn is_named(&self) -> bool {
        !self.only.is_empty()
    }

    /// Whether a finding is wanted.
    pub(crate) fn wants(&self, finding: &Finding) -> bool {
        let named = |names: &[String]| {
            names
                .iter()
                .any(|name| is(name, &finding.rule) || finding.aliases.iter().any(|alias| is(name, alias)))
        };
        (self.only.is_empty() || named(&self.only)) && !named(&self.without)
    }

    /// Takes out of a report what is not wanted.
    pub(crate) fn apply(&self, report: &mut Report) {
        if self.only.is_empty() && self.without.is_empty() {
            return;
        }
        report.findings.retain(|finding| self.wants(finding));
        report.checks.retain(|check| {
            let aliases = seaworthy_rules::find(&check.rule).map_or(&[][..], |rule| rule.meta.aliases);
            let chosen = |name: &String| is(name, &check.rule) || aliases.iter().any(|alias| is(name, alias));
            (self.only.is_empty() || self.only.iter().any(chosen))
                && !self.without.iter().any(|name| is(name, &check.rule))
        });
        recount(report, "no finding that was asked for");
    }
}

/// Whether a name, or the start before its `*`, is meant by what the user wrote.
fn is(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => {
            name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
                && !start.is_empty()
        }
        None => wanted.eq_ignore_ascii_case(name),
    }
}

/// Counts the findings of each check again, after some were taken out or set aside, and decides again. A check without
/// any that counts has passed, for the reason given.
pub(crate) fn recount(report: &mut Report, reason: &str) {
    for check in &mut report.checks {
        let open = report
            .findings
            .iter()
            .filter(|finding| finding.rule == check.rule && finding.status == FindingStatus::Open)
            .count();
        check.findings = open;
        if open == 0 && matches!(check.status, CheckStatus::Fail | CheckStatus::Warn) {
            check.status = CheckStatus::Pass;
            reason.clone_into(&mut check.reason);
            if let Some(rule) = seaworthy_rules::find(&check.rule) {
                rule.meta.passes.clone_into(&mut check.title);
            }
        }
    }
    report.decided_by.clear();
    report.decide();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_write_them() {
        assert!(is("dl3008", "DL3008") && is("SC*", "SC2086") && is("root-*", "root-user"));
        assert!(!is("*", "SC2086") && !is("DL300", "DL3008") && !is("SC20866*", "SC2086"));
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let refused = Selection::new(&["rot-user".to_owned()], &[]).unwrap_err();
        assert_eq!(refused.hint.as_deref(), Some("did you mean `root-user`?"));
        assert!(Selection::new(&[], &["DL3*".to_owned()]).is_ok());
    }
}
