//! `--pin`: asks registries for the digests of base images that are not pinned, and offers each as a fix.

use crate::cli::Global;
use crate::release;
use crate::shell::Shell;
use seaworthy_finding::{Applicability, Edit, Finding, FindingStatus, Fix, Location, Span};
use seaworthy_oci::Reference;
use seaworthy_registry::{Access, Client};
use std::collections::BTreeMap;

/// The rule whose findings are base images without a digest.
const RULE: &str = "unpinned-base-digest";

/// Gives the findings of base images without a digest the fix that pins them. What a registry does not tell is said
/// and left as it is.
pub(crate) fn offer(
    shell: &Shell,
    global: &Global,
    findings: &mut [Finding],
    text: &dyn Fn(&str) -> Option<String>,
) {
    let client = Client::new(release::registry(global, None));
    let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.rule == RULE) {
        let Location::File { path, span, .. } = &finding.location else { continue };
        // A comment or a waiver that accepts the tag is respected; a stricter reader's rule is what was asked for.
        if !matches!(finding.status, FindingStatus::Open | FindingStatus::Hidden) {
            continue;
        }
        let Some(source) = text(path) else { continue };
        let name = span.of(&source).to_owned();
        let digest = known.entry(name.clone()).or_insert_with(|| match resolve(&client, &name) {
            Ok(digest) => Some(digest),
            Err(why) => {
                shell.note(&format!("`{}` is not pinned: {why}", seaworthy_report::escape(&name)));
                None
            }
        });
        let Some(digest) = digest else { continue };
        finding.status = FindingStatus::Open;
        finding.fix = Some(Fix {
            title: format!("pin `{name}` to the digest it has now"),
            applicability: Applicability::Safe,
            path: path.clone(),
            edits: vec![Edit { span: Span::new(span.end, span.end), text: format!("@{digest}") }],
        });
    }
}

/// The digest a registry has for a name, or why there is none.
fn resolve(client: &Client, name: &str) -> Result<String, String> {
    let reference: Reference = name.parse().map_err(|error| format!("{error}"))?;
    match client.repository(&reference, Access::Pull).head_manifest(&reference.target()) {
        Ok(Some(found)) => Ok(found.digest.to_string()),
        Ok(None) => Err(format!("{} has no such image", seaworthy_report::escape(&reference.domain))),
        Err(error) => Err(crate::failure::Failure::of("ask the registry", &error).message),
    }
}
