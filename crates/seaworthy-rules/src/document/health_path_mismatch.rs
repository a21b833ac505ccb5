//! Reports paths of health checks that the source code does not serve, or that a document states otherwise.

use super::last_of;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Healthcheck, Kind};
use seaworthy_facts::{DocumentFact, TextFile};
use seaworthy_finding::{Applicability, Edit, Span};
use std::collections::BTreeSet;

declare_rule! {
    name: "health-path-mismatch",
    summary: "a health check asks for a path that nothing serves",
    passes: "health checks ask for paths that the source code serves",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    fix: Unsafe,
    aliases: ["x/health-path"], refs: ["Dockerfile reference, HEALTHCHECK"],
}

/// A path that something says the service answers at.
struct Claim<'a> {
    file: &'a TextFile,
    span: Span,
    path: String,
    who: String,
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let mut probes: Vec<Claim<'_>> = Vec::new();
    for docker in cx.dockerfiles() {
        let found = last_of(docker, |item| match &item.kind {
            Kind::Healthcheck(Healthcheck::Cmd(_)) => Some(item.span),
            _ => None,
        });
        let found = found.and_then(|span| probe(&docker.file, span));
        probes.extend(found.map(|(span, path)| Claim {
            file: &docker.file,
            span,
            path,
            who: "`HEALTHCHECK`".to_owned(),
        }));
    }
    for compose in cx.composes() {
        for service in compose.services.iter().filter(|service| service.build.is_some()) {
            let found = service.healthcheck.as_ref().and_then(|health| probe(&compose.file, health.span));
            let who = format!("the health check of `{}`", service.name);
            probes.extend(found.map(|(span, path)| Claim { file: &compose.file, span, path, who }));
        }
    }
    let documents: Vec<Claim<'_>> = cx.documents().iter().flat_map(stated).collect();
    let served = cx.source().map(|source| &source.health_paths).filter(|paths| !paths.is_empty());
    let mut seen = BTreeSet::new();
    for claim in probes.iter().chain(&documents) {
        let Some(kind) = kind(&claim.path) else { continue };
        let bare = claim.path.trim_matches('/');
        let instead = if let Some(served) = served {
            let serves = |path: &&String| {
                let path = path.as_str();
                path == bare || ends(bare, path) || ends(path, bare)
            };
            if served.keys().any(|path| serves(&path)) {
                continue;
            }
            let alike = served.iter().find(|(path, _)| self::kind(path) == Some(kind));
            let Some((path, place)) = alike else { continue };
            (format!("/{path}"), format!("{}:{}", place.path, place.line), place.path.clone())
        } else {
            // Without a word of the source code only a document can be held against the probes.
            if probes.is_empty() || probes.iter().any(|probe| std::ptr::eq(probe, claim)) {
                continue;
            }
            let all = cx
                .documents()
                .iter()
                .any(|known| probes.iter().any(|probe| names(&known.file.text, &probe.path)));
            let agrees = probes.iter().any(|probe| probe.path.trim_matches('/') == bare);
            let alike = probes.iter().find(|probe| self::kind(&probe.path) == Some(kind));
            let Some(probe) = alike.filter(|_| !all && !agrees) else { continue };
            (probe.path.clone(), probe.file.path.clone(), probe.file.path.clone())
        };
        if !seen.insert((claim.file.path.as_str(), claim.span.start)) {
            continue;
        }
        let (path, place, file) = instead;
        let what = if served.is_some() { "the source code serves" } else { "the health check asks for" };
        let edit = Edit { span: claim.span, text: path.clone() };
        out.finding(format!("{} asks for `{}`, but {what} `{path}` ({place})", claim.who, claim.path))
            .why("a probe of a path that does not exist reports a healthy service as broken")
            .help(format!("write `{path}`, or serve `{}`", claim.path))
            .at_file(claim.file, claim.span)
            .fix(Applicability::Unsafe, format!("Write `{path}`"), claim.file, vec![edit])
            .command(format!("grep -n '{}' {file}", path.trim_matches('/')));
    }
}

/// Whether a path ends with the parts of another one.
fn ends(path: &str, tail: &str) -> bool {
    path.strip_suffix(tail).is_some_and(|head| head.ends_with('/'))
}

