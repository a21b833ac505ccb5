//! Reports documented platforms that no workflow builds.

use super::published::Published;
use super::unpublished_image::literal;
use crate::{Cx, Sink, text};
use seaworthy_finding::Span;

declare_rule! {
    name: "platform-claim",
    summary: "a document names a platform that the workflows do not build",
    passes: "documented platforms are those the workflows build",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/readme-platform"], refs: ["docker/build-push-action, platforms"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let published = Published::of(cx);
    if published.platforms.is_empty() || !published.platforms_complete {
        out.not_applicable("the platforms that workflows build are not all known");
        return;
    }
    let built: Vec<&str> = published.platforms.iter().map(String::as_str).collect();
    let names = published.names();
    for document in cx.documents() {
        let text = &document.file.text;
        let mut claims: Vec<(Span, String)> = Vec::new();
        for stretch in &document.prose {
            if !stated(stretch.of(text)) {
                continue;
            }
            claims.extend(platforms(stretch.of(text)).map(|(start, end)| {
                let span = Span::new(stretch.start + start, stretch.start + end);
                (span, span.of(text).to_owned())
            }));
        }
        for command in
            document.commands.iter().filter(|command| matches!(command.verb.as_str(), "run" | "pull"))
        {
            let own = command.image().and_then(|image| literal(&image.value));
            if own.is_some_and(|image| names.contains(image.repository().as_str())) {
                claims.extend(command.values("platform").map(|value| (value.span, value.value.clone())));
            }
        }
        for (span, platform) in claims {
            let known = built.iter().any(|built| serves(built, &platform));
            if known || !platform.starts_with("linux/") && !platform.starts_with("windows/") {
                continue;
            }
            out.finding(format!(
                "no workflow builds `{platform}`: {} builds {}",
                text::names(&published.workflows, 2),
                text::names(&built, 6)
            ))
            .why("a pull on that platform ends with an error, or runs under emulation")
            .help(format!("add `{platform}` to `platforms`, or correct the document"))
            .at_file(&document.file, span)
            .command(format!("grep -n -A3 'platforms:' {}", published.workflows.join(" ")));
        }
    }
}

/// Whether a stretch states something, rather than to tell what one could do.
fn stated(words: &str) -> bool {
    let lower = words.to_lowercase();
    let unsure = [
        "you can",
        "could",
        "not supported",
        "unsupported",
        "no longer",
        "not available",
        "not built",
        "if you",
        "build your own",
        "planned",
        "not yet",
        "without",
        "cross-compile",
        "except",
        "doesn't",
        "does not",
        "don't",
        "need to",
        "todo",
        "example",
        "e.g.",
        "for instance",
        "binary",
        "binaries",
        "download",
        "- [ ]",
        "not provide",
        "build it",
        "test on",
    ];
    !unsure.iter().any(|word| lower.contains(word))
}

/// Whether what is built runs where the document says.
fn serves(built: &str, claimed: &str) -> bool {
    let plain = |text: &str| match text {
        "linux/arm64/v8" => "linux/arm64".to_owned(),
        "linux/x86_64" => "linux/amd64".to_owned(),
        "linux/aarch64" => "linux/arm64".to_owned(),
        other => other.to_owned(),
    };
    let (built, claimed) = (plain(built), plain(claimed));
    built == claimed || built.starts_with(&format!("{claimed}/"))
}

/// Places of `linux/amd64` and the like.
fn platforms(words: &str) -> impl Iterator<Item = (usize, usize)> {
    const ARCHITECTURES: [&str; 12] = [
        "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le", "x86_64",
        "aarch64", "ppc64",
    ];
    let starts: Vec<usize> = ["linux/", "windows/"]
        .iter()
        .flat_map(|os| words.match_indices(os).map(|(at, _)| at))
        .filter(|at| {
            words[..*at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !"/-_.".contains(c))
        })
        .collect();
    starts.into_iter().filter_map(move |start| {
        let rest = &words[start..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '_').unwrap_or(rest.len());
        let mut parts = rest[..end].split('/');
        let (_, architecture, variant, more) = (parts.next(), parts.next()?, parts.next(), parts.next());
        let known = ARCHITECTURES.contains(&architecture)
            && more.is_none()
            && variant
                .is_none_or(|variant| matches!(variant, "v5" | "v6" | "v7" | "v8" | "v2" | "v3" | "v4"));
        known.then_some((start, start + end))
    })
}

#[cfg(test)]
mod tests {
    use super::{platforms, serves, stated};

    #[test]
    fn platforms_are_found_in_words() {
        let text = "Platforms: linux/amd64, `linux/arm/v7` (docs/linux/arm64.md, linux/kernel)";
        let found: Vec<&str> = platforms(text).map(|(start, end)| &text[start..end]).collect();
        assert_eq!(found, ["linux/amd64", "linux/arm/v7"]);
        assert!(serves("linux/arm64", "linux/arm64/v8") && serves("linux/arm/v7", "linux/arm"));
        assert!(!serves("linux/arm/v7", "linux/arm/v6"));
        assert!(stated(text) && !stated("You can build linux/arm64 yourself"));
    }
}
