//! Reports documented signature checks that do not fit the workflows that sign.

use super::published::{Published, slug};
use super::unpublished_image::literal;
use crate::workflow::signs_keyless;
use crate::{Cx, Sink, text};
use regex::Regex;
use seaworthy_facts::{DocCommand, TextFile, WorkflowFact};
use seaworthy_finding::{Persona, Severity, Span, did_you_mean};

declare_rule! {
    name: "signature-identity",
    summary: "a documented signature check does not fit the workflow that signs",
    passes: "documented signature checks fit the workflows that sign",
    family: Document, category: SupplyChain, severity: High, confidence: Medium, persona: Regular,
    aliases: ["x/readme-signature"], refs: ["cosign documentation, verifying signatures"],
}

/// Who signs for a workflow of GitHub.
const ISSUER: &str = "https://token.actions.githubusercontent.com";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let signers = Signers::of(cx);
    let published = Published::of(cx);
    for document in cx.documents() {
        for command in &document.commands {
            let verifies = command.program == "cosign"
                && matches!(command.verb.as_str(), "verify" | "verify-attestation");
            if !verifies {
                continue;
            }
            let shown = command.span.of(&document.file.text);
            let elided = shown.contains("...") || shown.contains('\u{2026}') || shown.contains("[OPTIONS");
            let by_key = ["key", "certificate", "sk", "cert"].iter().any(|name| command.has(name));
            let told = ["certificate-identity", "certificate-identity-regexp", "insecure-ignore-tlog"]
                .iter()
                .any(|name| command.has(name));
            if !by_key && !told && !elided && !command.inline {
                out.finding("`cosign verify` is given neither a key nor the identity of the signer")
                    .why("cosign refuses it: a signature by just anybody proves nothing")
                    .help(format!("add `--certificate-identity` and `--certificate-oidc-issuer {ISSUER}`"))
                    .at_file(&document.file, first_words(command))
                    .command("cosign verify --help | grep -A1 certificate-identity");
                continue;
            }
            let image = command.image().and_then(|image| literal(&image.value));
            let ours =
                image.is_some_and(|image| published.made.iter().any(|made| made.image == image.repository()));
            let check = Check { cx, file: &document.file, signers: &signers, ours };
            if command.has("key") {
                check.key(command, out);
                continue;
            }
            for value in command.values("certificate-oidc-issuer") {
                check.issuer(&value.value, value.span, out);
            }
            for value in command.values("certificate-identity") {
                check.identity(&value.value, value.span, out);
            }
            for value in command.values("certificate-identity-regexp") {
                check.pattern(&value.value, value.span, out);
            }
        }
    }
}

/// `cosign verify` itself.
fn first_words(command: &DocCommand) -> Span {
    let length = command.program.len() + 1 + command.verb.len();
    Span::new(command.span.start, (command.span.start + length).min(command.span.end))
}

/// The workflows that sign, and where they run.
struct Signers<'a> {
    keyless: Vec<&'a WorkflowFact>,
    /// Whether some workflow signs with a key.
    keyed: bool,
    /// Whether a workflow elsewhere may sign.
    open: bool,
    repository: Option<String>,
}

impl<'a> Signers<'a> {
    fn of(cx: &Cx<'a>) -> Self {
        let mut out = Self { keyless: Vec::new(), keyed: false, open: false, repository: None };
        out.repository = cx
            .project()
            .and_then(|project| project.git.as_ref()?.remote.as_deref().and_then(slug))
            .map(|(owner, name)| format!("{owner}/{name}"));
        let called = cx.project().map_or(&[][..], |project| &project.called);
        for fact in cx.workflows().iter().chain(called) {
            match signs_keyless(fact) {
                Some(true) => out.keyless.push(fact),
                Some(false) => out.keyed = true,
                None => {}
            }
            out.open |= fact
                .workflow
                .jobs
                .iter()
                .filter_map(|job| job.uses.as_ref())
                .any(|uses| !uses.text.value.starts_with("./"));
        }
        out
    }

    fn paths(&self) -> Vec<&'a str> {
        self.keyless.iter().map(|fact| fact.file.path.as_str()).collect()
    }
}

