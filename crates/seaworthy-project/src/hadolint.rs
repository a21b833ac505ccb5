//! Reads `.hadolint.yaml`.

use crate::yaml::{self, Node};
use seaworthy_facts::{HadolintFact, HadolintLevel, LabelKind, SyntaxProblem, TextFile};

/// The configuration in a file. What does not read is a problem, and the rest counts.
pub(crate) fn read(file: TextFile) -> HadolintFact {
    let (root, errors) = yaml::read(&file.text);
    let problem = |span, message: String| SyntaxProblem { span, message, fatal: true };
    let mut problems: Vec<SyntaxProblem> =
        errors.into_iter().map(|error| problem(error.span, error.message)).collect();
    let texts = |name: &str| -> Vec<String> {
        let list = root.as_ref().and_then(|root| root.get(name));
        let items = list.iter().flat_map(|list| list.items());
        items.filter_map(|item| item.text().map(str::to_owned)).collect()
    };
    let on = |name: &str| {
        let value = root.as_ref().and_then(|root| root.get(name));
        value.is_some_and(|value| value.text() == Some("true"))
    };
    let mut levels = Vec::new();
    let mut label_schema = Vec::new();
    let mut threshold = on("no-fail").then_some(None);
    if let Some(root) = &root {
        for (key, codes) in root.get("override").iter().flat_map(|map| map.entries()) {
            let Some(level) = key.text().and_then(level) else {
                problems.push(problem(key.span, "write `error`, `warning`, `info` or `style`".to_owned()));
                continue;
            };
            levels.extend(codes.items().iter().filter_map(|code| Some((code.text()?.to_owned(), level))));
        }
        for (key, value) in root.get("label-schema").iter().flat_map(|map| map.entries()) {
            match (key.text(), value.text().and_then(kind)) {
                (Some(name), Some(kind)) => label_schema.push((name.to_owned(), kind)),
                _ => problems.push(problem(
                    value.span,
                    "write `text`, `url`, `rfc3339`, `spdx`, `hash`, `semver` or `email`".to_owned(),
                )),
            }
        }
        if let Some(wanted) = root.get("failure-threshold") {
            match wanted.text() {
                Some("none") => threshold = Some(None),
                text => match text.and_then(level) {
                    Some(least) => threshold = threshold.or(Some(Some(least))),
                    None if text == Some("ignore") => {}
                    None => problems.push(problem(
                        wanted.span,
                        "write `error`, `warning`, `info`, `style` or `none`".to_owned(),
                    )),
                },
            }
        }
        problems.extend(
            unknown(root).map(|key| {
                problem(key.span, format!("hadolint knows no `{}`", key.text().unwrap_or_default()))
            }),
        );
    }
    let (ignored, trusted_registries) = (texts("ignored"), texts("trustedRegistries"));
    let (strict_labels, pragmas_off) = (on("strict-labels"), on("disable-ignore-pragma"));
    drop(root);
    HadolintFact {
        file,
        problems,
        ignored,
        levels,
        trusted_registries,
        label_schema,
        strict_labels,
        pragmas_off,
        threshold,
    }
}

/// Keys hadolint does not have.
fn unknown(root: &Node) -> impl Iterator<Item = std::rc::Rc<Node>> {
    const KNOWN: [&str; 11] = [
        "no-fail",
        "no-color",
        "verbose",
        "format",
        "override",
        "ignored",
        "trustedRegistries",
        "label-schema",
        "strict-labels",
        "disable-ignore-pragma",
        "failure-threshold",
    ];
    root.entries()
        .into_iter()
        .map(|(key, _)| key)
        .filter(|key| key.text().is_none_or(|name| !KNOWN.contains(&name)))
}

fn level(name: &str) -> Option<HadolintLevel> {
    Some(match name {
        "error" => HadolintLevel::Error,
        "warning" => HadolintLevel::Warning,
        "info" => HadolintLevel::Info,
        "style" => HadolintLevel::Style,
        _ => return None,
    })
}

fn kind(name: &str) -> Option<LabelKind> {
    Some(match name {
        "text" | "rawtext" | "raw-text" => LabelKind::Text,
        "url" => LabelKind::Url,
        "rfc3339" => LabelKind::Rfc3339,
        "spdx" => LabelKind::Spdx,
        "hash" => LabelKind::Hash,
        "semver" => LabelKind::Semver,
        "email" => LabelKind::Email,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_and_what_is_unknown_is_a_problem() {
        let text = "ignored: [DL3002, SC2086]\noverride:\n  error: [DL3007]\n  style:\n    - DL3020\n\
                    trustedRegistries:\n  - registry.test\nlabel-schema:\n  a: email\n  b: colour\n\
                    strict-labels: true\ndisable-ignore-pragma: false\nfailure-threshold: warning\nignore: [x]\n";
        let fact = read(TextFile::new(".hadolint.yaml", text.to_owned()));
        assert_eq!(fact.ignored, ["DL3002", "SC2086"]);
        assert_eq!(
            fact.levels,
            [("DL3007".to_owned(), HadolintLevel::Error), ("DL3020".to_owned(), HadolintLevel::Style)]
        );
        assert_eq!(fact.trusted_registries, ["registry.test"]);
        assert_eq!(fact.label_schema, [("a".to_owned(), LabelKind::Email)]);
        assert_eq!((fact.strict_labels, fact.pragmas_off), (true, false));
        assert_eq!(fact.threshold, Some(Some(HadolintLevel::Warning)));
        assert_eq!(fact.problems.len(), 2, "{:?}", fact.problems);
    }

    #[test]
    fn nothing_and_nonsense_are_configurations_that_ask_for_nothing() {
        for text in ["", "- 1\n", "ignored: 3\n", "{"] {
            let fact = read(TextFile::new(".hadolint.yaml", text.to_owned()));
            assert!(fact.ignored.is_empty() && fact.threshold.is_none(), "{text}");
        }
    }
}
