//! Reports files whose name says that they hold credentials.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "credential-file",
    summary: "the image contains a file that holds credentials by its name",
    passes: "no file is named like one that holds credentials",
    family: Image, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["CIS-DI-0010"], refs: ["CWE-538", "CIS Docker Benchmark 4.10"],
}

use seaworthy_facts::FileKind;

/// Whether a path is where a tool keeps credentials.
fn is_credential(path: &str) -> bool {
    const NAMES: [&str; 14] = [
        ".env",
        ".git-credentials",
        ".htpasswd",
        ".netrc",
        ".pgpass",
        ".pypirc",
        "application_default_credentials.json",
        "credential.json",
        "credentials.json",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "id_rsa",
        "secret_token.rb",
    ];
    const ENDS: [&str; 7] = [
        "/.aws/credentials",
        "/.azure/accessTokens.json",
        "/.docker/config.json",
        "/.dockercfg",
        "/.kube/config",
        "/.vault-token",
        "/.cargo/credentials.toml",
    ];
    const UPSTREAM: [&str; 6] =
        ["/usr/share/", "/usr/lib/", "/node_modules/", "/site-packages/", "/dist-packages/", "/vendor/"];
    let name = path.rsplit('/').next().unwrap_or_default();
    (NAMES.contains(&name) || ENDS.iter().any(|end| path.ends_with(end)))
        && !UPSTREAM.iter().any(|part| path.contains(part))
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let found: Vec<_> = image
        .files
        .iter()
        .filter(|file| file.kind == FileKind::File && file.size > 0 && is_credential(&file.path))
        .collect();
    let Some(first) = found.first() else { return };
    let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!("the image contains {}", text::names(&paths, 4)))
        .why("everyone who can pull the image can read the file")
        .help("revoke what is in it, and give it to the build by `--mount=type=secret` and to the container when it starts")
        .at_layer(layer, first.path.clone())
        .observation(paths.iter().take(50).copied().collect::<Vec<_>>().join("\n"))
        .command("seaworthy inspect --files IMAGE");
}
