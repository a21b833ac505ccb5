//! The plan: what is protected, what is asked for, what therefore stays, and in which order the rest goes.

use std::cmp::Reverse;

use super::glob::matches;
use super::graph::{Graph, is_attachment, subject_of_tag};
use super::{Cause, Deletion, Kind, Notice, Plan, Policy, Untag, Version};

/// Decides what goes. Pure; time and memory are linear in manifests and edges, but for one pass per pattern over the tags.
#[must_use]
pub fn plan(versions: &[Version], policy: &Policy) -> Plan {
    let judge = Judge::new(versions, policy);
    let mut plan = Plan { notices: judge.notices(), ..Plan::default() };
    // With one manifest unread, anything could be a part of it, or be what it is attached to.
    let blind =
        versions.iter().enumerate().any(|(at, version)| version.kind == Kind::Unreadable && !judge.asked(at));
    let kept = if blind { vec![true; versions.len()] } else { judge.kept() };
    for (at, version) in versions.iter().enumerate() {
        if kept[at] {
            plan.keep.push(version.digest.clone());
            if judge.asked(at) && version.undeletable {
                plan.notices.push(Notice::Undeletable(version.digest.clone()));
            } else if !blind && judge.may_lose_tags(at) {
                let untag = |tag: &String| Untag { tag: tag.clone(), digest: version.digest.clone() };
                plan.untag.extend(judge.matching(at).map(untag));
            }
        }
    }
    plan.delete = judge.deletions(&kept);
    for (at, version) in versions.iter().enumerate() {
        if kept[at] && is_attachment(version) && judge.graph.subjects[at].is_empty() {
            let lost = judge.graph.lost[at].iter();
            let orphan = |subject: &String| Notice::Orphan {
                digest: version.digest.clone(),
                subject: subject.clone(),
            };
            plan.notices.extend(lost.map(orphan));
        }
    }
    plan
}

struct Judge<'a> {
    versions: &'a [Version],
    policy: &'a Policy,
    graph: Graph,
    /// Stays whole: nothing may delete it or take a tag from it.
    whole: Vec<bool>,
}

impl<'a> Judge<'a> {
    fn new(versions: &'a [Version], policy: &'a Policy) -> Self {
        let graph = Graph::new(versions);
        let mut judge = Self { versions, policy, graph, whole: Vec::new() };
        let mut whole = vec![false; versions.len()];
        let named = (0..versions.len()).filter(|at| judge.protected(*at));
        for at in named.chain(judge.newest()) {
            judge.graph.reached(at, &mut whole);
        }
        judge.whole = whole;
        judge
    }

