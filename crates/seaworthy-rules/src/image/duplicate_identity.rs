//! Reports users or groups that share a name or a number.

use crate::{Cx, Sink, text};
use std::collections::BTreeMap;

declare_rule! {
    name: "duplicate-identity",
    summary: "two accounts share a name or a number",
    passes: "every account has its own name and number",
    family: Image, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DKL-LI-0002"], refs: ["passwd(5)", "group(5)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let users: Vec<(&str, u32)> = image.users.iter().map(|user| (user.name.as_str(), user.uid)).collect();
    let groups: Vec<(&str, u32)> =
        image.groups.iter().map(|group| (group.name.as_str(), group.gid)).collect();
    for (list, noun, file) in [(users, "uid", "/etc/passwd"), (groups, "gid", "/etc/group")] {
        let mut numbers: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, number) in &list {
            numbers.entry(*number).or_default().push(name);
            *names.entry(name).or_default() += 1;
        }
        let shared = numbers
            .iter()
            .filter(|(_, owners)| owners.len() > 1)
            .map(|(number, owners)| format!("{noun} {number} is {}", text::names(owners, 4)));
        let twice = names
            .iter()
            .filter(|(_, count)| **count > 1)
            .map(|(name, count)| format!("`{name}` is listed {count} times"));
        let all: Vec<String> = shared.chain(twice).collect();
        let Some(first) = all.first() else { continue };
        let more = if all.len() > 1 { format!(", and {} more", all.len() - 1) } else { String::new() };
        out.finding(format!("{file}: {first}{more}"))
            .why("who owns a file, and what a name may do, then depends on which line is found first")
            .help("give every account a name and a number of its own")
            .at_layer("", file)
            .observation(all.join("\n"))
            .command(format!("docker run --rm --entrypoint cut IMAGE -d: -f1,3 {file}"));
    }
}
