//! Plans over repositories drawn at random never break what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::{Kind, Notice, Plan, Policy, Version};
use super::{is_moving, plan};

/// A small generator of numbers, so that a failing case can be named by its seed (xorshift64*).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or(0) % bound
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn repository(draw: &mut Draw) -> Vec<Version> {
    let count = 1 + draw.below(14);
    let digest = |at: usize| format!("sha256:{at:02}");
    let mut free: Vec<String> =
        ["latest", "1", "1.2", "1.2.3", "pr-1", "pr-2", "pr-3", "main", "edge"].map(str::to_owned).to_vec();
    let mut versions = Vec::new();
    for at in 0..count {
        let kind = match draw.below(20) {
            0..8 => Kind::Image,
            8..12 => Kind::Index,
            12..16 => Kind::Referrer,
            16..19 => Kind::FallbackIndex,
            _ => Kind::Unreadable,
        };
        let mut tags = Vec::new();
        // Some things named do not exist.
        let any = |draw: &mut Draw| digest(draw.below(count + 2));
        let mut children = Vec::new();
        if matches!(kind, Kind::Index | Kind::FallbackIndex) {
            children = (0..draw.below(4)).map(|_| any(draw)).collect();
        }
        if kind == Kind::FallbackIndex {
            tags.push(any(draw).replace(':', "-"));
        } else {
            while !free.is_empty() && draw.chance(30) {
                tags.push(free.swap_remove(draw.below(free.len())));
            }
            if draw.chance(10) {
                tags.push(format!("{}.sig", any(draw).replace(':', "-")));
            }
        }
        versions.push(Version {
            digest: digest(at),
            kind,
            tags,
            age: Duration::from_secs(86_400 * draw.below(60) as u64),
            children,
            subject: (kind == Kind::Referrer).then(|| any(draw)),
            undeletable: draw.chance(4),
        });
    }
    versions
}

fn policy(draw: &mut Draw) -> Policy {
    let globs = |draw: &mut Draw, percent: usize| -> Vec<String> {
        let all = ["*", "pr-*", "1*", "main", "[a-l]*"];
        all.iter().filter(|_| draw.chance(percent)).map(|glob| (*glob).to_owned()).collect()
    };
    Policy {
        delete_tags: globs(draw, 50),
        keep_tags: globs(draw, 8),
        keep_newest: draw.below(3),
        older_than: draw.chance(40).then(|| Duration::from_hours(480)),
        grace: draw.chance(40).then(|| Duration::from_hours(48)),
        delete_untagged: draw.chance(70),
        delete_orphans: draw.chance(50),
        protect_moving: draw.chance(30),
        protect_digests: (0..draw.below(2)).map(|at| format!("sha256:{at:02}")).collect(),
    }
}

