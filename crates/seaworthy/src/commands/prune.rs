//! `seaworthy prune REPOSITORY`.

use crate::cli::{Global, PruneArgs};
use crate::failure::Failure;
use crate::output;
use crate::release;
use crate::shell::Shell;
use jiff::Timestamp;
use seaworthy_finding::ExitCode;
use seaworthy_oci::Reference;
use seaworthy_registry::{Access, Client, Repository};
use seaworthy_release::retention::{
    self, Applied, Cause, Deletion, Kind, Notice, Plan, Policy, Survey, Version,
};
use seaworthy_report::escape;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest file that is searched for digests, in bytes.
const SEARCHED: u64 = 1 << 20;
/// Directories that hold no work of a person.
const SKIPPED: [&str; 4] = [".git", "target", "node_modules", ".venv"];

/// A plan in a file.
#[derive(Debug, Serialize, Deserialize)]
struct PlanFile {
    schema: String,
    kind: String,
    repository: String,
    made: String,
    policy: Policy,
    plan: Plan,
}

/// Shows, writes or carries out what may go.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &PruneArgs) -> Result<ExitCode, Failure> {
    let json = output::wants_json(global, "prune")?;
    let reference: Reference =
        args.repository.trim_start_matches("docker://").parse().map_err(|error| {
            Failure::of("read the repository", &error).hint("name it as `ghcr.io/acme/app`")
        })?;
    let asked = args.apply.as_deref().map(read_plan).transpose()?;
    if let Some(asked) = &asked
        && asked.repository != reference.repository()
    {
        let message = format!("the plan is for {}, not for {}", asked.repository, reference.repository());
        return Err(Failure::new(ExitCode::Error, message)
            .hint("name the repository of the plan, or make a new plan"));
    }
    let policy = match &asked {
        Some(asked) => asked.policy.clone(),
        None => policy(args)?,
    };
    let plain = args.plain_http.then(|| reference.domain.clone());
    let client = Client::new(release::registry(global, plain));
    let writes = args.yes || asked.is_some();
    let repository = client.repository(&reference, if writes { Access::Delete } else { Access::Pull });
    shell.progress("Read", &reference.repository());
    let survey = retention::survey(&repository, Timestamp::now())
        .map_err(|error| Failure::of("read the repository", &error))?;
    let mut plan = retention::plan(&survey.versions, &policy);
    let mut changed = Vec::new();
    if let Some(asked) = &asked {
        (plan, changed) = asked.plan.still(&plan);
    }
    if let Some(file) = &args.plan {
        let plan = PlanFile {
            schema: "seaworthy/1".to_owned(),
            kind: "prune-plan".to_owned(),
            repository: reference.repository(),
            made: output::now(),
            policy: policy.clone(),
            plan: plan.clone(),
        };
        let mut text = to_json(&plan)?;
        text.push('\n');
        output::write_file(file, text.as_bytes())?;
    }
    let outcome = writes.then(|| carry_out(shell, &repository, &survey, &plan, changed)).transpose()?;
    let shown = Shown { survey: &survey, plan: &plan, outcome: outcome.as_ref() };
    shell.out(&if json { to_json(&shown.json(&reference, &policy))? } else { shown.words() })?;
    if !json && shell.quiet == 0 && !writes && !plan.delete.is_empty() {
        shell.note("nothing was deleted; `--yes` does it, `--plan FILE` and then `--apply FILE` does it after a look");
    }
    let unfinished = plan.blocked() || outcome.is_some_and(|outcome| !outcome.left.is_empty());
    Ok(if unfinished && !global.exit_zero { ExitCode::Findings } else { ExitCode::Clean })
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::of("write JSON", &error))
}

fn read_plan(file: &Path) -> Result<PlanFile, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
    let plan: PlanFile = serde_json::from_str(&text).map_err(|error| {
        Failure::of(&format!("read the plan `{}`", file.display()), &error)
            .hint("`prune REPOSITORY --plan FILE` writes one")
    })?;
    if plan.schema != "seaworthy/1" || plan.kind != "prune-plan" {
        let message =
            format!("`{}` is no plan of prune: it says {} {}", file.display(), plan.schema, plan.kind);
        return Err(Failure::new(ExitCode::Error, message));
    }
    Ok(plan)
}

