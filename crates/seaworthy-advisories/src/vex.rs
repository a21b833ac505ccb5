//! What producers say about vulnerabilities of their products: OpenVEX, and the analyses of a CycloneDX document.

use crate::components::of_purl;
use serde_json::Value;

/// The most statements that are kept.
const STATEMENTS: usize = 200_000;

/// A statement that a product is not affected, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    /// Every name of the vulnerability.
    names: Vec<String>,
    /// Package URLs, digests or other names of what it is about; empty: everything.
    products: Vec<String>,
    /// In words.
    reason: String,
    /// Whether a later statement took it back.
    open: bool,
}

/// Statements in the order they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vex {
    statements: Vec<Statement>,
}

/// A text that is no VEX document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VexError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// It is JSON of another kind.
    #[error("it is neither OpenVEX nor CycloneDX with vulnerabilities")]
    Unknown,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

impl Vex {
    /// Adds the statements of a document; gives their number.
    ///
    /// # Errors
    /// The text is no VEX document.
    pub fn add(&mut self, bytes: &[u8]) -> Result<usize, VexError> {
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| VexError::Json(error.to_string()))?;
        let value = value.get("predicate").filter(|inner| inner.is_object()).unwrap_or(&value);
        let before = self.statements.len();
        if value.get("statements").is_some_and(Value::is_array) {
            self.openvex(value);
        } else if value.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX")
            && value.get("vulnerabilities").is_some_and(Value::is_array)
        {
            self.cyclonedx(value);
        } else {
            return Err(VexError::Unknown);
        }
        Ok(self.statements.len() - before)
    }

    /// Source: the OpenVEX specification 0.2.0; 0.0.x writes the vulnerability and the products as texts.
    fn openvex(&mut self, value: &Value) {
        let mut statements: Vec<&Value> = array(value, "statements").take(STATEMENTS).collect();
        let time = |one: &&Value| match text(one, "timestamp") {
            "" => text(value, "timestamp").to_owned(),
            own => own.to_owned(),
        };
        statements.sort_by_key(time);
        for one in statements {
            let mut names = Vec::new();
            match one.get("vulnerability") {
                Some(Value::String(name)) => names.push(name.clone()),
                Some(object) => {
                    names.extend([text(object, "name"), text(object, "@id")].map(last_part));
                    names.extend(array(object, "aliases").filter_map(Value::as_str).map(str::to_owned));
                }
                None => {}
            }
            names.retain(|name| !name.is_empty());
            let mut products = Vec::new();
            for product in array(one, "products") {
                let inner: Vec<&Value> = array(product, "subcomponents").collect();
                if inner.is_empty() {
                    identities(product, &mut products);
                } else {
                    for part in inner {
                        identities(part, &mut products);
                    }
                }
            }
            for part in array(one, "subcomponents") {
                identities(part, &mut products);
            }
            let status = text(one, "status");
            let why = [text(one, "justification"), text(one, "impact_statement")];
            self.push(names, products, status, &why);
        }
    }

    /// Source: the CycloneDX specification 1.6, `vulnerabilities[].analysis`.
    fn cyclonedx(&mut self, value: &Value) {
        let mut by_reference = std::collections::BTreeMap::new();
        for component in array(value, "components") {
            by_reference.insert(text(component, "bom-ref"), text(component, "purl"));
        }
        for one in array(value, "vulnerabilities").take(STATEMENTS) {
            let Some(analysis) = one.get("analysis") else { continue };
            let mut names = vec![text(one, "id").to_owned()];
            names.extend(array(one, "references").map(|reference| text(reference, "id").to_owned()));
            let products = array(one, "affects").map(|affected| {
                let reference = text(affected, "ref");
                let reference = reference.rsplit_once('#').map_or(reference, |(_, last)| last);
                match by_reference.get(reference) {
                    Some(purl) if !purl.is_empty() => (*purl).to_owned(),
                    _ => reference.to_owned(),
                }
            });
            let status = match text(analysis, "state") {
                "not_affected" | "false_positive" => "not_affected",
                "resolved" | "resolved_with_pedigree" => "fixed",
                "exploitable" | "in_triage" => "affected",
                other => other,
            };
            let why = [text(analysis, "justification"), text(analysis, "detail")];
            let products = products.collect();
            self.push(names, products, status, &why);
        }
    }

    fn push(&mut self, names: Vec<String>, products: Vec<String>, status: &str, why: &[&str]) {
        let open = match status {
            "not_affected" | "fixed" => false,
            "affected" | "under_investigation" => true,
            _ => return,
        };
        if names.iter().all(String::is_empty) || self.statements.len() >= STATEMENTS {
            return;
        }
        let why: Vec<&str> = why.iter().copied().filter(|text| !text.is_empty()).collect();
        let status = status.replace('_', " ");
        let reason = if why.is_empty() { status } else { format!("{status}: {}", why.join(", ")) };
        self.statements.push(Statement { names, products, reason, open });
    }

    /// Whether it says anything.
    pub const fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Why a vulnerability of a package does not count; the last statement about it counts.
    pub(crate) fn dismisses(&self, names: &[&str], purl: &str, digest: &str) -> Option<&str> {
        let about = |statement: &&Statement| {
            statement.names.iter().any(|name| names.iter().any(|own| own.eq_ignore_ascii_case(name)))
                && (statement.products.is_empty()
                    || statement.products.iter().any(|product| means(product, purl, digest)))
        };
        let last = self.statements.iter().rev().find(about)?;
        (!last.open).then_some(last.reason.as_str())
    }
}

