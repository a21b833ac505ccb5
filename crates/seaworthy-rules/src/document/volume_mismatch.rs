//! Reports mounts at paths that are no volume of the image.

use super::{last_of, own::Own};
use crate::dockerfile::final_chain;
use crate::{Cx, Sink, text};
use seaworthy_dockerfile::Kind;
use seaworthy_dockerfile::scope::stage_scopes;
use seaworthy_facts::{DockerfileFact, DocumentFact, TextFile};
use seaworthy_finding::Span;

declare_rule! {
    name: "volume-mismatch",
    summary: "data is mounted where the image keeps none",
    passes: "volumes are mounted where the image declares them",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/readme-volume"], refs: ["Dockerfile reference, VOLUME"],
}

/// Places of every image whatever it declares.
const SYSTEM: [&str; 15] = [
    "/etc",
    "/var/run",
    "/run",
    "/dev",
    "/proc",
    "/sys",
    "/tmp",
    "/usr",
    "/root",
    "/var/log",
    "/certs",
    "/ssl",
    "/lib",
    "/var/lib/docker",
    "/home",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let Some(docker) = cx.service_dockerfile(compose, service) else { continue };
            let image = Image::of(docker);
            // A mount of the host's files is for the one who develops.
            for mount in
                service.mounts.iter().filter(|mount| mount.kind == "volume" && !mount.source.is_empty())
            {
                let how = format!("service `{}` keeps data", service.name);
                image.judge(cx, &compose.file, mount.span, &mount.target, &how, out);
            }
        }
    }
    let Some(docker) = cx.main_dockerfile() else { return };
    let image = Image::of(docker);
    let own = Own::of(cx);
    for document in cx.documents() {
        for command in document.commands.iter().filter(|command| !command.inline) {
            let runs = matches!(command.verb.as_str(), "run" | "create");
            let Some(name) = command.image().filter(|_| runs) else { continue };
            let ours = own.makes(&name.value);
            if ours == Some(false) || (ours.is_none() && cx.dockerfiles().len() > 1) {
                continue;
            }
            for value in command.values("volume") {
                let mut parts = value.value.split(':');
                let (source, target) = (parts.next().unwrap_or_default(), parts.next());
                // The work directory is mounted for tools that look at it.
                let here = ["$PWD", "${PWD}", "$(pwd)", "."].contains(&source.trim_matches('"'));
                if let Some(target) = target.filter(|_| !here) {
                    image.judge(cx, &document.file, value.span, target, "the command keeps data", out);
                }
            }
            for value in command.values("mount") {
                let field = |names: &[&str]| {
                    value.value.split(',').find_map(|part| {
                        let (key, value) = part.split_once('=')?;
                        names.contains(&key).then_some(value)
                    })
                };
                if let Some(target) =
                    field(&["target", "dst", "destination"]).filter(|_| field(&["type"]) != Some("tmpfs"))
                {
                    image.judge(cx, &document.file, value.span, target, "the command keeps data", out);
                }
            }
        }
        for (span, path) in stated(document) {
            image.judge(cx, &document.file, span, &path, "the document says that data is kept", out);
        }
    }
}

/// What a Dockerfile says of the image's paths.
struct Image<'a> {
    docker: &'a DockerfileFact,
    volumes: Vec<String>,
    workdir: Option<String>,
}

impl<'a> Image<'a> {
    fn of(docker: &'a DockerfileFact) -> Self {
        let scopes = stage_scopes(&docker.tree, &|_| None);
        let mut volumes = Vec::new();
        for stage in final_chain(&docker.tree) {
            for item in stage.instructions {
                let Kind::Volume { paths, .. } = &item.kind else { continue };
                let known = paths.iter().filter_map(|path| Some(scopes.get(stage.index)?.expand(path)));
                volumes.extend(known.map(|path| path.trim_end_matches('/').to_owned()));
            }
        }
        let workdir = last_of(docker, |item| match &item.kind {
            Kind::Workdir(path) if !path.has_variable() => Some(path.unquoted()),
            _ => None,
        });
        Self { docker, volumes, workdir }
    }

    fn judge(&self, cx: &Cx<'_>, file: &TextFile, span: Span, target: &str, how: &str, out: &mut Sink) {
        let target = target.trim_end_matches('/');
        let readable = target.starts_with('/') && !target.contains(['$', '<', '{', '*']);
        let system = SYSTEM.iter().any(|path| below(target, path));
        let file_name =
            target.rsplit('/').next().is_some_and(|name| name.contains('.') && !name.starts_with('.'));
        if self.volumes.is_empty() || !readable || target.is_empty() || system || file_name {
            return;
        }
        let near = |path: &String| below(target, path) || below(path, target);
        let workdir = self.workdir.as_ref().is_some_and(|path| path == target);
        let unknown = self.volumes.iter().any(|path| path.contains('$') || !path.starts_with('/'));
        // Whoever names the path may well use it.
        let used = cx.source().is_some_and(|source| source.in_code.contains(target))
            || names(&self.docker.file.text, target);
        if unknown || workdir || used || self.volumes.iter().any(near) {
            return;
        }
        out.finding(format!(
            "{how} at `{target}`, but `{}` declares {}",
            self.docker.file.path,
            text::names(&self.volumes, 3)
        ))
        .why("what the service writes goes to a volume without a name, and is gone with the container")
        .help(format!("mount at `{}`, or correct `VOLUME`", self.volumes[0]))
        .at_file(file, span)
        .command(format!("grep -n VOLUME {}", self.docker.file.path));
    }
}

fn below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a text names a path, or one below it.
fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The sentences of a stretch of prose.
fn sentences(text: &str, stretch: Span) -> Vec<Span> {
    let body = stretch.of(text);
    let mut out = Vec::new();
    let mut start = 0;
    let ends = body.match_indices(". ").map(|(at, _)| at + 2).chain([body.len()]);
    for end in ends {
        out.push(Span::new(stretch.start + start, stretch.start + end));
        start = end;
    }
    out
}

/// Absolute paths in sentences that say where data is kept.
fn stated(document: &DocumentFact) -> Vec<(Span, String)> {
    let text = &document.file.text;
    let mut out = Vec::new();
    for stretch in document.prose.iter().flat_map(|stretch| sentences(text, *stretch)) {
        let body = stretch.of(text);
        let lower = body.to_ascii_lowercase();
        let told =
            ["volume", "mount", "persist", "stored in", "stored at", "keeps its data", "data directory"]
                .iter()
                .any(|word| lower.contains(word));
        let other = ["host", "example", "not ", "e.g.", "secret", "config", "socket", "kubernetes", "- [ ]"]
            .iter()
            .any(|word| lower.contains(word));
        if !told || other || !["container", "image", "volume"].iter().any(|word| lower.contains(word)) {
            continue;
        }
        for (at, _) in body.match_indices("`/") {
            let rest = &body[at + 1..];
            let Some(end) = rest.find('`') else { continue };
            let path = &rest[..end];
            if path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.-".contains(&b)) {
                let start = stretch.start + at + 1;
                out.push((Span::new(start, start + end), path.to_owned()));
            }
        }
    }
    out
}
