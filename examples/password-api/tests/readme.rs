//! The README says what the code does.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::{BTreeMap, BTreeSet};

const README: &str = include_str!("../README.md");
const CONFIG: &str = include_str!("../src/config.rs");

/// The rows of the table of variables: name, required, default.
fn rows() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    README
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| `USNPW_API_")?.split('|').map(str::trim).collect();
            Some((cells[0].strip_suffix('`')?, (cells[1], cells[2].trim_matches('`'))))
        })
        .collect()
}

#[test]
fn the_table_has_exactly_the_variables_that_are_read() {
    let code = CONFIG.split("#[cfg(test)]").next().unwrap();
    let read: BTreeSet<&str> = code
        .split("\"USNPW_API_")
        .skip(1)
        .map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap()])
        .collect();
    let documented: BTreeSet<&str> = rows().keys().copied().collect();
    assert_eq!(documented, read);
    assert_eq!(read.len(), 24);
}

#[test]
fn required_variables_are_those_without_which_nothing_starts() {
    let required: Vec<&str> =
        rows().into_iter().filter(|(_, (required, _))| *required == "yes").map(|(name, _)| name).collect();
    assert_eq!(required, ["HOST", "TOKEN_FILE"]);
}

#[test]
fn defaults_are_the_ones_in_the_code() {
    let flat: String = CONFIG.chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
    for (name, (_, default)) in rows() {
        if default != "–" && default != "0" && !name.ends_with("_COUNT") {
            let name = name.replace('_', "");
            assert!(flat.contains(&format!("\"USNPWAPI{name}\",{default},")), "{name} = {default}");
        }
    }
}

#[test]
fn every_field_format_and_profile_is_documented() {
    use password_api::{passwords, usernames};
    let documented = |name: &str| assert!(README.contains(&format!("`{name}`")), "{name}");
    passwords::FIELDS.iter().chain(usernames::FIELDS).for_each(|name| documented(name));
    passwords::Format::ALL.iter().for_each(|(name, _)| documented(name));
    usernames::PROFILES.iter().for_each(|profile| documented(profile.name));
}