struct Check<'a> {
    cx: &'a Cx<'a>,
    file: &'a TextFile,
    signers: &'a Signers<'a>,
    /// Whether the workflows publish the image in question.
    ours: bool,
}

impl Check<'_> {
    fn report<'o>(&self, message: String, span: Span, out: &'o mut Sink) -> crate::FindingBuilder<'o> {
        out.finding(message)
            .why("the reader's check fails for the real image, or proves nothing about it")
            .at_file(self.file, span)
            .command("grep -rn cosign .github/workflows")
    }

    /// A key where signatures are made without one, or one that is not there.
    fn key(&self, command: &DocCommand, out: &mut Sink) {
        let Some(value) = command.values("key").next() else { return };
        let key = value.value.as_str();
        if self.ours && !self.signers.keyless.is_empty() && !self.signers.keyed && !self.signers.open {
            let paths = text::names(&self.signers.paths(), 2);
            self.report(
                format!("the command checks against the key `{key}`, but {paths} signs without a key"),
                value.span,
                out,
            )
            .help(format!("write `--certificate-identity … --certificate-oidc-issuer {ISSUER}`"));
            return;
        }
        let file = key.trim_start_matches("./");
        let local = !key.contains("://") && !key.contains(['$', '<', '{']) && !key.starts_with(['/', '~']);
        let project = self.cx.project();
        let known = project.is_some_and(|project| {
            project.context_truncated || project.context.iter().any(|entry| entry.path == file)
        });
        // Many documents let the reader fetch the key first.
        let fetched = self.file.text.matches(file).count() > 1;
        if self.ours && local && !known && !fetched {
            self.report(format!("the key `{key}` is not in the repository"), value.span, out)
                .help("add the public key, or tell where it is");
        }
    }

    fn issuer(&self, issuer: &str, span: Span, out: &mut Sink) {
        if self.signers.keyless.is_empty()
            || !self.ours
            || issuer.contains(['$', '<', '{'])
            || self.signers.open
        {
            return;
        }
        if issuer.trim_end_matches('/') != ISSUER || issuer.ends_with('/') {
            let paths = text::names(&self.signers.paths(), 2);
            self.report(
                format!("the issuer is `{issuer}`, but {paths} signs with a token of `{ISSUER}`"),
                span,
                out,
            )
            .help(format!("write `{ISSUER}`"));
        }
    }

    fn identity(&self, identity: &str, span: Span, out: &mut Sink) {
        let Some((repository, rest)) = split(identity) else { return };
        if self.foreign(repository) {
            return;
        }
        if let Some(known) = self.signers.repository.as_deref().filter(|_| plain(repository))
            && !known.eq_ignore_ascii_case(repository)
            && self.ours
        {
            self.report(
                format!("the identity names the repository `{repository}`, this one is `{known}`"),
                span,
                out,
            )
            .help(format!("write `{known}`"));
            return;
        }
        let (path, reference) =
            rest.split_once('@').map_or((rest, None), |(path, reference)| (path, Some(reference)));
        if !self.path(path, span, out) {
            return;
        }
        let Some(reference) = reference else {
            self.report(format!("the identity `{identity}` ends before the ref"), span, out)
                .help("add `@refs/tags/…` or `@refs/heads/…`, or use `--certificate-identity-regexp`");
            return;
        };
        let Some(signer) = self.signers.keyless.iter().find(|fact| fact.file.path == path) else { return };
        if plain(reference) && !self.called(path) && !runs_on(signer, reference) {
            self.report(format!("`{path}` never runs on `{reference}`"), span, out)
                .help("write a ref that starts the workflow");
        }
    }

    /// Whether the workflow of an identity signs; says so if not.
    fn path(&self, path: &str, span: Span, out: &mut Sink) -> bool {
        if !plain(path) || self.signers.paths().contains(&path) {
            return true;
        }
        let all: Vec<&str> = self.cx.workflows().iter().map(|fact| fact.file.path.as_str()).collect();
        if all.is_empty() {
            return false;
        }
        let signing = self.signers.paths();
        let exists = all.contains(&path);
        if exists && (signing.is_empty() || self.signers.open) {
            return true;
        }
        let near = if signing.is_empty() {
            did_you_mean(path, all.iter().copied())
        } else {
            signing.first().copied()
        };
        let what = if exists { "signs nothing" } else { "does not exist" };
        let by =
            if signing.is_empty() { String::new() } else { format!("; {} signs", text::names(&signing, 2)) };
        let finding = self.report(format!("the workflow `{path}` of the identity {what}{by}"), span, out);
        finding.help(
            near.map_or_else(|| "name the workflow that signs".to_owned(), |near| format!("write `{near}`")),
        );
        false
    }

    fn pattern(&self, pattern: &str, span: Span, out: &mut Sink) {
        if pattern.contains(['<', '\u{2026}']) || pattern.contains("${") || pattern.contains("...") {
            return;
        }
        // Bounds keep a pattern of a document from taking all memory.
        let Ok(read) = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build() else {
            self.report(format!("`{pattern}` is no regular expression"), span, out)
                .help("write one of Go's `regexp`");
            return;
        };
        let stranger =
            |owner: &str| format!("https://github.com/{owner}/x/.github/workflows/x.yml@refs/heads/main");
        if read.is_match(&stranger("somebody-else")) {
            self.report(format!("`{pattern}` accepts the signature of any repository"), span, out)
                .severity(Severity::High)
                .help("name the repository: `^https://github.com/OWNER/REPO/`");
            return;
        }
        let bare = pattern.trim_start_matches('^').replace('\\', "");
        let Some((repository, rest)) = split(&bare) else { return };
        let owner = repository.split('/').next().unwrap_or_default();
        if plain(owner) && !owner.is_empty() && read.is_match(&stranger(&format!("{owner}-x"))) {
            self.report(
                format!("`{pattern}` accepts every owner whose name begins with `{owner}`"),
                span,
                out,
            )
            .persona(Persona::Pedantic)
            .help(format!("end it with `/`: `^https://github.com/{owner}/`"));
            return;
        }
        if self.foreign(repository) || self.signers.keyless.is_empty() || !self.ours || self.signers.open {
            return;
        }
        let known = match (&self.signers.repository, plain(repository) && repository.contains('/')) {
            (Some(known), _) => known.clone(),
            (None, true) => repository.to_owned(),
            (None, false) => return,
        };
        let written = rest.split('@').next().unwrap_or_default();
        if !self.identities(&known).iter().any(|identity| read.is_match(identity)) {
            if plain(written) && written.ends_with("ml") && !self.path(written, span, out) {
                return;
            }
            let one = self.identities(&known).into_iter().next().unwrap_or_default();
            self.report(
                format!("`{pattern}` fits no signature of this repository, such as `{one}`"),
                span,
                out,
            )
            .help("correct the expression");
        }
    }

    /// Identities that the signing workflows may have.
    fn identities(&self, repository: &str) -> Vec<String> {
        let mut out = Vec::new();
        for fact in &self.signers.keyless {
            let mut references: Vec<String> =
                vec!["refs/tags/v1.2.3".to_owned(), "refs/tags/1.2.3".to_owned()];
            references.extend(["main", "master", "develop"].iter().map(|name| format!("refs/heads/{name}")));
            for trigger in &fact.workflow.triggers {
                let named = |filters: Option<&Vec<seaworthy_workflow::Text>>, kind: &str| {
                    filters
                        .into_iter()
                        .flatten()
                        .map(|one| format!("refs/{kind}/{}", one.value.replace('*', "1")))
                        .collect::<Vec<_>>()
                };
                references.extend(named(trigger.branches.as_ref(), "heads"));
                references.extend(named(trigger.tags.as_ref(), "tags"));
            }
            let called = self.called(&fact.file.path);
            let fits = references.into_iter().filter(|reference| called || runs_on(fact, reference));
            out.extend(
                fits.map(|reference| {
                    format!("https://github.com/{repository}/{}@{reference}", fact.file.path)
                }),
            );
        }
        out
    }

    /// Whether another workflow calls this one, so that it runs whenever that does.
    fn called(&self, path: &str) -> bool {
        self.cx.project().is_some_and(|project| project.called.iter().any(|fact| fact.file.path == path))
            || self.signers.keyless.iter().any(|fact| {
                fact.file.path == path
                    && fact.workflow.triggers.iter().any(|trigger| trigger.name.value == "workflow_call")
            })
    }

    /// Whether a repository is another one whose workflow signs for this one.
    fn foreign(&self, repository: &str) -> bool {
        self.cx.workflows().iter().any(|fact| {
            let mut uses = fact.workflow.jobs.iter().filter_map(|job| job.uses.as_ref());
            uses.any(|uses| {
                uses.text
                    .value
                    .to_ascii_lowercase()
                    .starts_with(&format!("{}/", repository.to_ascii_lowercase()))
            })
        })
    }
}

