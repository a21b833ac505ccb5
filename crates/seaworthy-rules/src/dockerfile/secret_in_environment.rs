//! Reports variables and build arguments whose names say that they hold a secret.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Kind, Word};

declare_rule! {
    name: "secret-in-environment",
    summary: "`ENV` or `ARG` carries a secret",
    passes: "no `ENV` and no `ARG` carries a secret",
    family: Dockerfile, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["SecretsUsedInArgOrEnv", "DL3064", "CIS-DI-0010", "DS-0031"], refs: ["BuildKit, build secrets"],
}

const WORDS: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let named: Vec<&Word> = match &item.kind {
                // A value that is a path says where the secret lies, not what it is.
                Kind::Env { pairs, .. } => pairs
                    .iter()
                    .filter(|pair| !pair.value.unquoted().starts_with('/'))
                    .map(|pair| &pair.key)
                    .collect(),
                Kind::Arg { args } => args.iter().map(|arg| &arg.name).collect(),
                _ => continue,
            };
            for key in named {
                let name = key.unquoted();
                if !sounds_secret(&name) {
                    continue;
                }
                let keyword = item.keyword.as_str();
                out.finding(format!("`{keyword} {name}` puts a secret into the image"))
                    .why("whoever can pull the image reads it in the configuration or the history")
                    .help(format!(
                        "use `RUN --mount=type=secret,id={}` for the build, or a file of the run",
                        name.to_lowercase()
                    ))
                    .at_file(&docker.file, key.span)
                    .command("docker history --no-trunc IMAGE");
            }
        }
    }
}

/// Whether one of the words stands alone between underscores. A path to a secret (`…_FILE`) is none.
fn sounds_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('_').collect();
    let path = matches!(parts.last(), Some(&("file" | "path")));
    !path && !parts.contains(&"public") && parts.iter().any(|part| WORDS.contains(part))
}
