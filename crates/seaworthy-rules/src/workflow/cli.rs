//! What the command lines of a CI script do with images: build, push, sign, log in.

use crate::script::Simple;
use seaworthy_facts::{PipelineFact, PipelineJob};

/// A step of publishing, as a command line says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act<'a> {
    /// An image is sent to a registry under this name.
    Push(&'a str),
    /// An image is built; the names it gets, the values of `--build-arg`.
    Build { tags: Vec<&'a str>, arguments: Vec<&'a str> },
    /// A registry is logged in to with a password among the arguments.
    Login { password: &'a str },
    /// A reference is signed.
    Sign(&'a str),
}

/// Options of `docker` and `podman` themselves that take a value.
const GLOBAL: [&str; 6] = ["--context", "-c", "--host", "-H", "--log-level", "--config"];

/// What a command does with images; empty for every other command.
pub(crate) fn acts(simple: &Simple) -> Vec<Act<'_>> {
    let rest = simple.rest();
    let words: Vec<&str> = rest.iter().skip(1).map(String::as_str).collect();
    match simple.program() {
        "docker" | "podman" | "nerdctl" | "buildah" | "docker-buildx" => engine(&words),
        "executor" | "kaniko" => kaniko(&words),
        "buildctl" | "buildctl-daemonless.sh" => buildctl(&words),
        "skopeo" if words.first() == Some(&"copy") => copied(&words[1..]),
        "crane" | "regctl" | "oras" => copies(&words),
        "cosign" if words.first() == Some(&"sign") => plain(&words[1..], &SIGN).map(Act::Sign).collect(),
        _ => Vec::new(),
    }
}

/// Options of `cosign sign` that take a value.
const SIGN: [&str; 10] = [
    "--key",
    "-a",
    "--annotations",
    "--identity-token",
    "--rekor-url",
    "--fulcio-url",
    "--output-signature",
    "--timeout",
    "--cert",
    "--platform",
];

fn engine<'a>(words: &[&'a str]) -> Vec<Act<'a>> {
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if GLOBAL.contains(word) { 2 } else { 1 };
    }
    let mut rest = words.get(at..).unwrap_or_default();
    if matches!(rest.first(), Some(&("buildx" | "image" | "manifest" | "builder"))) {
        rest = &rest[1..];
    }
    let Some((command, rest)) = rest.split_first() else { return Vec::new() };
    match *command {
        "push" => plain(rest, &["--platform", "--authfile", "--creds", "--format", "-f"])
            .next()
            .map(Act::Push)
            .into_iter()
            .collect(),
        "login" => password(rest).map(|password| Act::Login { password }).into_iter().collect(),
        "build" | "bud" | "build-using-dockerfile" => {
            let tags = values(rest, &["-t", "--tag"]);
            let arguments = values(rest, &["--build-arg"]);
            let output = values(rest, &["-o", "--output"]);
            let pushes = rest.iter().any(|word| matches!(*word, "--push" | "--push=true"))
                || output
                    .iter()
                    .any(|output| output.contains("push=true") || output.contains("type=registry"));
            let mut out: Vec<Act<'a>> =
                if pushes { tags.iter().map(|tag| Act::Push(tag)).collect() } else { Vec::new() };
            out.push(Act::Build { tags, arguments });
            out
        }
        _ => Vec::new(),
    }
}

fn kaniko<'a>(words: &[&'a str]) -> Vec<Act<'a>> {
    let tags = values(words, &["--destination", "-d"]);
    if tags.is_empty() && !words.iter().any(|word| word.starts_with("--dockerfile")) {
        return Vec::new();
    }
    let dry = words.iter().any(|word| matches!(*word, "--no-push" | "--no-push=true"));
    let mut out: Vec<Act<'a>> =
        if dry { Vec::new() } else { tags.iter().map(|tag| Act::Push(tag)).collect() };
    out.push(Act::Build { tags, arguments: values(words, &["--build-arg"]) });
    out
}

fn buildctl<'a>(words: &[&'a str]) -> Vec<Act<'a>> {
    let mut out = Vec::new();
    for output in values(words, &["--output", "-o"]) {
        let name = output.split(',').find_map(|part| part.strip_prefix("name="));
        if let Some(name) = name.filter(|_| output.contains("push=true")) {
            out.push(Act::Push(name));
        }
    }
    let arguments = values(words, &["--opt"]).into_iter().filter_map(|opt| opt.strip_prefix("build-arg:"));
    out.push(Act::Build { tags: Vec::new(), arguments: arguments.collect() });
    out
}

