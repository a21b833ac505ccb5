//! Category scores as they are shown: a number, or `–` with its reason.

use seaworthy_finding::{Category, CheckStatus, Report};

/// What is shown for a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The category.
    pub category: Category,
    /// Passed weight out of 100, where every weighted check of the category ran.
    pub value: Option<u32>,
    /// Why there is no number; empty where there is one.
    pub reason: String,
}

impl Score {
    /// The number, or `–`.
    pub fn text(&self) -> String {
        self.value.map_or_else(|| "–".to_owned(), |value| value.to_string())
    }

    /// The band a number falls in: `good` from 90, `fair` from 50, `poor` below, `none` without one.
    pub const fn band(&self) -> &'static str {
        match self.value {
            Some(90..) => "good",
            Some(50..) => "fair",
            Some(_) => "poor",
            None => "none",
        }
    }
}

/// The score of one category. A check that was not run or broke leaves its category without a number:
/// never 0, and never quietly left out.
pub fn score(report: &Report, category: Category) -> Score {
    let value = report.score(category);
    let weighted = || report.checks.iter().filter(|check| check.category == category && check.weight > 0);
    let count = |status| weighted().filter(|check| check.status == status).count();
    let (not_run, errors) = (count(CheckStatus::NotRun), count(CheckStatus::Error));
    let reason = if value.is_some() {
        String::new()
    } else if errors > 0 {
        format!("{errors} of {} checks broke", weighted().count())
    } else if not_run > 0 {
        let why = weighted().find(|check| check.status == CheckStatus::NotRun && !check.reason.is_empty());
        let why = why.map_or(String::new(), |check| format!(": {}", check.reason));
        format!("{not_run} of {} checks not run{why}", weighted().count())
    } else if weighted().next().is_some() {
        "nothing it applies to".to_owned()
    } else {
        "no check of this category was made".to_owned()
    };
    Score { category, value, reason }
}

/// The scores of all categories in the order of the report.
pub fn scores(report: &Report) -> Vec<Score> {
    Category::ALL.into_iter().map(|category| score(report, category)).collect()
}
