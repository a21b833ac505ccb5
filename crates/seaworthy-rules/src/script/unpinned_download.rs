//! Reports downloads that run or are stored without being checked.

use super::Simple;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::Severity;

declare_rule! {
    name: "unpinned-download",
    summary: "a download is used without being checked",
    passes: "no download is used without being checked",
    family: Dockerfile, category: SupplyChain, severity: High, confidence: Medium, persona: Regular,
    aliases: ["x/pipe-to-shell", "x/add-no-checksum"], refs: ["Dockerfile reference, ADD --checksum"],
}

const SHELLS: [&str; 9] = ["sh", "bash", "dash", "ash", "zsh", "python", "python3", "perl", "node"];
const FETCHERS: [&str; 3] = ["curl", "wget", "fetch"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            if let Kind::Add { sources, .. } = &item.kind
                && item.flag("checksum").is_none()
            {
                for source in sources {
                    let url = source.unquoted();
                    if !url.starts_with("https://") && !url.starts_with("http://")
                        || url
                            .split(['#', '?'])
                            .next()
                            .is_some_and(|path| path.rsplit('.').next() == Some("git"))
                    {
                        continue;
                    }
                    out.finding(format!("`ADD {url}` takes whatever the server sends"))
                        .aliases(&["x/add-no-checksum"])
                        .severity(Severity::Medium)
                        .why("the file can change between two builds without a trace")
                        .help("add `--checksum=sha256:…`")
                        .at_file(&docker.file, source.span)
                        .command(format!("curl -fsSL {url} | sha256sum"));
                }
            }
            let found = cx.commands(docker, item);
            for (at, simple) in found.iter().enumerate() {
                let shell_after = simple.then == "|" && {
                    // A filter such as `gunzip` or `tee` between the two changes nothing.
                    let mut next = at + 1;
                    while found.get(next).is_some_and(|other| other.then == "|" && !runs(other)) {
                        next += 1;
                    }
                    found.get(next).is_some_and(runs)
                };
                // In `sh -c "$(curl …)"` the words of the substitution stand in one word of the shell.
                let inside = SHELLS.contains(&simple.program())
                    && simple
                        .rest()
                        .iter()
                        .any(|word| FETCHERS.iter().any(|fetcher| word.contains(&format!("$({fetcher} "))));
                // In `sh <(curl …)` the download is an argument itself.
                let process = FETCHERS.contains(&simple.program())
                    && simple.parent.and_then(|parent| found.get(parent)).is_some_and(|parent| {
                        SHELLS.contains(&parent.program())
                            && parent.rest().get(1).is_some_and(|word| word.starts_with("<("))
                    });
                if (FETCHERS.contains(&simple.program()) && shell_after) || inside || process {
                    out.finding(format!(
                        "what `{}` downloads is run at once",
                        simple.words.first().map_or("", String::as_str)
                    ))
                    .aliases(&["x/pipe-to-shell"])
                    .why("whoever controls the server, or the way to it, runs commands in the build")
                    .help("download a version to a file, compare its checksum, then run it")
                    .at_file(&docker.file, simple.span)
                    .command(format!("grep -n 'curl\\|wget' {}", docker.file.path));
                }
            }
        }
    }
}

/// Whether a command runs what it reads.
fn runs(simple: &Simple) -> bool {
    let rest = simple.rest();
    SHELLS.contains(&simple.program()) && !rest.iter().any(|word| word == "-c" || word == "-m")
}