fn copied<'a>(words: &[&'a str]) -> Vec<Act<'a>> {
    let places = words.iter().filter_map(|word| word.strip_prefix("docker://"));
    places
        .skip(usize::from(words.iter().filter(|word| word.starts_with("docker://")).count() > 1))
        .map(Act::Push)
        .collect()
}

/// `crane copy A B`, `crane push FILE B`, `regctl image copy A B`, `oras copy A B`.
fn copies<'a>(words: &[&'a str]) -> Vec<Act<'a>> {
    let words = if words.first() == Some(&"image") { &words[1..] } else { words };
    match words.split_first() {
        Some((&("copy" | "cp" | "push" | "mutate"), rest)) => {
            plain(rest, &["--platform"]).nth(1).map(Act::Push).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The values of an option, given behind it or with `=`.
fn values<'a>(words: &[&'a str], names: &[&str]) -> Vec<&'a str> {
    let mut out = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if names.contains(word) {
            out.extend(words.next().copied());
        } else if let Some((name, value)) = word.split_once('=')
            && names.contains(&name)
        {
            out.push(value);
        }
    }
    out
}

/// The arguments that are no options; `valued` are the options that take a value.
fn plain<'a>(words: &[&'a str], valued: &[&str]) -> impl Iterator<Item = &'a str> {
    let mut out = Vec::new();
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if word.starts_with('-') {
            skip = valued.contains(word);
        } else {
            out.push(*word);
        }
    }
    out.into_iter()
}

/// The password of a `login`, where one is among the arguments.
fn password<'a>(words: &[&'a str]) -> Option<&'a str> {
    if words.contains(&"--password-stdin") {
        return None;
    }
    values(words, &["-p", "--password"]).first().copied().or_else(|| {
        let joined = words.iter().find_map(|word| word.strip_prefix("-p"));
        joined.filter(|rest| !rest.is_empty())
    })
}

/// A shell word with the job's variables put in, as far as their values are known here.
pub(crate) fn expand(word: &str, pipeline: &PipelineFact, job: &PipelineJob) -> String {
    let mut text = word.to_owned();
    // A variable may name another; a cycle, or growth, ends the replacing.
    for _ in 0..8 {
        let Some(next) = expand_once(&text, pipeline, job).filter(|next| next.len() <= 4096) else { break };
        text = next;
    }
    text
}

fn expand_once(text: &str, pipeline: &PipelineFact, job: &PipelineJob) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let braced = tail.starts_with('{');
        let name: &str = {
            let from = usize::from(braced);
            let len = tail[from..]
                .find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_')
                .unwrap_or(tail.len() - from);
            &tail[from..from + len]
        };
        let end = if braced { tail.find('}').map(|at| at + 1) } else { Some(name.len()) };
        let Some(end) = end.filter(|_| !name.is_empty()) else {
            out.push('$');
            rest = tail;
            continue;
        };
        let known = pipeline.variable(job, name);
        match known.and_then(|known| known.value.as_ref()) {
            Some(value) => {
                out.push_str(&value.value);
                changed = true;
            }
            None => {
                out.push('$');
                out.push_str(&tail[..end]);
            }
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_dockerfile::OffsetMap;

    fn read(line: &str) -> Vec<String> {
        let mut out = Vec::new();
        crate::script::shell::split(line, &OffsetMap::contiguous(0), &mut out);
        out.iter().flat_map(acts).map(|act| format!("{act:?}")).collect()
    }

    #[test]
    fn engines_builders_and_copiers_are_read() {
        for (line, want) in [
            ("docker --log-level debug push -q r/a:1", r#"[Push("r/a:1")]"#),
            (
                "docker buildx build --push -t r/a:1 --tag=r/a:2 --build-arg A=$B .",
                r#"[Push("r/a:1"), Push("r/a:2"), Build { tags: ["r/a:1", "r/a:2"], arguments: ["A=$B"] }]"#,
            ),
            (
                "/kaniko/executor --context . --destination \"$CI_REGISTRY_IMAGE:latest\"",
                r#"[Push("$CI_REGISTRY_IMAGE:latest"), Build { tags: ["$CI_REGISTRY_IMAGE:latest"], arguments: [] }]"#,
            ),
            ("skopeo copy docker://a/b:1 docker://c/d:latest", r#"[Push("c/d:latest")]"#),
            ("crane copy a:1 b:2", r#"[Push("b:2")]"#),
            ("docker login -u u -p $P r", r#"[Login { password: "$P" }]"#),
            ("echo $P | docker login -u u --password-stdin r", "[]"),
            ("cosign sign --yes --key k.pem r/a:1", r#"[Sign("r/a:1")]"#),
            ("docker pull a", "[]"),
        ] {
            assert_eq!(format!("[{}]", read(line).join(", ")), want, "{line}");
        }
    }
}
