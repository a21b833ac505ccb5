//! Reports `ADD` where `COPY` does the same.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "add-instead-of-copy",
    summary: "`ADD` is used where `COPY` does the same",
    passes: "`ADD` is used only for archives and remote files",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["DL3020", "CIS-DI-0009", "CKV_DOCKER_4", "DS-0005"], refs: ["Dockerfile best practices, ADD or COPY"],
}

const ARCHIVES: [&str; 16] = [
    ".tar", ".gz", ".bz2", ".xz", ".zst", ".lzma", ".lz", ".tgz", ".tb2", ".tbz", ".tbz2", ".txz", ".tlz",
    ".tz", ".z", ".tzst",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Add { sources, .. } = &item.kind else { continue };
            let special = item
                .flags
                .iter()
                .any(|flag| matches!(flag.name.as_str(), "checksum" | "keep-git-dir" | "unpack"));
            let plain = |text: &str| {
                let lower = text.to_lowercase();
                let remote = lower.contains("://")
                    || lower.starts_with("git@")
                    || lower.rsplit('.').next() == Some("git");
                // A pattern or a variable may stand for an archive, which ADD would unpack.
                !remote
                    && !text.contains(['$', '*', '?', '['])
                    && !ARCHIVES.iter().any(|end| lower.ends_with(end))
            };
            if special || item.broken || (sources.is_empty() && item.heredocs.is_empty()) {
                continue;
            }
            if !sources.iter().all(|source| plain(&source.unquoted())) {
                continue;
            }
            let lower = item.keyword_span.of(&docker.file.text).chars().all(char::is_lowercase);
            out.finding(format!(
                "`ADD {}` copies a local file",
                sources.first().map_or_else(|| "<<".to_owned(), seaworthy_dockerfile::Word::unquoted)
            ))
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
