//! All rules, by family and name.

use crate::{
    Rule, claim, compose, dockerfile, document, ignore, image, policy, release, run, scan, script, structure,
    workflow,
};
use seaworthy_finding::{Policy, did_you_mean};

/// Every rule, family by family.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        dockerfile::RULES,
        script::RULES,
        ignore::RULES,
        compose::RULES,
        workflow::RULES,
        document::RULES,
        claim::RULES,
        image::RULES,
        run::RULES,
        structure::RULES,
        release::RULES,
        scan::RULES,
        policy::RULES,
    ]
    .into_iter()
    .flatten()
}

/// The rule of that name, or of that name in another tool.
pub fn find(name: &str) -> Option<&'static Rule> {
    rules()
        .find(|rule| rule.meta.name == name)
        .or_else(|| rules().find(|rule| rule.meta.aliases.iter().any(|alias| means(alias, name))))
}

/// Whether an alias is that name; `*` at its end stands for a number.
pub(crate) fn means(alias: &str, name: &str) -> bool {
    match alias.strip_suffix('*') {
        Some(start) => {
            let (head, tail) = name.split_at_checked(start.len()).unwrap_or((name, ""));
            head.eq_ignore_ascii_case(start)
                && (tail == "*" || (!tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit())))
        }
        None => alias.eq_ignore_ascii_case(name),
    }
}

/// The Markdown page of the rule of that name or alias.
pub fn page(name: &str) -> Option<&'static str> {
    find(name).map(|rule| rule.page)
}

/// Names in the policy's rules and waivers that no rule has, each with the nearest one.
pub fn unknown_rules(policy: &Policy) -> Vec<(String, Option<String>)> {
    let mut names: Vec<&str> = policy.rules.keys().map(String::as_str).collect();
    names.extend(policy.waiver.iter().map(|waiver| waiver.rule.as_str()));
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| find(name).is_none())
        .map(|name| {
            let near = did_you_mean(name, rules().map(|rule| rule.meta.name));
            (name.to_owned(), near.map(str::to_owned))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_aliases_resolve() {
        let mut names: Vec<&str> = rules().map(|rule| rule.meta.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(find("DL3007").map(|rule| rule.meta.name), Some("mutable-base-tag"));
        assert_eq!(find("sc2086").map(|rule| rule.meta.name), Some("shell-script"));
        assert!(find("SC2086x").is_none() && find("SC").is_none());
    }

    #[test]
    fn profiles_name_rules_that_exist() {
        for profile in seaworthy_finding::profiles() {
            for (name, _) in profile.levels {
                assert!(rules().any(|rule| rule.meta.name == *name), "{} names {name}", profile.name);
            }
        }
    }

    #[test]
    fn a_mistyped_rule_is_named_with_the_nearest_one() {
        let policy = Policy::parse("[rules]\nsecret-in-lyer = \"warn\"\n").unwrap();
        assert_eq!(
            unknown_rules(&policy),
            [("secret-in-lyer".to_owned(), Some("secret-in-layer".to_owned()))]
        );
    }
}
