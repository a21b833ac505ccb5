//! Regular expressions of JavaScript on the name of a ref.

use crate::Error;
use regress::{Flags, Regex};

/// What matched: the whole, then the groups; with the flag `g`, all matches instead.
pub(crate) fn matches(pattern: &str, text: &str) -> Result<Option<Vec<Option<String>>>, Error> {
    run(pattern, "", text)
}

/// The same for a pattern that may be written `/…/flags`.
pub(crate) fn matches_literal(pattern: &str, text: &str) -> Result<Option<Vec<Option<String>>>, Error> {
    let literal =
        pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')).filter(|(body, _)| !body.is_empty());
    match literal {
        Some((body, flags)) => run(body, flags, text),
        None => matches(pattern, text),
    }
}

fn run(pattern: &str, flags: &str, text: &str) -> Result<Option<Vec<Option<String>>>, Error> {
    let refuse = |problem: String| Error::Pattern { pattern: pattern.to_owned(), problem };
    let mut seen = String::new();
    for flag in flags.chars() {
        if !"dgimsuvy".contains(flag) || seen.contains(flag) || (flag == 'u' && seen.contains('v')) {
            return Err(refuse(format!("the flags `{flags}` are none")));
        }
        seen.push(flag);
    }
    let read = Flags {
        icase: seen.contains('i'),
        multiline: seen.contains('m'),
        dot_all: seen.contains('s'),
        unicode: seen.contains('u'),
        unicode_sets: seen.contains('v'),
        ..Flags::default()
    };
    let regex = Regex::with_flags(pattern, read).map_err(|error| refuse(error.to_string()))?;
    // A sticky expression matches where the one before ended, so at first at the beginning.
    let sticky = seen.contains('y');
    if seen.contains('g') {
        let mut end = 0;
        let mut all = Vec::new();
        for found in regex.find_iter(text) {
            if sticky && found.start() != end {
                break;
            }
            end = found.end();
            all.push(Some(text[found.range()].to_owned()));
        }
        return Ok((!all.is_empty()).then_some(all));
    }
    let found = regex.find(text).filter(|found| !sticky || found.start() == 0);
    Ok(found.map(|found| found.groups().map(|range| range.map(|range| text[range].to_owned())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Option<Vec<String>> {
        let groups = matches_literal(pattern, text).unwrap()?;
        Some(groups.into_iter().map(|group| group.unwrap_or_else(|| "-".to_owned())).collect())
    }

    #[test]
    fn groups_and_flags() {
        assert_eq!(found("v(\\d)(x)?", "av1").unwrap(), ["v1", "1", "-"]);
        assert_eq!(found("/V(\\d)/i", "v1").unwrap(), ["v1", "1"]);
        assert_eq!(found("/\\d/g", "1a2").unwrap(), ["1", "2"]);
        assert_eq!(found("(?<=v)\\d", "v7").unwrap(), ["7"]);
        assert_eq!(found("/1/y", "21"), None);
        assert_eq!(found("//", "a//b").unwrap(), ["//"]);
        for pattern in ["(", "/a/x", "/a/gg"] {
            assert!(matches_literal(pattern, "a").is_err(), "{pattern}");
        }
    }
}
