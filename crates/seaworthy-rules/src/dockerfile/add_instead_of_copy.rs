//! Reports `ADD` where `COPY` does the same.

use super::bare;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Instruction, Kind};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "add-instead-of-copy",
    summary: "`ADD` is used where `COPY` does the same",
    passes: "`ADD` is used only for archives and remote files",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["DL3020", "CIS-DI-0009", "CKV_DOCKER_4", "DS-0005"], refs: ["Dockerfile best practices, ADD or COPY"],
}

/// Names of what `ADD` may unpack.
const ARCHIVES: [&str; 18] = [
    ".tar", ".gz", ".bz2", ".xz", ".zst", ".lzma", ".lz", ".tgz", ".tb2", ".tbz", ".tbz2", ".txz", ".tlz",
    ".tz", ".z", ".tzst", ".tpz", ".taz",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in docker.tree.instructions.iter().filter(|item| copies(item)) {
            let Kind::Add { sources, .. } = &item.kind else { continue };
            let mut aliases = peers(item);
            aliases.push("CIS-DI-0009");
            let lower = item.keyword_span.of(&docker.file.text).chars().all(char::is_lowercase);
            out.finding(format!(
                "`ADD {}` copies a local file",
                sources.first().map_or_else(|| "<<".to_owned(), seaworthy_dockerfile::Word::unquoted)
            ))
            .aliases(&aliases)
            .why("`ADD` also unpacks archives and fetches URLs, so a renamed file changes what is built")
            .help("use `COPY`")
            .at_file(&docker.file, item.keyword_span)
            .fix(
                Applicability::Safe,
                "Use `COPY`",
                &docker.file,
                vec![Edit { span: item.keyword_span, text: if lower { "copy" } else { "COPY" }.to_owned() }],
            )
            .command(format!("grep -n '^ADD' {}", docker.file.path));
        }
    }
}

/// Whether an `ADD` certainly copies and does nothing else.
pub(crate) fn copies(item: &Instruction) -> bool {
    let Kind::Add { sources, .. } = &item.kind else { return false };
    let special =
        item.flags.iter().any(|flag| matches!(flag.name.as_str(), "checksum" | "keep-git-dir" | "unpack"));
    let plain = |text: &str| {
        let lower = text.to_lowercase();
        let remote =
            lower.contains("://") || lower.starts_with("git@") || lower.rsplit('.').next() == Some("git");
        // A pattern or a variable may stand for an archive, which ADD would unpack.
        !remote && !text.contains(['$', '*', '?', '[']) && !ARCHIVES.iter().any(|end| lower.ends_with(end))
    };
    let nothing = sources.is_empty() && item.heredocs.is_empty();
    if special || item.broken || nothing {
        return false;
    }
    sources.iter().all(|source| plain(&source.unquoted()))
}

/// The other tools that want `COPY`; each lets something else pass.
pub(crate) fn peers(item: &Instruction) -> Vec<&'static str> {
    let Kind::Add { sources, dest, .. } = &item.kind else { return Vec::new() };
    let web = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    let archive = |text: &str| {
        [
            ".tar", ".gz", ".bz2", ".xz", ".Z", ".lz", ".lzma", ".tgz", ".tb2", ".tbz", ".tbz2", ".tlz",
            ".tpz", ".txz", ".tZ", ".tz2", ".taZ",
        ]
        .iter()
        .any(|end| text.ends_with(end))
    };
    let mut all = vec!["CKV_DOCKER_4"];
    let lone = |text: &str| web(text) || archive(text);
    if !sources.iter().all(|source| lone(bare(&source.raw))) {
        all.push("DL3020");
    }
    let words = || sources.iter().chain(dest).map(|word| word.raw.as_str());
    let fetches =
        words().any(|text| [".tar", "http://", "https://", "git@"].iter().any(|part| text.contains(part)));
    let history = words()
        .next()
        .is_some_and(|first| ["file:", "multi:", "dir:"].iter().any(|start| first.starts_with(start)));
    if !fetches && !history {
        all.push("DS-0005");
    }
    all
}
