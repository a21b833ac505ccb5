//! Reports a secret in a file of any layer, deleted or not.

use crate::{Cx, Sink, text};
use seaworthy_facts::SecretPlace;
use seaworthy_finding::{Confidence, Severity};

declare_rule! {
    name: "secret-in-layer",
    summary: "a layer contains a secret",
    passes: "no layer contains a secret",
    family: Image, category: Security, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: ["CIS-DI-0010", "DKL-LI-0001"], refs: ["CWE-538"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for secret in &image.secrets {
        let SecretPlace::File { layer, index, path, line, hidden, hidden_by } = &secret.place else {
            continue;
        };
        let at = if *line > 0 { format!("`{path}` line {line}") } else { format!("`{path}`") };
        let gone = match (hidden, hidden_by) {
            (false, _) => String::new(),
            (true, None) => {
                "; a later layer deletes or hides it, but everyone who pulls the image has it".to_owned()
            }
            (true, Some(by)) => {
                format!("; layer {} deletes or hides it, but everyone who pulls the image has it", by + 1)
            }
        };
        let made = image.layers.get(*index).map_or("", |layer| layer.created_by.as_str());
        let digest = layer.strip_prefix("sha256:").unwrap_or(layer);
        out.finding(format!("{at} of layer {} holds {}: {}{gone}", index + 1, text::a(&secret.what), secret.redacted))
            .why("whoever can pull the image can read every layer, also what later layers delete")
            .help("revoke the secret, then give it to the build with `RUN --mount=type=secret`, or to the run as a file")
            .at_layer(layer.clone(), path.clone())
            .severity(if secret.proven { Severity::Critical } else { Severity::High })
            .confidence(if secret.proven { Confidence::High } else { Confidence::Medium })
            .observation(format!("layer {} of {}, {}, {}", index + 1, image.layers.len(), text::short(layer), super::detected(secret)))
            .excerpt(made.to_owned())
            .command(format!("docker save IMAGE | tar -xO blobs/sha256/{digest} | tar -tv"));
    }
    let scanned = text::count(image.layers.len(), "layer");
    out.observed(match image.upstream_secrets.len() {
        0 => format!("{scanned} scanned"),
        // What is left out is told: nobody should have to trust a list of exceptions.
        left_out => {
            let owners: std::collections::BTreeSet<&str> =
                image.upstream_secrets.iter().map(|one| one.owner.as_str()).collect();
            let named: Vec<&str> = owners.iter().take(5).copied().collect();
            let more = if owners.len() > 5 { ", …" } else { "" };
            format!(
                "{scanned} scanned; {} left out, in files that their packages' checksums prove to be unmodified: {}{more}",
                text::count(left_out, "match"),
                named.join(", ")
            )
        }
    });
}