/// Deletes, then looks whether everything that stays is still there.
fn carry_out(
    shell: &Shell,
    repository: &Repository<'_>,
    survey: &Survey,
    plan: &Plan,
    changed: Vec<String>,
) -> Result<Applied, Failure> {
    shell.progress("Delete", &format!("{} manifests, {} tags", plan.delete.len(), plan.untag.len()));
    let mut applied = Applied::default();
    retention::apply(repository, &survey.versions, plan, &mut applied).map_err(|error| {
        let (manifests, tags) = (applied.deleted.len(), applied.untagged.len());
        let hint = "everything that stays is whole: run it again";
        Failure::of("delete", &error)
            .hint(format!("{manifests} manifests and {tags} tags were gone by then; {hint}"))
    })?;
    let changed =
        changed.into_iter().map(|what| (what, "the repository has changed since the plan".to_owned()));
    applied.left.extend(changed);
    let stays: BTreeSet<&str> = plan.keep.iter().map(String::as_str).collect();
    for version in survey.versions.iter().filter(|version| stays.contains(version.digest.as_str())) {
        if version.kind == Kind::Unreadable {
            continue;
        }
        let there = repository
            .head_manifest(&version.digest)
            .map_err(|error| Failure::of("look again at what stays", &error))?;
        if there.is_none() {
            applied.left.push((version.digest.clone(), "it was to stay, and is gone".to_owned()));
        }
    }
    Ok(applied)
}

/// The policy of the command line.
fn policy(args: &PruneArgs) -> Result<Policy, Failure> {
    let mut protect_digests = BTreeSet::new();
    for dir in &args.protect_from {
        std::fs::read_dir(dir).map_err(|error| Failure::file("read", dir, &error))?;
        digests_below(dir, &mut protect_digests);
    }
    Ok(Policy {
        delete_tags: args.delete_tag.clone(),
        keep_tags: args.keep_tag.clone(),
        keep_newest: args.keep,
        older_than: args.older_than,
        grace: Some(args.grace),
        delete_untagged: args.untagged,
        delete_orphans: args.orphans,
        protect_moving: !args.moving,
        protect_digests,
    })
}

/// Every `sha256:…` in the files of a directory. What cannot be read names nothing; links are not followed.
fn digests_below(dir: &Path, found: &mut BTreeSet<String>) {
    let mut next: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(dir) = next.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !SKIPPED.iter().any(|name| entry.file_name() == *name) {
                next.push(entry.path());
            } else if kind.is_file() && entry.metadata().is_ok_and(|meta| meta.len() <= SEARCHED) {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                found.extend(digests(&String::from_utf8_lossy(&bytes)));
            }
        }
    }
}

fn digests(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("sha256:").filter_map(|(at, prefix)| {
        let hex = text.get(at + prefix.len()..at + prefix.len() + 64)?;
        hex.bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| format!("sha256:{}", hex.to_ascii_lowercase()))
    })
}

/// Reads an age: a number and `m`, `h`, `d` or `w`.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let cut = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: Result<u64, _> = text[..cut].parse();
    let unit = match &text[cut..] {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err("write a number and m, h, d or w, such as 30d".to_owned()),
    };
    let seconds =
        number.ok().and_then(|number| number.checked_mul(unit)).filter(|seconds| *seconds < 1 << 40);
    seconds.map(Duration::from_secs).ok_or_else(|| "write a number and m, h, d or w, such as 30d".to_owned())
}

/// What is shown of a run.
struct Shown<'a> {
    survey: &'a Survey,
    plan: &'a Plan,
    outcome: Option<&'a Applied>,
}

