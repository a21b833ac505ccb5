//! Reports the deprecated `MAINTAINER`.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "deprecated-maintainer",
    summary: "`MAINTAINER` is deprecated",
    passes: "no `MAINTAINER` is used",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["MaintainerDeprecated", "DL4000", "CKV_DOCKER_6", "DS-0022"], refs: ["Dockerfile reference, MAINTAINER"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Maintainer(word) = &item.kind else { continue };
            let finding = out
                .finding("`MAINTAINER` is deprecated")
                .why("tools look for the label of the OCI specification")
                .help("write `LABEL org.opencontainers.image.authors=\"…\"`")
                .at_file(&docker.file, item.span)
                .command(format!("grep -n '^MAINTAINER' {}", docker.file.path));
            let name = word.raw.trim();
            let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
            if !item.broken && !name.is_empty() && !name.contains(['"', '$', '\\', '\n', '`']) {
                finding.fix(
                    Applicability::Safe,
                    "Use the label instead",
                    &docker.file,
                    vec![Edit {
                        span: item.span,
                        text: format!("LABEL org.opencontainers.image.authors=\"{name}\""),
                    }],
                );
            }
        }
    }
}
