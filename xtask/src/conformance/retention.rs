//! Kind `retention`: what `prune` must keep, delete and untag, by scenarios of what other tools got wrong.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use seaworthy_release::retention::{Kind, Policy, Version, plan};
use serde_json::{Value, json};

/// Compares every JSON file of the directory.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let (mut agree, mut total) = (0, 0);
    for (file, data) in super::json_files(dir)? {
        for scenario in
            data["scenarios"].as_array().with_context(|| format!("no scenarios in {}", file.display()))?
        {
            total += 1;
            let versions = scenario["versions"].as_array().context("no versions")?;
            let versions = versions.iter().map(version).collect::<anyhow::Result<Vec<_>>>()?;
            let got = plan(&versions, &policy(&scenario["options"]));
            let short = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
            let got = json!({
                "keep": sorted(got.keep.iter().map(|digest| short(digest)).collect()),
                "delete": sorted(got.delete.iter().map(|one| short(&one.digest)).collect()),
                "untag": sorted(got.untag.iter().map(|one| one.tag.clone()).collect()),
            });
            let expected = json!({
                "keep": sorted(texts(&scenario["keep"])),
                "delete": sorted(texts(&scenario["delete"])),
                "untag": sorted(texts(&scenario["untag"])),
            });
            if got == expected {
                agree += 1;
            } else {
                out(json!({"case": scenario["name"], "expected": expected, "got": got}));
            }
        }
    }
    Ok((agree, total))
}

fn version(value: &Value) -> anyhow::Result<Version> {
    // The scenarios' digests are short names.
    let digest = |value: &Value| value.as_str().map(|name| format!("sha256:{name}"));
    Ok(Version {
        digest: digest(&value["digest"]).context("a version without a digest")?,
        kind: match value["kind"].as_str().context("a version without a kind")? {
            "image" => Kind::Image,
            "index" => Kind::Index,
            "referrer" => Kind::Referrer,
            "fallback-index" => Kind::FallbackIndex,
            "unreadable" => Kind::Unreadable,
            other => anyhow::bail!("the kind {other} is not known"),
        },
        tags: texts(&value["tags"]),
        age: days(&value["age_days"]).unwrap_or_default(),
        children: texts(&value["children"]).iter().map(|name| format!("sha256:{name}")).collect(),
        subject: digest(&value["subject"]),
        undeletable: value["undeletable"].as_bool().unwrap_or(false),
    })
}

fn policy(options: &Value) -> Policy {
    let flag = |name: &str| options[name].as_bool().unwrap_or(false);
    Policy {
        delete_tags: texts(&options["delete_tags"]),
        keep_tags: texts(&options["keep_tags"]),
        keep_newest: options["keep_n"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
        older_than: days(&options["older_than_days"]),
        grace: options["grace_hours"].as_f64().map(|hours| Duration::from_secs_f64(hours * 3600.0)),
        delete_untagged: flag("delete_untagged"),
        delete_orphans: flag("delete_orphans"),
        protect_moving: flag("protect_moving"),
        protect_digests: texts(&options["protect_digests"])
            .iter()
            .map(|name| format!("sha256:{name}"))
            .collect(),
    }
}

fn days(value: &Value) -> Option<Duration> {
    value.as_f64().map(|days| Duration::from_secs_f64(days * 86400.0))
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}