    /// Tags that name an image, not something attached to one.
    fn own_tags(&self, at: usize) -> impl Iterator<Item = &'a String> {
        self.versions[at].tags.iter().filter(|tag| subject_of_tag(tag).is_none())
    }

    /// Tags the policy wants gone.
    fn matching(&self, at: usize) -> impl Iterator<Item = &'a String> {
        self.own_tags(at).filter(|tag| self.policy.delete_tags.iter().any(|glob| matches(glob, tag)))
    }

    /// Whether the policy names it as something that stays whatever else is said.
    fn protected(&self, at: usize) -> bool {
        let policy = self.policy;
        let kept = |tag: &String| policy.keep_tags.iter().any(|glob| matches(glob, tag));
        self.own_tags(at).any(|tag| kept(tag) || policy.protect_moving && is_moving(tag))
            || policy.protect_digests.contains(&self.versions[at].digest)
    }

    /// The newest images with a tag. What another tagged image reaches is a part of it, and not counted.
    fn newest(&self) -> Vec<usize> {
        let tagged = |at: usize| self.own_tags(at).next().is_some();
        let mut images: Vec<usize> = (0..self.versions.len())
            .filter(|at| tagged(*at) && !is_attachment(&self.versions[*at]))
            .filter(|at| !self.graph.parents[*at].iter().any(|parent| tagged(*parent)))
            .collect();
        images.sort_by_key(|at| self.versions[*at].age);
        images.truncate(self.policy.keep_newest);
        images
    }

    fn old_enough(&self, at: usize) -> bool {
        self.policy.older_than.is_none_or(|age| self.versions[at].age > age)
    }

    fn young(&self, at: usize) -> bool {
        let version = &self.versions[at];
        version.tags.is_empty() && self.policy.grace.is_some_and(|grace| version.age < grace)
    }

    /// Whether tags of it that match may go, whatever becomes of the manifest.
    fn may_lose_tags(&self, at: usize) -> bool {
        !self.whole[at] && self.old_enough(at) && !is_attachment(&self.versions[at])
    }

    /// Whether the policy wants this image gone: all its tags match, or it has none and nothing tagged reaches it.
    fn asked(&self, at: usize) -> bool {
        if !self.may_lose_tags(at) || self.young(at) {
            return false;
        }
        let tags = self.own_tags(at).count();
        if tags > 0 {
            return self.matching(at).count() == tags;
        }
        // What cannot be read and has no tag may be a signature: nobody asked for that.
        let root = self.graph.parents[at].is_empty() && self.versions[at].kind != Kind::Unreadable;
        self.policy.delete_untagged && root
    }

    /// What stays.
    fn kept(&self) -> Vec<bool> {
        let mut kept = vec![false; self.versions.len()];
        for (at, version) in self.versions.iter().enumerate() {
            let attachment = is_attachment(version);
            let reached = !self.graph.parents[at].is_empty();
            let stays = if attachment {
                // It follows its subject; only where none is left does it need a decision.
                let alone = self.graph.subjects[at].is_empty();
                alone && !(self.orphan(at) && self.policy.delete_orphans && !self.young(at))
            } else if self.own_tags(at).next().is_none() && reached {
                // It follows its indexes.
                self.young(at)
            } else {
                !self.asked(at)
            };
            if stays || self.whole[at] || version.undeletable {
                self.graph.keep(at, &mut kept);
            }
        }
        // Indexes that reach only each other have no root: nobody asked for them.
        let mut caused = vec![false; self.versions.len()];
        let mut next: Vec<usize> =
            (0..self.versions.len()).filter(|at| self.asked(*at) || self.orphan(*at)).collect();
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut caused[at], true) {
                next.extend(self.graph.children[at].iter().chain(&self.graph.attached[at]));
            }
        }
        for at in (0..self.versions.len()).filter(|at| !caused[*at]) {
            self.graph.keep(at, &mut kept);
        }
        kept
    }

    /// Whether it is attached to something, and all of that is gone.
    fn orphan(&self, at: usize) -> bool {
        let gone = self.graph.subjects[at].is_empty() && !self.graph.lost[at].is_empty();
        gone && is_attachment(&self.versions[at])
    }

    /// The deletions: roots first, then what they reach, then what is attached.
    fn deletions(&self, kept: &[bool]) -> Vec<Deletion> {
        let mut done = kept.to_vec();
        let mut deletions = Vec::new();
        let count = self.versions.len();
        let mut queue = std::collections::VecDeque::new();
        for at in (0..count).filter(|at| !kept[*at] && self.asked(*at)) {
            let tagged = self.own_tags(at).next().is_some();
            queue.push_back((at, if tagged { Cause::Tags } else { Cause::Untagged }));
        }
        for at in (0..count).filter(|at| !kept[*at] && self.orphan(*at)) {
            queue.extend(self.graph.lost[at].first().map(|subject| (at, Cause::Orphan(subject.clone()))));
        }
        let mut attached = std::collections::VecDeque::new();
        while let Some((at, cause)) = queue.pop_front().or_else(|| attached.pop_front()) {
            if std::mem::replace(&mut done[at], true) {
                continue;
            }
            let version = &self.versions[at];
            deletions.push(Deletion { digest: version.digest.clone(), tags: version.tags.clone(), cause });
            let of = |make: fn(String) -> Cause| make(version.digest.clone());
            for child in &self.graph.children[at] {
                let list = if is_attachment(&self.versions[*child]) { &mut attached } else { &mut queue };
                list.push_back((*child, of(Cause::ChildOf)));
            }
            attached.extend(self.graph.attached[at].iter().map(|one| (*one, of(Cause::AttachedTo))));
        }
        deletions
    }

    /// What is wrong with the repository itself.
    fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (at, version) in self.versions.iter().enumerate() {
            let missing = &self.graph.missing[at];
            if version.kind == Kind::Unreadable && !self.asked(at) {
                notices.push(Notice::Unreadable(version.digest.clone()));
            } else if !missing.is_empty() && self.graph.children[at].is_empty() {
                notices.push(Notice::Ghost(version.digest.clone()));
            } else if !missing.is_empty() {
                notices.push(Notice::Partial { digest: version.digest.clone(), missing: missing.clone() });
            }
        }
        notices.sort_by_key(|notice| Reverse(matches!(notice, Notice::Unreadable(_))));
        notices
    }
}

/// `latest`, `1`, `v1`, `1.2`, `v1.2`: tags that move by convention.
fn is_moving(tag: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let version = tag.strip_prefix('v').unwrap_or(tag);
    // A date or a run's number is no major version.
    let short = |part: &str| number(part) && part.len() <= 4;
    match version.split_once('.') {
        Some((major, minor)) => short(major) && short(minor),
        None => tag == "latest" || short(version),
    }
}

#[cfg(test)]
mod tests;
