//! Reports a licence label that is not the licence of the LICENSE file.

use super::label;
use crate::{Cx, Sink, text};
use seaworthy_facts::About;
use seaworthy_finding::{Applicability, Edit};
use std::collections::BTreeSet;

declare_rule! {
    name: "licence-label-mismatch",
    summary: "the licence label is not the licence of the LICENSE file",
    passes: "the licence label names the licence of the LICENSE file",
    family: Document, category: Truth, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["x/licence-label"], refs: ["OCI image spec, pre-defined annotation keys", "SPDX licence list"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    let licences: Vec<_> =
        project.declarations.iter().filter(|known| known.about == About::Licence).collect();
    let real: BTreeSet<&str> = licences.iter().map(|known| known.value.as_str()).collect();
    if real.is_empty() {
        out.not_applicable("no LICENSE file whose licence is known");
        return;
    }
    for docker in cx.dockerfiles() {
        let Some((value, span)) = label(docker, &["org.opencontainers.image.licenses"]) else { continue };
        let said = identifiers(&value);
        // The image may hold more than this project; a label that names its licence among others is right.
        if said.is_empty() || said.iter().any(|name| real.contains(name.as_str())) {
            continue;
        }
        let paths: Vec<&str> = licences.iter().map(|known| known.path.as_str()).collect();
        let wanted: Vec<&str> = real.iter().copied().collect();
        let mut finding = out
            .finding(format!(
                "the label says `{value}`, {} is {}",
                text::names(&paths, 3),
                text::names(&wanted, 3)
            ))
            .why("scanners and registries show the label, and who relies on it relies on the wrong terms")
            .help(format!("write `{}`", wanted.join(" OR ")))
            .at_file(&docker.file, span)
            .command(format!("head -n 3 {}", paths[0]));
        let words = span.of(&docker.file.text);
        let quote =
            words.chars().next().filter(|c| matches!(c, '"' | '\'')).map_or(String::new(), String::from);
        if let [one] = wanted[..] {
            let edit = Edit { span, text: format!("{quote}{one}{quote}") };
            finding = finding.fix(Applicability::Unsafe, format!("Write `{one}`"), &docker.file, vec![edit]);
        }
        let _ = finding;
    }
}

/// The licences an expression names; none where one of them is not known to be an identifier.
fn identifiers(text: &str) -> BTreeSet<String> {
    let lower = text.trim().to_lowercase();
    let spoken = match lower.trim_end_matches(" license").trim_end_matches(" licence") {
        "apache 2.0" | "apache 2" | "apache-2" | "apache2" | "apache v2" | "apache license 2.0" => {
            Some("Apache-2.0")
        }
        "the mit" => Some("MIT"),
        _ => None,
    };
    if let Some(spoken) = spoken {
        return BTreeSet::from([spoken.to_owned()]);
    }
    let mut out = BTreeSet::new();
    for word in text.split([' ', '(', ')', ',', '/']).filter(|word| !word.is_empty()) {
        if matches!(word.to_ascii_uppercase().as_str(), "AND" | "OR" | "WITH") {
            continue;
        }
        let name = word.trim_end_matches('+').trim_end_matches("-only").trim_end_matches("-or-later");
        let known = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name));
        match known {
            Some(known) => {
                out.insert((*known).to_owned());
            }
            None => return BTreeSet::new(),
        }
    }
    out
}

/// Identifiers of the licences whose texts are recognised, and others one meets in labels.
const KNOWN: [&str; 25] = [
    "MIT",
    "Apache-2.0",
    "MPL-2.0",
    "AGPL-3.0",
    "LGPL-3.0",
    "LGPL-2.1",
    "GPL-3.0",
    "GPL-2.0",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "ISC",
    "0BSD",
    "Unlicense",
    "CC0-1.0",
    "BSL-1.0",
    "EPL-2.0",
    "Zlib",
    "BUSL-1.1",
    "SSPL-1.0",
    "Elastic-2.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "EUPL-1.2",
    "WTFPL",
    "Artistic-2.0",
];
