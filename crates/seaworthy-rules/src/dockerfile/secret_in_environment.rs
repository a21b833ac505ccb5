//! Reports variables and build arguments whose names say that they hold a secret.

use crate::{Cx, Sink};
use seaworthy_dockerfile::mounts::MountType;
use seaworthy_dockerfile::{Instruction, Keyword, Kind, Word};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Persona, Severity};

declare_rule! {
    name: "secret-in-environment",
    summary: "`ENV` or `ARG` carries a secret",
    passes: "no `ENV` and no `ARG` carries a secret",
    family: Dockerfile, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["SecretsUsedInArgOrEnv", "DL3064", "CIS-DI-0010", "DS-0031"], refs: ["BuildKit, build secrets"],
}

/// BuildKit's words.
const WORDS: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
/// Names that tell trivy of a secret.
const KNOWN: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "GITHUB_TOKEN",
    "OPENAI_API_KEY",
    "HF_TOKEN",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let mut inside = false;
        let last = docker.tree.final_stage().map_or(usize::MAX, |stage| stage.from.span.start);
        for item in &docker.tree.instructions {
            inside |= item.keyword == Keyword::From;
            let named: Vec<(&Word, Option<&Word>)> = match &item.kind {
                Kind::Env { pairs, .. } => pairs.iter().map(|pair| (&pair.key, Some(&pair.value))).collect(),
                // An argument of the file alone reaches no stage.
                Kind::Arg { args } if inside => {
                    args.iter().map(|arg| (&arg.name, arg.default.as_ref())).collect()
                }
                _ => continue,
            };
            for (key, value) in named {
                let name = key.unquoted();
                if !sounds_secret(&name) {
                    continue;
                }
                let keyword = item.keyword.as_str();
                let mut aliases = vec!["SecretsUsedInArgOrEnv", "CIS-DI-0010"];
                aliases.extend(peers(last, item, key));
                // A path says where the secret lies, an empty value that it comes later.
                let text = value.map(Word::unquoted).unwrap_or_default();
                let mild = item.keyword == Keyword::Env && (text.is_empty() || text.starts_with('/'));
                let harmless = value.is_some() && (mild || is_fingerprint(&text));
                out.finding(format!("`{keyword} {name}` puts a secret into the image"))
                    .aliases(&aliases)
                    .severity(if mild { Severity::Low } else { Severity::High })
                    .persona(if harmless { Persona::Pedantic } else { Persona::Regular })
                    .why("whoever can pull the image reads it in the configuration or the history")
                    .help(format!(
                        "use `RUN --mount=type=secret,id={}` for the build, or a file of the run",
                        name.to_lowercase()
                    ))
                    .at_file(&docker.file, key.span)
                    .command("docker history --no-trunc IMAGE");
            }
        }
        credentials(docker, out);
    }
}

/// Whether a value is the fingerprint of a public key: 40 hexadecimal digits in capitals, as GnuPG prints it.
fn is_fingerprint(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
}

/// Commands that store credentials in a layer, as trivy knows them.
fn credentials(docker: &DockerfileFact, out: &mut Sink) {
    const COMMANDS: [&str; 4] = [
        "aws configure set aws_access_key_id",
        "aws configure set aws_secret_access_key",
        "gcloud auth activate-service-account",
        "az login",
    ];
    let Some(last) = docker.tree.final_stage() else { return };
    for item in last.instructions.iter().filter(|item| matches!(item.kind, Kind::Run(_))) {
        let mounted = item.mounts().iter().any(|mount| mount.typ == Some(MountType::Secret));
        let Some(command) = COMMANDS.into_iter().find(|command| item.arguments.contains(command)) else {
            continue;
        };
        if mounted {
            continue;
        }
        out.finding(format!("`{command}` leaves credentials in the layer"))
            .aliases(&["DS-0031"])
            .why("whoever can pull the image reads the files the command writes")
            .help("use `RUN --mount=type=secret`, and write nothing that stays")
            .at_file(&docker.file, item.span)
            .command("docker history --no-trunc IMAGE");
    }
}

/// Whether one of the words stands alone between underscores, and none that says it is no secret.
pub(crate) fn sounds_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('_').collect();
    parts.iter().any(|part| WORDS.contains(part))
        && !parts.iter().any(|part| matches!(*part, "public" | "file" | "version"))
}

/// The other tools that take the name for a secret; `last` is where the final stage begins.
pub(crate) fn peers(last: usize, item: &Instruction, key: &Word) -> Vec<&'static str> {
    let name = key.unquoted();
    let upper = name.to_ascii_uppercase();
    let mut all = Vec::new();
    let hadolint = ["PASSWORD", "TOKEN", "SECRET", "API_KEY", "PRIVATE", "AWS_ACCESS_KEY"];
    if hadolint.iter().any(|part| upper.contains(part)) {
        all.push("DL3064");
    }
    let plain = ["VITE_", "REACT_APP_"].iter().find_map(|start| name.strip_prefix(start)).unwrap_or(&name);
    let last = last < item.span.start;
    if last && KNOWN.contains(&plain) && item.keyword != Keyword::Onbuild {
        all.push("DS-0031");
    }
    all
}
