//! Reports `ADD` of a remote file whose bytes nothing checks.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Persona, Severity};

declare_rule! {
    name: "add-without-checksum",
    summary: "`ADD` fetches a file without a checksum",
    passes: "every file `ADD` fetches has a checksum",
    family: Dockerfile, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["x/add-no-checksum"], refs: ["Dockerfile reference, ADD --checksum"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Add { sources, .. } = &item.kind else { continue };
            if item.flag("checksum").is_some() || item.broken {
                continue;
            }
            for source in sources {
                let url = source.unquoted();
                match remote(&url) {
                    Some(Remote::File) => {
                        out.finding(format!("`ADD {url}` takes whatever the server sends"))
                            .why("the file can change between two builds without a trace")
                            .help("add `--checksum=sha256:…`")
                            .at_file(&docker.file, source.span)
                            .command(format!("curl -fsSL {url} | sha256sum"));
                    }
                    Some(Remote::Branch) => {
                        out.finding(format!("`ADD {url}` follows a branch or tag that can be moved"))
                            .aliases(&[])
                            .severity(Severity::Low)
                            .persona(Persona::Pedantic)
                            .why("two builds of the same commit give different images")
                            .help("name the commit: `…git#` with its 40 digits")
                            .at_file(&docker.file, source.span)
                            .command(format!("git ls-remote {}", url.split('#').next().unwrap_or(&url)));
                    }
                    None => {}
                }
            }
        }
    }
}

/// What can change behind a source.
enum Remote {
    /// A file of a server.
    File,
    /// A git repository without a commit.
    Branch,
}

fn remote(url: &str) -> Option<Remote> {
    let http = url.starts_with("https://") || url.starts_with("http://");
    let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
    let path = path.split('?').next().unwrap_or(path);
    let git = url.starts_with("git://")
        || url.starts_with("git@")
        || url.starts_with("ssh://")
        || (http && path.rsplit('.').next() == Some("git"));
    if git {
        let commit = fragment.split(':').next().unwrap_or(fragment);
        let whole =
            (commit.len() == 40 || commit.len() == 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        let query = url.contains("checksum=") || url.contains("commit=");
        return (!whole && !query && !commit.contains('$')).then_some(Remote::Branch);
    }
    http.then_some(Remote::File)
}