/// `https://…/CVE-2024-1` as `CVE-2024-1`.
fn last_part(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

fn identities(product: &Value, out: &mut Vec<String>) {
    match product {
        Value::String(name) => out.push(name.clone()),
        object => {
            let id = text(object, "@id");
            if !id.is_empty() {
                out.push(id.to_owned());
            }
            let more = object.get("identifiers").and_then(Value::as_object).into_iter().flatten();
            out.extend(more.filter_map(|(_, value)| value.as_str()).map(str::to_owned));
            let hashes = object.get("hashes").and_then(Value::as_object).into_iter().flatten();
            out.extend(hashes.filter_map(|(_, value)| value.as_str()).map(str::to_owned));
        }
    }
}

/// Whether a product's name means a package or the image: a package URL without a version means every version, one
/// without qualifiers every build; `pkg:oci/…` means the image by its digest.
fn means(product: &str, purl: &str, digest: &str) -> bool {
    if product == purl {
        return true;
    }
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    if !hex.is_empty()
        && (product == hex || product.contains(&format!("sha256%3A{hex}")) || product.contains(digest))
    {
        return true;
    }
    let (Some(said), Some(own)) = (of_purl(product), of_purl(purl)) else { return false };
    said.kind == own.kind
        && said.name.eq_ignore_ascii_case(&own.name)
        && (said.version.is_empty() || said.version == own.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_statement_counts() {
        let mut vex = Vex::default();
        let text = br#"{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2024-01-01T00:00:00Z","statements":[
            {"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/app@sha256%3Aabc",
             "subcomponents":[{"@id":"pkg:pypi/jinja2"}]}],"status":"not_affected","justification":"code_not_reachable"},
            {"vulnerability":{"name":"CVE-2"},"products":[{"@id":"pkg:pypi/a@1"}],"status":"fixed","timestamp":"2024-01-02T00:00:00Z"},
            {"vulnerability":{"name":"CVE-2"},"products":[{"@id":"pkg:pypi/a@1"}],"status":"affected","timestamp":"2024-02-02T00:00:00Z"}]}"#;
        assert_eq!(vex.add(text), Ok(3));
        assert_eq!(
            vex.dismisses(&["CVE-1"], "pkg:pypi/jinja2@3.1.2", ""),
            Some("not affected: code_not_reachable")
        );
        assert_eq!(vex.dismisses(&["CVE-1"], "pkg:pypi/other@3.1.2", ""), None);
        assert_eq!(vex.dismisses(&["CVE-2"], "pkg:pypi/a@1", ""), None);
    }

    #[test]
    fn cyclonedx_analyses_are_read() {
        let mut vex = Vex::default();
        let text = br#"{"bomFormat":"CycloneDX","components":[{"bom-ref":"r","purl":"pkg:npm/x@1"}],"vulnerabilities":[
            {"id":"GHSA-1","references":[{"id":"CVE-3"}],"affects":[{"ref":"urn:cdx:1/1#r"}],
             "analysis":{"state":"not_affected","justification":"code_not_present"}}]}"#;
        assert_eq!(vex.add(text), Ok(1));
        assert!(vex.dismisses(&["CVE-3"], "pkg:npm/x@1", "").is_some());
        assert!(vex.dismisses(&["CVE-3"], "pkg:npm/x@2", "").is_none());
        assert_eq!(vex.add(b"{}"), Err(VexError::Unknown));
    }
}
