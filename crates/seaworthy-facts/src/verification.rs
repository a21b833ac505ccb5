//! The checks of a profile's own script, done better than the script does them.

use serde::{Deserialize, Serialize};

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It could not be seen.
    NotRun,
    /// There is nothing to see.
    NotApplicable,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationCheck {
    /// The user story it belongs to, such as `US1`.
    pub story: String,
    /// Its name in the script.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen, or why nothing was.
    pub detail: String,
    /// Why the script's own wording would have said something else of this image.
    pub fooled: Option<String>,
    /// Why the script's own wording proves little of any image.
    pub weakness: Option<String>,
}

/// All of them, in the script's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The profile whose script it is.
    pub profile: String,
    /// The checks.
    pub checks: Vec<VerificationCheck>,
}

impl Verification {
    /// The lines that the script prints, with what it would have missed; the last one is its closing line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for check in &self.checks {
            let (name, detail) = (&check.name, &check.detail);
            lines.push(match check.outcome {
                Outcome::Passed => format!("[verify] {detail}"),
                Outcome::Failed => format!("FAIL: {name}: {detail}"),
                Outcome::NotRun => format!("[verify] {name}: NOT RUN: {detail}"),
                Outcome::NotApplicable => format!("[verify] {name}: does not apply: {detail}"),
            });
            if let Some(fooled) = &check.fooled {
                lines.push(format!("         the script would have been fooled: {fooled}"));
            }
        }
        lines.push(self.closing());
        lines
    }

    /// The script's last line where everything holds, else what does not.
    pub fn closing(&self) -> String {
        let of = |outcome: Outcome| self.checks.iter().filter(move |check| check.outcome == outcome);
        let names = |outcome: Outcome| {
            let names: Vec<String> =
                of(outcome).map(|check| format!("{}: {}", check.story, check.name)).collect();
            names.join("; ")
        };
        let (failed, not_run) = (of(Outcome::Failed).count(), of(Outcome::NotRun).count());
        let total = self.checks.len();
        if failed > 0 {
            return format!("[verify] {failed} of {total} checks failed ({})", names(Outcome::Failed));
        }
        if not_run > 0 {
            return format!("[verify] {not_run} of {total} checks were not run ({})", names(Outcome::NotRun));
        }
        let mut stories: Vec<&str> = self.checks.iter().map(|check| check.story.as_str()).collect();
        stories.sort_unstable();
        stories.dedup();
        format!("[verify] All checks passed ({}).", stories.join(" + "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(story: &str, outcome: Outcome) -> VerificationCheck {
        VerificationCheck {
            story: story.to_owned(),
            name: "Build".to_owned(),
            outcome,
            detail: "Build OK".to_owned(),
            fooled: None,
            weakness: None,
        }
    }

    #[test]
    fn only_what_was_seen_to_hold_ends_with_the_scripts_last_line() {
        let mut all = Verification {
            profile: "prod-api".to_owned(),
            checks: ["US1", "US3", "US2"].map(|story| check(story, Outcome::Passed)).to_vec(),
        };
        assert_eq!(all.closing(), "[verify] All checks passed (US1 + US2 + US3).");
        all.checks.push(check("US3", Outcome::NotRun));
        assert_eq!(all.closing(), "[verify] 1 of 4 checks were not run (US3: Build)");
        all.checks.push(check("US2", Outcome::Failed));
        assert_eq!(all.closing(), "[verify] 1 of 5 checks failed (US2: Build)");
    }
}
