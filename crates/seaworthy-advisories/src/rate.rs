//! How bad a vulnerability is: scores computed from vectors, and the words of those who give no vector.

use crate::advisory::Rated;
use seaworthy_facts::Rating;
use std::str::FromStr as _;

/// The rating of a vector of the Common Vulnerability Scoring System 2.0, 3.0, 3.1 or 4.0.
///
/// Nothing where the vector is not valid; `informational` vectors of score 0 are negligible.
pub(crate) fn vector(text: &str) -> Option<Rated> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    if text.len() > 400 {
        return None;
    }
    let cvss = cvss::Cvss::from_str(text).ok()?;
    complete(text).then_some(())?;
    let second = matches!(cvss, cvss::Cvss::CvssV20(_));
    let score = cvss.score();
    if !score.is_finite() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a score lies between 0 and 10"
    )]
    let tenths = (score.clamp(0.0, 10.0) * 10.0).round() as u8;
    Some(Rated { rating: rating(tenths, second), score: Some(tenths), vector: Some(text.to_owned()) })
}

/// Whether every mandatory metric is there: without one there is no score.
fn complete(text: &str) -> bool {
    let wanted: &[&str] = if text.starts_with("CVSS:3") {
        &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]
    } else if text.starts_with("CVSS:4") {
        &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]
    } else {
        &["AV", "AC", "Au", "C", "I", "A"]
    };
    let has = |name: &str| text.split('/').any(|part| part.split(':').next() == Some(name));
    wanted.iter().all(|name| has(name))
}

/// Sources: the specifications' qualitative scales; version 2 has none, and the National Vulnerability Database's is
/// used, which knows no critical.
const fn rating(tenths: u8, second: bool) -> Rating {
    match tenths {
        0 => Rating::Negligible,
        1..=39 => Rating::Low,
        40..=69 => Rating::Medium,
        70..=89 => Rating::High,
        _ if second => Rating::High,
        _ => Rating::Critical,
    }
}

/// The rating of a word such as `MODERATE`, `Important` or `unimportant`, as advisory databases write them.
pub(crate) fn word(text: &str) -> Option<Rating> {
    let text = text.trim().trim_end_matches('*').to_ascii_lowercase();
    Some(match text.as_str() {
        "critical" => Rating::Critical,
        "high" | "important" => Rating::High,
        "medium" | "moderate" => Rating::Medium,
        "low" => Rating::Low,
        "negligible" | "unimportant" | "none" | "informational" => Rating::Negligible,
        _ => return None,
    })
}

/// `Important: firefox security update`, as Red Hat and its relatives begin their titles.
pub(crate) fn title(summary: &str) -> Option<Rating> {
    let (first, _) = summary.split_once(':')?;
    match first.trim() {
        known @ ("Critical" | "Important" | "Moderate" | "Low") => word(known),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_come_from_vectors() {
        let of = |text: &str| vector(text).map(|rated| (rated.score.unwrap(), rated.rating));
        assert_eq!(of("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some((98, Rating::Critical)));
        assert_eq!(of("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some((81, Rating::High)));
        assert_eq!(
            of("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
            Some((93, Rating::Critical))
        );
        assert_eq!(of("AV:N/AC:L/Au:N/C:C/I:C/A:C"), Some((100, Rating::High)));
        assert_eq!(of("CVSS:3.1/AV:N/AC:L"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn words_of_several_databases() {
        assert_eq!(word("MODERATE"), Some(Rating::Medium));
        assert_eq!(word("low**"), Some(Rating::Low));
        assert_eq!(word("not yet assigned"), None);
        assert_eq!(title("Important: firefox security update"), Some(Rating::High));
        assert_eq!(title("xorg: security update"), None);
    }
}
