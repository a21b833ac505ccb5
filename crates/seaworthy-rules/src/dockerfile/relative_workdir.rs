//! Reports a relative `WORKDIR` that no absolute one precedes: where it points is decided by the base image.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Dockerfile, Kind, Word, scope};
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "relative-workdir",
    summary: "`WORKDIR` is relative to the base image's directory",
    passes: "every working directory is absolute",
    family: Dockerfile, category: Runtime, severity: Low, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["WorkdirRelativePath", "DL3000", "CKV_DOCKER_10", "DS-0009"], refs: ["Dockerfile reference, WORKDIR"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for (word, path) in first_relative(&docker.tree) {
            let mut aliases = vec!["WorkdirRelativePath"];
            aliases.extend(peers(&word.raw));
            let slash = word.span.start + usize::from(word.raw.starts_with(['"', '\'']));
            let finding = out
                .finding(format!("`WORKDIR {path}` is resolved against the base image's directory"))
                .aliases(&aliases)
                .why("a new base image can move it without a word")
                .help(format!("write `WORKDIR /{}`", path.trim_start_matches("./")))
                .at_file(&docker.file, word.span)
                .command(format!("grep -n '^WORKDIR' {}", docker.file.path));
            let plain =
                word.raw.starts_with(|ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '"' | '\''));
            if plain && !path.contains([':', '\\']) {
                finding.fix(
                    Applicability::Unsafe,
                    "Make the path absolute",
                    &docker.file,
                    vec![Edit { span: Span::new(slash, slash), text: "/".to_owned() }],
                );
            }
        }
    }
}

/// The first `WORKDIR` of each stage chain that is certainly relative, with its expanded path. An absolute first one
/// makes the rest right.
pub(crate) fn first_relative(tree: &Dockerfile) -> Vec<(&Word, String)> {
    let globals = tree.globals();
    let mut settled: Vec<bool> = Vec::new();
    let mut found = Vec::new();
    for stage in tree.stages() {
        let mut known = matches!(stage.base, Base::Stage(earlier) if settled.get(earlier) == Some(&true));
        let windows = matches!(&stage.base, Base::Image(name) if is_windows(name));
        let empty = stage.base == Base::Scratch;
        let mut seen = scope::Scope::default();
        for item in stage.instructions {
            seen.apply(item, globals, &|_| None);
            let Kind::Workdir(word) = &item.kind else { continue };
            let path = seen.expand(word);
            // A base image may set what the file does not.
            let begins = super::bare(&word.raw).starts_with('$');
            let unsure =
                !empty && begins && word.variables().iter().any(|variable| !seen.knows(&variable.name));
            let drive = path.as_bytes().get(1) == Some(&b':') || path.starts_with('\\');
            let absolute = path.starts_with('/') || (drive && windows);
            if !known && !item.broken && item.inline_comment.is_none() && !absolute && !unsure {
                found.push((word, path));
            }
            known = true;
        }
        settled.push(known);
    }
    found
}

/// Whether a base image is one of Windows.
fn is_windows(name: &str) -> bool {
    ["windows", "nanoserver", "servercore"].iter().any(|part| name.contains(part))
}

/// The other tools that take the text of a `WORKDIR` for relative; each has its own idea of that.
pub(crate) fn peers(raw: &str) -> Vec<&'static str> {
    let bare = super::bare(raw);
    let bytes = bare.as_bytes();
    let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    let mut all = Vec::new();
    if !bare.is_empty() && !bare.starts_with(['/', '$']) && !drive {
        all.push("DL3000");
    }
    let part =
        |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '{' | '}' | '-' | '_' | '+' | ':' | '\\');
    let letter = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '+' | '\\');
    let text = raw.strip_prefix('"').unwrap_or(raw);
    let variable = |text: &str| text.strip_prefix('$').is_some_and(|rest| rest.starts_with(part));
    let disk =
        |text: &str| text.starts_with(letter) && text.get(1..).is_some_and(|rest| rest.starts_with(":\\"));
    if !text.starts_with('/') && !variable(text) && !disk(text) {
        all.push("CKV_DOCKER_10");
    }
    let text = raw.strip_prefix(['"', '\'']).unwrap_or(raw);
    let anywhere = raw.char_indices().any(|(at, _)| variable(&raw[at..]) || disk(&raw[at..]));
    if !text.starts_with('/') && !anywhere {
        all.push("DS-0009");
    }
    all
}
