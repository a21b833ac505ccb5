//! What SPDX 2.3 requires of a document (clauses 6 to 11), as far as this program's own documents use it.

use super::fields::{list, text};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most reasons that are given.
const MOST: usize = 20;

/// What makes the document invalid.
pub(super) fn check(document: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut say = |problem: String| {
        if problems.len() < MOST {
            problems.push(problem);
        }
    };
    let version = text(document, "spdxVersion");
    if !matches!(version, "SPDX-2.0" | "SPDX-2.1" | "SPDX-2.2" | "SPDX-2.3") {
        say(format!("spdxVersion: `{version}` is no version"));
    }
    for (key, wanted) in [("dataLicense", "CC0-1.0"), ("SPDXID", "SPDXRef-DOCUMENT")] {
        if text(document, key) != wanted {
            say(format!("{key}: `{}` is not `{wanted}`", text(document, key)));
        }
    }
    if text(document, "name").is_empty() {
        say("name: missing or empty".to_owned());
    }
    let namespace = text(document, "documentNamespace");
    if !namespace.contains(':') || namespace.contains(['#', ' ']) {
        say(format!("documentNamespace: `{namespace}` is no URI without a fragment"));
    }
    let creation = document.get("creationInfo").cloned().unwrap_or_default();
    let created = text(&creation, "created");
    if created.len() != 20 || !created.ends_with('Z') || created.parse::<jiff::Timestamp>().is_err() {
        say(format!("creationInfo.created: `{created}` is no time of the form YYYY-MM-DDThh:mm:ssZ"));
    }
    if list(&creation, "creators").is_empty() {
        say("creationInfo.creators: missing or empty".to_owned());
    }
    for creator in list(&creation, "creators").iter().filter_map(Value::as_str) {
        if !["Tool: ", "Person: ", "Organization: "].iter().any(|start| creator.starts_with(start)) {
            say(format!("creationInfo.creators: `{creator}` is no tool, person or organization"));
        }
    }
    let mut ids = BTreeSet::from(["SPDXRef-DOCUMENT"]);
    for kind in ["packages", "files", "snippets"] {
        for (at, one) in list(document, kind).iter().enumerate() {
            let id = text(one, "SPDXID");
            let plain = |rest: &str| {
                !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            };
            if !id.strip_prefix("SPDXRef-").is_some_and(plain) {
                say(format!("{kind}[{at}].SPDXID: `{id}` is no identifier"));
            } else if !ids.insert(id) {
                say(format!("{kind}[{at}].SPDXID: `{id}` is used twice"));
            }
        }
    }
    for (at, package) in list(document, "packages").iter().enumerate() {
        for key in ["name", "downloadLocation"] {
            if text(package, key).is_empty() {
                say(format!("packages[{at}].{key}: missing or empty"));
            }
        }
        for sum in list(package, "checksums") {
            let (algorithm, value) = (text(sum, "algorithm"), text(sum, "checksumValue"));
            let digits = match algorithm {
                "MD5" => 32,
                "SHA1" => 40,
                "SHA224" => 56,
                "SHA256" | "SHA3-256" | "BLAKE2b-256" => 64,
                "SHA384" | "SHA3-384" | "BLAKE2b-384" => 96,
                "SHA512" | "SHA3-512" | "BLAKE2b-512" => 128,
                "MD2" | "MD4" | "MD6" | "ADLER32" | "BLAKE3" => value.len(),
                other => {
                    say(format!("packages[{at}].checksums: `{other}` is no algorithm"));
                    continue;
                }
            };
            if value.len() != digits || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                say(format!("packages[{at}].checksums: `{value}` is no {algorithm}"));
            }
        }
        for reference in list(package, "externalRefs") {
            let category = text(reference, "referenceCategory");
            if !matches!(
                category,
                "SECURITY"
                    | "PACKAGE-MANAGER"
                    | "PACKAGE_MANAGER"
                    | "PERSISTENT-ID"
                    | "PERSISTENT_ID"
                    | "OTHER"
            ) {
                say(format!("packages[{at}].externalRefs: `{category}` is no category"));
            }
        }
    }
    for (at, one) in list(document, "relationships").iter().enumerate() {
        for key in ["spdxElementId", "relatedSpdxElement"] {
            let id = text(one, key);
            let outside = id.starts_with("DocumentRef-")
                || (key == "relatedSpdxElement" && matches!(id, "NONE" | "NOASSERTION"));
            if !outside && !ids.contains(id) {
                say(format!("relationships[{at}].{key}: nothing is called `{id}`"));
            }
        }
    }
    problems
}
