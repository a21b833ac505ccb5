//! Reads licence, version and toolchain from the small files at a project's root.

use seaworthy_facts::{About, Declaration};

/// Larger files are not read.
pub(crate) const MAX: u64 = 1024 * 1024;

/// Whether a file at the root declares something, by its name.
pub(crate) fn wanted(name: &str) -> bool {
    licence_file(name)
        || matches!(
            name,
            "Cargo.toml"
                | "package.json"
                | "pyproject.toml"
                | "go.mod"
                | "rust-toolchain"
                | "rust-toolchain.toml"
                | ".nvmrc"
                | ".node-version"
                | ".python-version"
        )
}

fn licence_file(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let stem = upper.split(['.', '-', '_']).next().unwrap_or_default();
    let ending = upper.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(stem, "LICENSE" | "LICENCE" | "COPYING" | "UNLICENSE")
        && !matches!(ending, "RS" | "GO" | "PY" | "JS" | "JSON" | "YML" | "YAML" | "TOML" | "HEADER")
        && !upper.contains("HEADER")
        && !upper.contains("THIRD")
}

/// What the file says.
pub(crate) fn read(path: &str, text: &str) -> Vec<Declaration> {
    let one = |about, value: String| Declaration { path: path.to_owned(), about, value };
    let first = || text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    match path {
        "Cargo.toml" => toml_field(text, &["package", "version"])
            .map(|value| one(About::Version, value))
            .into_iter()
            .collect(),
        "pyproject.toml" => [&["project", "version"][..], &["tool", "poetry", "version"]]
            .iter()
            .find_map(|keys| toml_field(text, keys))
            .map(|value| one(About::Version, value))
            .into_iter()
            .collect(),
        "package.json" => serde_json::from_str::<serde_json::Value>(text)
            .ok()
            .and_then(|value| value.get("version")?.as_str().map(str::to_owned))
            .map(|value| one(About::Version, value))
            .into_iter()
            .collect(),
        "rust-toolchain" if !text.contains('[') => {
            first().map(|value| one(About::Rust, value.to_owned())).into_iter().collect()
        }
        "rust-toolchain" | "rust-toolchain.toml" => toml_field(text, &["toolchain", "channel"])
            .map(|value| one(About::Rust, value))
            .into_iter()
            .collect(),
        ".nvmrc" | ".node-version" => first()
            .map(|value| one(About::Node, value.trim_start_matches('v').to_owned()))
            .into_iter()
            .collect(),
        ".python-version" => first().map(|value| one(About::Python, value.to_owned())).into_iter().collect(),
        "go.mod" => text
            .lines()
            .find_map(|line| line.trim().strip_prefix("go "))
            .map(|value| one(About::Go, value.trim().to_owned()))
            .into_iter()
            .collect(),
        _ if licence_file(path) => {
            licence(text).map(|value| one(About::Licence, value.to_owned())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn toml_field(text: &str, keys: &[&str]) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let (first, rest) = keys.split_first()?;
    let mut value = table.get(*first)?;
    for key in rest {
        value = value.get(*key)?;
    }
    value.as_str().map(str::to_owned)
}

/// The SPDX identifier of a licence's text, by the sentences only that licence has.
fn licence(text: &str) -> Option<&'static str> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |phrase: &str| words.contains(phrase);
    let start: String = words.chars().take(600).collect();
    let gnu = |version: &str| start.contains(version);
    if has("permission is hereby granted, free of charge, to any person obtaining a copy") {
        return Some("MIT");
    }
    if has("apache license") && has("version 2.0") {
        return Some("Apache-2.0");
    }
    if start.contains("mozilla public license") && start.contains("2.0") {
        return Some("MPL-2.0");
    }
    if start.contains("gnu affero general public license") && gnu("version 3") {
        return Some("AGPL-3.0");
    }
    if start.contains("gnu lesser general public license") {
        return if gnu("version 3") {
            Some("LGPL-3.0")
        } else if gnu("version 2.1") {
            Some("LGPL-2.1")
        } else {
            None
        };
    }
    if start.contains("gnu general public license") {
        return if gnu("version 3") {
            Some("GPL-3.0")
        } else if gnu("version 2") {
            Some("GPL-2.0")
        } else {
            None
        };
    }
    if has("redistribution and use in source and binary forms") {
        return Some(if has("neither the name") { "BSD-3-Clause" } else { "BSD-2-Clause" });
    }
    if has("permission to use, copy, modify, and/or distribute this software for any purpose") {
        return Some(if has("provided that the above copyright notice") { "ISC" } else { "0BSD" });
    }
    if has("this is free and unencumbered software released into the public domain") {
        return Some("Unlicense");
    }
    if start.contains("cc0 1.0 universal") {
        return Some("CC0-1.0");
    }
    if start.contains("boost software license") {
        return Some("BSL-1.0");
    }
    if has("eclipse public license") && start.contains("2.0") {
        return Some("EPL-2.0");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_files_declare() {
        let said = |path: &str, text: &str| read(path, text).into_iter().map(|d| (d.about, d.value)).next();
        assert_eq!(said("go.mod", "module a\n\ngo 1.22.1\n"), Some((About::Go, "1.22.1".to_owned())));
        assert_eq!(said(".nvmrc", "v20.1\n"), Some((About::Node, "20.1".to_owned())));
        assert_eq!(
            said("rust-toolchain.toml", "[toolchain]\nchannel = \"1.75\"\n"),
            Some((About::Rust, "1.75".to_owned()))
        );
        assert_eq!(
            said("package.json", "{\"version\": \"2.0.0\"}"),
            Some((About::Version, "2.0.0".to_owned()))
        );
        assert_eq!(
            said("pyproject.toml", "[project]\nversion='1.0'\n"),
            Some((About::Version, "1.0".to_owned()))
        );
        assert_eq!(
            said(
                "LICENSE-MIT",
                "Permission is hereby granted, free of charge, to any\nperson obtaining a copy of"
            ),
            Some((About::Licence, "MIT".to_owned()))
        );
        assert_eq!(said("LICENSE", "All rights reserved\n"), None);
        assert!(
            wanted("LICENCE.txt")
                && wanted("COPYING")
                && !wanted("license.rs")
                && !wanted("LICENSES-THIRD-PARTY.md")
        );
    }
}