/// What a path of a health check tells: that the service lives, is ready, or is healthy.
fn kind(path: &str) -> Option<&'static str> {
    let last = path.trim_matches('/').rsplit('/').next()?.trim_start_matches('_');
    ["health", "ready", "readi", "live", "ping"]
        .into_iter()
        .find(|kind| last.starts_with(kind))
        .map(|kind| if kind == "readi" { "ready" } else { kind })
}

/// The path of the first address of this machine in a stretch of a file, and where it stands.
fn probe(file: &TextFile, stretch: Span) -> Option<(Span, String)> {
    addresses(stretch.of(&file.text)).next().map(|(at, path)| {
        let start = stretch.start + at;
        (Span::new(start, start + path.len()), path.to_owned())
    })
}

/// Paths of `http://localhost:8080/path` and the like: where each begins, and the path.
fn addresses(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let hosts = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "$HOSTNAME", "${HOSTNAME}"];
    let mut starts: Vec<usize> =
        hosts.iter().flat_map(|host| text.match_indices(host).map(|(at, host)| at + host.len())).collect();
    starts.sort_unstable();
    starts.into_iter().filter_map(|at| {
        let rest = &text[at..];
        let mut length = 0;
        if let Some(port) = rest.strip_prefix(':') {
            let port_length = if port.starts_with("${") {
                port.find('}')? + 1
            } else {
                port.find(|c: char| !c.is_ascii_alphanumeric() && !"_$<>".contains(c)).unwrap_or(port.len())
            };
            length = 1 + port_length;
        }
        let path = rest.get(length..)?;
        let end =
            path.find(|c: char| !c.is_ascii_alphanumeric() && !"/_-.".contains(c)).unwrap_or(path.len());
        let path = path[..end].trim_end_matches('.');
        (path.starts_with('/') && path.len() > 1).then_some((at + length, path))
    })
}

/// Where a document says the service tells how it is.
fn stated(document: &DocumentFact) -> Vec<Claim<'_>> {
    let text = &document.file.text;
    let mut out = Vec::new();
    let mut put = |span: Span, path: &str| {
        out.push(Claim { file: &document.file, span, path: path.to_owned(), who: "the document".to_owned() });
    };
    for block in &document.code_blocks {
        let body = block.span.of(text);
        for (at, path) in addresses(body) {
            let start = block.span.start + at;
            put(Span::new(start, start + path.len()), path);
        }
    }
    for stretch in &document.prose {
        let body = stretch.of(text);
        let lower = body.to_ascii_lowercase();
        let told = ["health", "liveness", "readiness", "probe"].iter().any(|word| lower.contains(word));
        let other = ["not ", "removed", "renamed", "instead of", "deprecated", "formerly", "upstream"]
            .iter()
            .any(|word| lower.contains(word));
        if !told || other {
            continue;
        }
        for (at, path) in addresses(body) {
            put(Span::new(stretch.start + at, stretch.start + at + path.len()), path);
        }
        let mut ticks = body.match_indices('`').map(|(at, _)| at);
        while let (Some(open), Some(close)) = (ticks.next(), ticks.next()) {
            let code = &body[open + 1..close];
            let lead =
                ["GET ", "HEAD "].iter().find(|verb| code.starts_with(**verb)).map_or(0, |verb| verb.len());
            let path = &code[lead..];
            let plain = path.starts_with('/')
                && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-.".contains(&b));
            if plain {
                let start = stretch.start + open + 1 + lead;
                put(Span::new(start, start + path.len()), path);
            }
        }
    }
    out
}

/// Whether a text names a path as such.
fn names(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        text[at + path.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric() && !"/_-".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_give_their_paths() {
        let found = |text| addresses(text).map(|(_, path)| path.to_owned()).collect::<Vec<_>>();
        assert_eq!(found("curl -f http://localhost:8080/healthz || exit 1"), ["/healthz"]);
        assert_eq!(found("wget -qO- http://127.0.0.1:${PORT:-80}/api/health?x=1"), ["/api/health"]);
        assert_eq!(found("curl http://localhost:8080/ and http://example.com/health"), Vec::<String>::new());
    }
}