impl Shown<'_> {
    fn json(&self, reference: &Reference, policy: &Policy) -> serde_json::Value {
        let applied = self.outcome.map(|outcome| {
            let left = outcome.left.iter().map(|(what, why)| serde_json::json!({"what": what, "why": why}));
            serde_json::json!({
                "deleted": outcome.deleted,
                "untagged": outcome.untagged,
                "left": left.collect::<Vec<_>>(),
            })
        });
        serde_json::json!({
            "schema": "seaworthy/1",
            "repository": reference.repository(),
            "policy": policy,
            "plan": self.plan,
            "dangling": self.survey.dangling,
            "applied": applied,
        })
    }

    fn words(&self) -> String {
        let mut text = String::new();
        let versions: BTreeMap<&str, &Version> =
            self.survey.versions.iter().map(|version| (version.digest.as_str(), version)).collect();
        let name = |digest: &str| {
            let tags = versions.get(digest).map(|version| version.tags.join(", ")).unwrap_or_default();
            let short: String = digest.chars().take(19).collect();
            if tags.is_empty() { escape(&short) } else { format!("{} ({})", escape(&tags), escape(&short)) }
        };
        let done = self.outcome.is_some();
        let verb = if done { "deleted " } else { "delete  " };
        let gone =
            |digest: &str| self.outcome.is_none_or(|outcome| outcome.deleted.iter().any(|one| one == digest));
        for deletion in self.plan.delete.iter().filter(|deletion| gone(&deletion.digest)) {
            let _ = writeln!(text, "{verb} {}  {}", name(&deletion.digest), cause(deletion, &name));
        }
        let verb = if done { "untagged" } else { "untag   " };
        let untagged =
            |tag: &str| self.outcome.is_none_or(|outcome| outcome.untagged.iter().any(|one| one == tag));
        for untag in self.plan.untag.iter().filter(|untag| untagged(&untag.tag)) {
            let _ = writeln!(text, "{verb} {}  its image stays", escape(&untag.tag));
        }
        for (what, why) in self.outcome.iter().flat_map(|outcome| &outcome.left) {
            let _ = writeln!(text, "left     {}  {}", name(what), escape(why));
        }
        for notice in &self.plan.notices {
            let _ = writeln!(text, "note     {}", words_of(notice, &name));
        }
        for tag in &self.survey.dangling {
            let _ = writeln!(
                text,
                "note     {}  the registry lists the tag, but has no manifest for it",
                escape(tag)
            );
        }
        let (keep, delete) = match self.outcome {
            Some(outcome) => (self.survey.versions.len() - outcome.deleted.len(), outcome.deleted.len()),
            None => (self.plan.keep.len(), self.plan.delete.len()),
        };
        let word = if done { "deleted" } else { "to delete" };
        let _ = write!(text, "{} manifests: {keep} stay, {delete} {word}", self.survey.versions.len());
        text
    }
}

fn cause(deletion: &Deletion, name: &dyn Fn(&str) -> String) -> String {
    match &deletion.cause {
        Cause::Tags => "every tag of it matches".to_owned(),
        Cause::Untagged => "no tag and no index leads to it".to_owned(),
        Cause::ChildOf(digest) => format!("only {} needs it", name(digest)),
        Cause::AttachedTo(digest) => format!("attached to {}", name(digest)),
        Cause::Orphan(digest) => format!("attached to {}, which is gone", name(digest)),
    }
}

fn words_of(notice: &Notice, name: &dyn Fn(&str) -> String) -> String {
    match notice {
        Notice::Unreadable(digest) => {
            format!("{} cannot be read, and anything may be a part of it: nothing is deleted", name(digest))
        }
        Notice::Orphan { digest, subject } => {
            format!(
                "{} is attached to {}, which is gone; `--orphans` deletes it",
                name(digest),
                name(subject)
            )
        }
        Notice::Ghost(digest) => format!("{} is an index without a single one of its images", name(digest)),
        Notice::Partial { digest, missing } => {
            let missing: Vec<String> = missing.iter().map(|digest| name(digest)).collect();
            format!("{} lacks {}", name(digest), missing.join(", "))
        }
        Notice::Undeletable(digest) => format!("{} cannot be deleted: the registry refuses", name(digest)),
    }
}

#[cfg(test)]
mod tests {
    use super::{age, digests};
    use std::time::Duration;

    #[test]
    fn ages_have_a_unit() {
        assert_eq!(age("90m"), Ok(Duration::from_mins(90)));
        assert_eq!(age("2w"), Ok(Duration::from_hours(336)));
        for wrong in ["", "30", "d", "1y", "-1d", "99999999999999999999d", "18446744073709551615w"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn digests_are_found_in_text() {
        let hex = "0123456789abcdef".repeat(4);
        let text = format!("FROM a@sha256:{hex}\nsha256:short sha256:{hex}é");
        assert_eq!(digests(&text).collect::<Vec<_>>(), vec![format!("sha256:{hex}"); 2]);
    }
}