/// Owner and name of the repository, and the path with the ref, of an identity on GitHub.
fn split(identity: &str) -> Option<(&str, &str)> {
    let rest = identity.strip_prefix("https://github.com/")?;
    match rest.find("/.github/") {
        Some(at) => Some((&rest[..at], &rest[at + 1..])),
        None => Some((rest.trim_end_matches(['/', '.', '*', '$']), "")),
    }
}

/// Whether a part is written out.
fn plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && !["OWNER", "REPO", "USER", "ORG", "VERSION", "TAG", "your", "X.Y"]
            .iter()
            .any(|word| text.contains(word))
}

/// Whether an event of a workflow comes with a ref.
fn runs_on(fact: &WorkflowFact, reference: &str) -> bool {
    let takes = |filters: &[seaworthy_workflow::Text], name: &str| {
        let filters: Vec<&str> = filters.iter().map(seaworthy_workflow::Text::as_str).collect();
        filters.iter().any(|filter| filter.contains("${{") || filter.starts_with('!')) || fits(&filters, name)
    };
    let (kind, name) = match (reference.strip_prefix("refs/tags/"), reference.strip_prefix("refs/heads/")) {
        (Some(name), _) => ("tags", name),
        (_, Some(name)) => ("branches", name),
        _ => return true,
    };
    fact.workflow.triggers.iter().any(|trigger| match trigger.name.value.as_str() {
        "push" => {
            let tags = trigger.tags.is_some() || trigger.tags_ignore.is_some();
            let branches = trigger.branches.is_some() || trigger.branches_ignore.is_some();
            let (own, other, filters) = if kind == "tags" {
                (tags, branches, trigger.tags.as_ref())
            } else {
                (branches, tags, trigger.branches.as_ref())
            };
            if own { filters.is_none_or(|filters| takes(filters, name)) } else { !other }
        }
        "release" | "create" => kind == "tags",
        "pull_request" | "pull_request_target" | "merge_group" => false,
        // On the default branch, or wherever somebody starts it.
        "schedule" | "workflow_run" | "repository_dispatch" => kind == "branches",
        _ => true,
    })
}

