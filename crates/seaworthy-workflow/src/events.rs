//! The events of the platform.

/// What is known of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// Its name.
    pub name: &'static str,
    /// The types it has; empty where it has none.
    pub types: &'static [&'static str],
    /// The filters it has beside `types`.
    pub filters: &'static [&'static str],
}

const fn plain(name: &'static str, types: &'static [&'static str]) -> EventKind {
    EventKind { name, types, filters: &[] }
}

const PULL: &[&str] = &[
    "assigned",
    "unassigned",
    "labeled",
    "unlabeled",
    "opened",
    "edited",
    "closed",
    "reopened",
    "synchronize",
    "converted_to_draft",
    "locked",
    "unlocked",
    "enqueued",
    "dequeued",
    "milestoned",
    "demilestoned",
    "ready_for_review",
    "review_requested",
    "review_request_removed",
    "auto_merge_enabled",
    "auto_merge_disabled",
];
const PULL_FILTERS: &[&str] = &["branches", "branches-ignore", "paths", "paths-ignore"];
const EDITS: &[&str] = &["created", "edited", "deleted"];

/// Every event, by name.
pub const EVENTS: &[EventKind] = &[
    plain("branch_protection_rule", EDITS),
    plain("check_run", &["created", "rerequested", "completed", "requested_action"]),
    plain("check_suite", &["completed"]),
    plain("create", &[]),
    plain("delete", &[]),
    plain("deployment", &[]),
    plain("deployment_status", &[]),
    plain(
        "discussion",
        &[
            "created",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "category_changed",
            "answered",
            "unanswered",
        ],
    ),
    plain("discussion_comment", EDITS),
    plain("fork", &[]),
    plain("gollum", &[]),
    plain("image_version", &[]),
    plain("issue_comment", EDITS),
    plain(
        "issues",
        &[
            "opened",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "closed",
            "reopened",
            "assigned",
            "unassigned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "milestoned",
            "demilestoned",
            "typed",
            "untyped",
        ],
    ),
    plain("label", EDITS),
    EventKind {
        name: "merge_group",
        types: &["checks_requested"],
        filters: &["branches", "branches-ignore"],
    },
    plain("milestone", &["created", "closed", "opened", "edited", "deleted"]),
    plain("page_build", &[]),
    plain("project", &["created", "closed", "reopened", "edited", "deleted"]),
    plain("project_card", &["created", "moved", "converted", "edited", "deleted"]),
    plain("project_column", &["created", "updated", "moved", "deleted"]),
    plain("public", &[]),
    EventKind { name: "pull_request", types: PULL, filters: PULL_FILTERS },
    plain("pull_request_review", &["submitted", "edited", "dismissed"]),
    plain("pull_request_review_comment", EDITS),
    EventKind { name: "pull_request_target", types: PULL, filters: PULL_FILTERS },
    EventKind {
        name: "push",
        types: &[],
        filters: &["branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"],
    },
    plain("registry_package", &["published", "updated"]),
    plain(
        "release",
        &["published", "unpublished", "created", "edited", "deleted", "prereleased", "released"],
    ),
    plain("repository_dispatch", &[]),
    plain("schedule", &[]),
    plain("status", &[]),
    plain("watch", &["started"]),
    plain("workflow_call", &[]),
    plain("workflow_dispatch", &[]),
    EventKind {
        name: "workflow_run",
        types: &["completed", "requested", "in_progress"],
        filters: &["branches", "branches-ignore", "workflows"],
    },
];

/// What is known of an event.
pub fn event(name: &str) -> Option<&'static EventKind> {
    EVENTS.iter().find(|known| known.name == name)
}
