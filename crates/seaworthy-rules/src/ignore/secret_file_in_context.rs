//! Reports files that look like secrets and reach the image through a `COPY` of the whole context.

use super::broad_copy;
use crate::{Cx, Sink, text};
use seaworthy_facts::ContextEntry;

declare_rule! {
    name: "secret-file-in-context",
    summary: "a file that looks like a secret reaches the image",
    passes: "no file that looks like a secret reaches the image",
    family: Ignore, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["x/context-secret"], refs: ["Docker build context, .dockerignore"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for docker in &project.dockerfiles {
        let Some(source) = broad_copy(docker) else { continue };
        let ignore = docker.ignore.and_then(|at| project.ignores.get(at));
        let start = if docker.context.is_empty() { String::new() } else { format!("{}/", docker.context) };
        let found: Vec<&ContextEntry> = project
            .context
            .iter()
            .filter(|entry| !entry.is_dir && looks_secret(&entry.path))
            .filter(|entry| {
                entry
                    .path
                    .strip_prefix(&start)
                    .is_some_and(|path| ignore.is_none_or(|ignore| ignore.patterns.matches(path) != Ok(true)))
            })
            .collect();
        if found.is_empty() {
            continue;
        }
        let paths: Vec<&str> = found.iter().map(|entry| entry.path.as_str()).collect();
        let untracked = found.iter().filter(|entry| entry.tracked == Some(false)).count();
        let note = if untracked > 0 {
            format!("; git does not track {untracked} of them, so they are local")
        } else {
            String::new()
        };
        out.finding(format!(
            "`COPY {}` puts {} into the image{note}",
            source.unquoted(),
            text::names(&paths, 4)
        ))
        .why("whoever can pull the image reads them, also when a later instruction deletes them")
        .help(match ignore {
            Some(ignore) => format!(
                "add `**/{}` to `{}`",
                paths[0].rsplit('/').next().unwrap_or(paths[0]),
                ignore.file.path
            ),
            None => "write a `.dockerignore` that begins with `*`".to_owned(),
        })
        .at_file(&docker.file, source.span)
        .command(format!("ls -l {}", paths[0]));
    }
}

/// Whether a file's name is one under which secrets are kept.
fn looks_secret(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let template = ["example", "sample", "template", "dist", "schema"].iter().any(|word| name.contains(word));
    let public = name.rsplit('.').next() == Some("pub") || name.contains("public");
    let env = name == ".env" || name.starts_with(".env.");
    let key = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].contains(&name.as_str());
    let ending = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk"]
        .iter()
        .any(|end| name.ends_with(end));
    let exact = [
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".git-credentials",
        "credentials.json",
        "secrets.json",
        "secrets.yaml",
        "secrets.yml",
        ".htpasswd",
        "kubeconfig",
        "service-account.json",
    ]
    .contains(&name.as_str());
    !template && !public && (env || key || ending || exact)
}