/// Whether a name fits one of the filters.
fn fits(filters: &[&str], name: &str) -> bool {
    filters.iter().any(|filter| {
        let mut pattern = String::from("^");
        for ch in filter.chars() {
            match ch {
                '*' => pattern.push_str(".*"),
                '.' | '(' | ')' | '{' | '}' | '^' | '$' | '|' | '\\' => pattern.extend(['\\', ch]),
                ch => pattern.push(ch),
            }
        }
        pattern.push('$');
        Regex::new(&pattern).map_or(true, |read| read.is_match(name))
    })
}

#[cfg(test)]
mod tests {
    use super::{fits, plain, split};

    #[test]
    fn identities_are_cut_and_filters_fit() {
        let (repository, rest) =
            split("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1").unwrap();
        assert_eq!((repository, rest), ("acme/app", ".github/workflows/release.yml@refs/tags/v1"));
        assert_eq!(split("https://github.com/acme/.*"), Some(("acme", "")));
        assert_eq!(split("me@example.com"), None);
        assert!(fits(&["v*"], "v1.2.3") && fits(&["v[0-9]+.[0-9]+"], "v1.2") && !fits(&["main"], "v1"));
        assert!(plain("refs/tags/v1.2.3") && !plain("refs/tags/<VERSION>") && !plain("refs/tags/v$V"));
    }
}
