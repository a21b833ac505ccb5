//! Reports images that are signed by their tag.

use super::occasion::Scope;
use super::{cli, pipeline, publish};
use crate::script::Simple;
use crate::{Cx, Sink, text};
use seaworthy_finding::Span;
use seaworthy_workflow::{Step, Workflow};
use std::collections::BTreeSet;

declare_rule! {
    name: "signature-by-tag",
    summary: "an image is signed by its tag",
    passes: "images are signed by their digest",
    family: Workflow, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: ["x/sign-by-tag"],
    refs: ["cosign documentation, signing containers"],
}

/// Options of `cosign` that take a value in the next word.
const VALUED: [&str; 22] = [
    "--key",
    "-a",
    "--annotations",
    "--identity-token",
    "--oidc-issuer",
    "--oidc-client-id",
    "--oidc-provider",
    "--rekor-url",
    "--fulcio-url",
    "--output-signature",
    "--output-certificate",
    "--output-payload",
    "--timeout",
    "--certificate",
    "--certificate-chain",
    "--cert",
    "--platform",
    "--predicate",
    "--type",
    "--signature-digest-algorithm",
    "--attachment",
    "--payload",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            for step in &job.steps {
                if step.run.as_ref().is_none_or(|run| !run.value.contains("cosign")) {
                    continue;
                }
                let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
                let commands = publish::commands(&fact.file, step);
                let mut found: Vec<(&str, String, Span)> = Vec::new();
                for (at, command) in commands.iter().enumerate() {
                    let Some(kind) = signs(command) else { continue };
                    for word in images(command) {
                        let Some(by) =
                            by_tag(word, scope, &commands[..at], at > 0 && commands[at - 1].then == "|")
                        else {
                            continue;
                        };
                        found.push((kind, by, publish::word(&fact.file, command.span, word)));
                    }
                }
                // A script that signs several images this way is one mistake.
                let Some((kind, by, place)) = found.first() else { continue };
                let more = match found.len() - 1 {
                    0 => String::new(),
                    more => format!(", and {} likewise", text::count(more, "more image")),
                };
                // Expressions are one word while commands are cut; the reader knows them as written.
                let written = place.of(&fact.file.text);
                let masked = publish::masked(written);
                let by = if written.contains('`') { by.clone() } else { by.replace(&masked, written) };
                out.finding(format!("`cosign {kind}` is given {by}{more}"))
                    .why("the tag can move between the push and the signature: what is signed may be another image")
                    .help("use the digest of the push: `name@${{ steps.BUILD.outputs.digest }}`")
                    .at_file(&fact.file, *place)
                    .command(format!("grep -n 'cosign {kind}' {}", fact.file.path));
            }
        }
    }
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in pipeline::jobs(pipeline) {
            for command in pipeline::commands(job) {
                let Some(kind) = signs(&command) else { continue };
                for word in images(&command) {
                    let name = cli::expand(word, pipeline, job);
                    let last = name.rsplit('/').next().unwrap_or(&name);
                    // Any other variable may hold the digest.
                    let known =
                        name.to_ascii_lowercase().contains("digest") || name.contains(['@', '(', '`']);
                    if known || !tag_follows(last) || !seen.insert(command.span.start) {
                        continue;
                    }
                    out.finding(format!("`cosign {kind}` is given `{word}`, which is a tag"))
                        .why("the tag can move between the push and the signature: what is signed may be another image")
                        .help("use the digest of the push: `cosign sign \"$CI_REGISTRY_IMAGE@$DIGEST\"`")
                        .at_file(&pipeline.file, pipeline::word(&pipeline.file, command.span, word))
                        .command(format!("grep -n 'cosign {kind}' {}", pipeline.file.path));
                }
            }
        }
    }
}

/// `sign` or `attest`, where the command does that.
pub(crate) fn signs(command: &Simple) -> Option<&'static str> {
    let rest = command.rest();
    // `xargs` and `retry` run what follows.
    let at = rest.iter().position(|word| word.rsplit('/').next() == Some("cosign"))?;
    if at > 0 && !matches!(command.program(), "xargs" | "retry" | "timeout" | "sudo" | "nohup") {
        return None;
    }
    match rest.get(at + 1).map(String::as_str) {
        Some("sign") => Some("sign"),
        Some("attest") => Some("attest"),
        _ => None,
    }
}