/// What must hold of any plan.
fn violations(versions: &[Version], policy: &Policy, plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let keep: BTreeSet<&str> = plan.keep.iter().map(String::as_str).collect();
    let delete: BTreeSet<&str> = plan.delete.iter().map(|one| one.digest.as_str()).collect();
    if keep.len() + delete.len() != versions.len() || plan.keep.len() + plan.delete.len() != versions.len() {
        wrong.push("not every manifest stands in the plan exactly once".to_owned());
    }
    let known: BTreeMap<&str, &Version> = versions.iter().map(|v| (v.digest.as_str(), v)).collect();
    for version in versions.iter().filter(|version| keep.contains(version.digest.as_str())) {
        for child in version.children.iter().filter(|child| delete.contains(child.as_str())) {
            wrong.push(format!("{} stays without its part {child}", version.digest));
        }
    }
    for version in versions.iter().filter(|version| delete.contains(version.digest.as_str())) {
        let tagged = version.tags.iter().filter_map(|tag| super::subject_of_tag(tag));
        for subject in version.subject.clone().into_iter().chain(tagged) {
            if keep.contains(subject.as_str()) {
                wrong.push(format!("{subject} loses its attachment {}", version.digest));
            }
        }
        if policy.protect_digests.contains(&version.digest) {
            wrong.push(format!("{} is protected", version.digest));
        }
        if policy.protect_moving && version.tags.iter().any(|tag| is_moving(tag)) {
            wrong.push(format!("{} carries a moving tag", version.digest));
        }
    }
    for untag in &plan.untag {
        let version = known[untag.digest.as_str()];
        if !version.tags.contains(&untag.tag) || !keep.contains(untag.digest.as_str()) {
            wrong.push(format!("{} is no tag of something that stays", untag.tag));
        }
    }
    let unread = plan.notices.iter().any(|notice| matches!(notice, Notice::Unreadable(_)));
    if unread && !(plan.delete.is_empty() && plan.untag.is_empty()) {
        wrong.push("something goes though something could not be read".to_owned());
    }
    // An image goes before its parts and its attachments.
    let place: BTreeMap<&str, usize> =
        plan.delete.iter().enumerate().map(|(at, one)| (one.digest.as_str(), at)).collect();
    let attached =
        |v: &Version| v.subject.is_some() || v.tags.iter().any(|t| super::subject_of_tag(t).is_some());
    // What has a name of its own is an image beside being attached, and goes when its name does.
    for version in versions.iter().filter(|version| super::is_attachment(version)) {
        if let (Some(mine), Some(theirs)) = (
            place.get(version.digest.as_str()),
            version.subject.as_deref().and_then(|subject| place.get(subject)),
        ) && mine < theirs
            && !version.children.iter().any(|child| Some(child) == version.subject.as_ref())
            && !attached(known[version.subject.as_deref().unwrap_or_default()])
        {
            wrong.push(format!("{} goes before what it is attached to", version.digest));
        }
    }
    wrong
}

#[test]
fn no_plan_breaks_what_stays() {
    let mut deleted = 0;
    for seed in 1..20_000 {
        let mut draw = Draw(seed);
        let (versions, policy) = (repository(&mut draw), policy(&mut draw));
        let plan = plan(&versions, &policy);
        let wrong = violations(&versions, &policy, &plan);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:?}\n{versions:#?}\n{policy:#?}\n{plan:#?}");
        deleted += plan.delete.len();
    }
    // A planner that keeps everything would pass as well.
    assert!(deleted > 10_000, "{deleted}");
}

#[test]
fn without_a_policy_nothing_goes() {
    for seed in 1..2_000 {
        let versions = repository(&mut Draw(seed));
        let plan = plan(&versions, &Policy::default());
        assert!(plan.delete.is_empty() && plan.untag.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    for seed in 1..5_000 {
        let mut draw = Draw(seed);
        let (versions, mut policy) = (repository(&mut draw), policy(&mut draw));
        // The newest of what is left are others than before, and so they should be.
        policy.keep_newest = 0;
        let first = plan(&versions, &policy);
        let gone: BTreeSet<&str> = first.delete.iter().map(|one| one.digest.as_str()).collect();
        let lost: BTreeSet<&str> = first.untag.iter().map(|one| one.tag.as_str()).collect();
        let mut left: Vec<Version> =
            versions.iter().filter(|version| !gone.contains(version.digest.as_str())).cloned().collect();
        for version in &mut left {
            version.tags.retain(|tag| !lost.contains(tag.as_str()));
        }
        let second = plan(&left, &policy);
        assert!(second.delete.is_empty(), "seed {seed}: {versions:#?}\n{policy:#?}\n{first:#?}\n{second:#?}");
    }
}

#[test]
fn moving_tags_are_told_from_others() {
    for tag in ["latest", "1", "v1", "1.2", "v1.2"] {
        assert!(is_moving(tag), "{tag}");
    }
    for tag in ["1.2.3", "pr-1", "20260101", "v", "main", "1.", ".1", "1.2-rc"] {
        assert!(!is_moving(tag), "{tag}");
    }
}
