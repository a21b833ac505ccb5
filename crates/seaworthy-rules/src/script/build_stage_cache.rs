//! Reports package managers whose caches stay in a stage that is not shipped.

use super::package_cache_left;
use crate::{Cx, Sink};

declare_rule! {
    name: "build-stage-cache",
    summary: "a package manager's cache stays in a stage that is not shipped",
    passes: "no package manager's cache stays in a stage that is not shipped",
    family: Dockerfile, category: Size, severity: Info, confidence: Medium, persona: Auditor,
    aliases: ["DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DS-0015", "DS-0019", "DS-0020", "DS-0025", "DS-0027"],
    refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    package_cache_left::report(cx, out, false);
}