/// The images of a command of `cosign`.
fn images(command: &Simple) -> Vec<&str> {
    let from = command.words.iter().position(|word| word.rsplit('/').next() == Some("cosign"));
    let words = command.words.iter().skip(from.map_or(0, |at| at + 2));
    let mut out = Vec::new();
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if word.starts_with('-') {
            // Old versions take options after one dash.
            skip = VALUED.contains(&word.as_str()) || word == "-key";
        } else if word.starts_with(['>', '<']) || word.starts_with("2>") {
            break;
        } else {
            out.push(word.as_str());
        }
    }
    out
}

/// What a word signs by, where that is a tag.
fn by_tag(word: &str, scope: Scope<'_>, before: &[Simple], piped: bool) -> Option<String> {
    if word.contains('@') || word.contains("digest") || word.contains("DIGEST") || word.contains("$(") {
        return None;
    }
    let last = word.rsplit('/').next().unwrap_or(word);
    let pure = (word.starts_with('$') && !word.contains('/') && !tag_follows(last)) || word == "{}";
    if !pure {
        // Of a word that begins with a variable only what follows is known.
        if tag_follows(last) {
            return Some(format!("`{word}`, which is a tag"));
        }
        let open = last.contains('$');
        let plain = word.contains('/') && !open && word.contains('.');
        return plain.then(|| format!("`{word}`, which means the tag `latest`"));
    }
    if word == "{}" {
        let source = before.last().filter(|_| piped)?;
        let named = source.words.iter().any(|word| variable(word).is_some_and(|name| tags(name, scope)));
        return named.then(|| "the tags of the build".to_owned());
    }
    let name = variable(word)?;
    if tags(name, scope) {
        return Some(format!("`{word}`, which holds tags"));
    }
    let script = scope.step.and_then(|step| step.run.as_ref()).map_or("", |run| run.as_str());
    looped(script, name, scope).then(|| format!("`{word}`, which is one of the tags"))
}

/// Whether a variable goes through tags: `for NAME in $TAGS`, or `read NAME` beside a variable that holds them.
fn looped(script: &str, name: &str, scope: Scope<'_>) -> bool {
    let holds = |text: &str| {
        let words = text.split(|ch: char| ch.is_whitespace() || matches!(ch, '"' | '(' | ')' | '|' | ';'));
        // What stands between the braces of an expression is cut by its blanks; its own words tell as well.
        text.contains(".outputs.tags") || words.filter_map(variable).any(|known| tags(known, scope))
    };
    script.lines().any(|line| {
        let looped = line.find(&format!("for {name} in ")).map(|at| &line[at..]);
        let list = looped.map(|rest| rest.split(';').next().unwrap_or(rest));
        let reads = line.contains("read ") && line.split([' ', ';']).any(|word| word == name);
        list.is_some_and(holds) || (reads && holds(script))
    })
}

/// Whether a tag stands behind the colon of a name's last part.
fn tag_follows(last: &str) -> bool {
    // `${NAME:-default}` and `${NAME:0:8}` are one variable.
    let mut depth = 0_u32;
    for (at, ch) in last.char_indices() {
        match ch {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return at > 0 && at + 1 < last.len(),
            _ => {}
        }
    }
    false
}

/// The name of the variable, or the expression, that a word begins with.
fn variable(word: &str) -> Option<&str> {
    let rest = word.strip_prefix('$')?;
    if rest.starts_with("{{") {
        return Some(word);
    }
    let rest = rest.strip_prefix('{').unwrap_or(rest);
    let end = rest.find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// Whether a variable of the step's surroundings, or an expression, holds the tags of a build.
fn tags(name: &str, scope: Scope<'_>) -> bool {
    let outputs = |text: &str| text.contains(".outputs.tags") || text.contains("DOCKER_METADATA_OUTPUT_TAGS");
    if name.starts_with("${{") || name == "DOCKER_METADATA_OUTPUT_TAGS" {
        return outputs(name);
    }
    value(name, scope.step, scope.workflow, scope).is_some_and(|text| {
        // A name that is written out may end in a tag.
        let last = text.rsplit('/').next().unwrap_or_default();
        let tagged =
            text.contains('/') && !text.contains('@') && !text.contains("digest") && tag_follows(last);
        outputs(&text) || (tagged && !text.contains(".outputs."))
    })
}

fn value(name: &str, step: Option<&Step>, workflow: &Workflow, scope: Scope<'_>) -> Option<String> {
    let envs = [step.map(|step| &step.env), scope.job.map(|job| &job.env), Some(&workflow.env)];
    let entry = envs.into_iter().flatten().find_map(|env| env.get(name))?;
    Some(entry.as_str().to_owned())
}
