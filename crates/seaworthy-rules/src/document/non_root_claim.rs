//! Reports documents that say the image runs as a non-root user, which the Dockerfile does not set.

use crate::dockerfile::final_chain;
use crate::{Cx, Sink, bases};
use seaworthy_dockerfile::{Base, Kind};
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::Span;

declare_rule! {
    name: "non-root-claim",
    summary: "a document says the image runs as a non-root user, and it runs as root",
    passes: "what documents say of the user is what the Dockerfile sets",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/readme-non-root"], refs: ["Dockerfile reference, USER"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(docker) = cx.main_dockerfile() else { return };
    let Some(reason) = runs_as_root(docker) else { return };
    for document in cx.documents() {
        let text = &document.file.text;
        let boxes = document.checkboxes.iter().filter(|known| !known.ticked).map(|known| known.span);
        let open: Vec<Span> = boxes.collect();
        for stretch in &document.prose {
            // An open box claims nothing.
            if open.iter().any(|span| stretch.contains(span.start)) {
                continue;
            }
            let Some(span) = claim(text, *stretch) else { continue };
            out.finding(format!(
                "`{}`, but {reason}",
                span.of(text).split_whitespace().collect::<Vec<_>>().join(" ")
            ))
            .why("who relies on it runs the service as root without knowing")
            .help(format!(
                "set a user in `{}`, such as `USER 65532:65532`, or correct the sentence",
                docker.file.path
            ))
            .at_file(&document.file, span)
            .command(format!("grep -n '^USER' {}", docker.file.path));
        }
    }
}

/// Why the image surely runs as root.
pub(crate) fn runs_as_root(docker: &DockerfileFact) -> Option<String> {
    let path = &docker.file.path;
    // An entrypoint may start as root and change its user itself.
    let drops = ["gosu", "su-exec", "setpriv", "setuidgid", "runuser", "chpst", "USER_ID", "PUID"];
    if drops.iter().any(|word| docker.file.text.contains(word)) {
        return None;
    }
    let chain = final_chain(&docker.tree);
    let mut items = chain.iter().flat_map(|stage| stage.instructions.iter().rev());
    let last = items.find_map(|item| match &item.kind {
        Kind::User(word) => Some(word),
        _ => None,
    });
    if let Some(word) = last {
        let user = word.unquoted();
        return matches!(user.split(':').next(), Some("root" | "0"))
            .then(|| format!("`{path}` ends with `USER {user}`"));
    }
    let base = match &chain.last()?.base {
        Base::Scratch => "scratch",
        Base::Image(name) => name.as_str(),
        Base::Stage(_) => return None,
    };
    let root = base == "scratch" || bases::ends_with_root(base);
    (root && !base.contains("nonroot") && !base.contains("rootless"))
        .then(|| format!("`{path}` sets no user, and `{base}` has none"))
}

/// Where a stretch of prose says that the image runs as a non-root user.
fn claim(text: &str, stretch: Span) -> Option<Span> {
    let body = stretch.of(text);
    let lower = body.to_ascii_lowercase();
    for phrase in [
        "non-root",
        "nonroot",
        "non root",
        "unprivileged user",
        "not run as root",
        "not as root",
        "without root privileges",
    ] {
        let Some(at) = lower.find(phrase) else { continue };
        // The sentence around it.
        let start = lower[..at].rfind(['.', '!', '?', '\n', '|']).map_or(0, |at| at + 1);
        let end = lower[at..].find(['.', '!', '?', '\n', '|']).map_or(lower.len(), |end| at + end);
        let sentence = &lower[start..end];
        let words: Vec<&str> =
            sentence.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'').collect();
        let unsure = [
            "can",
            "could",
            "may",
            "might",
            "should",
            "if",
            "optional",
            "optionally",
            "want",
            "to",
            "how",
            "option",
            "use",
            "rootless",
            "podman",
            "consider",
            "recommended",
            "recommend",
            "todo",
            "planned",
            "support",
            "supports",
            "supported",
            "add",
            "create",
            "when",
            "unless",
            "variant",
            "tag",
            "tags",
            "must",
            "need",
            "needs",
            "allow",
            "allows",
            "would",
            "instead",
            "switch",
            "please",
            "plan",
            "requires",
            "ensure",
            "configure",
            "set",
            "pass",
            "prefer",
            "host",
            "best",
            "avoid",
            "also",
            "or",
            "example",
            "will",
            "other",
            "own",
            "some",
            "specify",
            "change",
            "issue",
            "permission",
        ];
        if words.iter().any(|word| unsure.contains(word))
            || sentence.contains("--user")
            || sentence.contains('?')
        {
            continue;
        }
        let states = [
            "runs",
            "run",
            "running",
            "executes",
            "executed",
            "starts",
            "started",
            "container",
            "image",
            "process",
            "runtime",
            "service",
        ];
        let short = words.iter().filter(|word| !word.is_empty()).count() <= 6;
        if !short && !words.iter().any(|word| states.contains(word)) {
            continue;
        }
        let first = sentence.len()
            - sentence.trim_start_matches(|c: char| c.is_whitespace() || "-*+|>[]x#".contains(c)).len();
        let clean = sentence.trim_end().len();
        return Some(Span::new(stretch.start + start + first.min(clean), stretch.start + start + clean));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::claim;
    use seaworthy_finding::Span;

    #[test]
    fn only_statements_are_claims() {
        let found = |text: &str| claim(text, Span::new(0, text.len())).map(|span| span.of(text).to_owned());
        assert_eq!(found("- Runs as a non-root user\n").as_deref(), Some("Runs as a non-root user"));
        assert_eq!(
            found("- [x] Runtime executes as non-root.\n").as_deref(),
            Some("Runtime executes as non-root")
        );
        assert_eq!(
            found("It is small. The container runs as an unprivileged user by default.").as_deref(),
            Some("The container runs as an unprivileged user by default")
        );
        for text in [
            "You can run it as a non-root user",
            "To run as non-root, pass --user 1000",
            "If you need a non-root user, see below",
            "Supports non-root",
            "The image runs as root",
            "Add a non-root user",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
