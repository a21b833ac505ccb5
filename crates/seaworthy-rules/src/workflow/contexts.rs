//! The contexts and functions of expressions, and where each is known.

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    RunName,
    TopConcurrency,
    TopEnv,
    JobName,
    JobIf,
    JobRunsOn,
    JobConcurrency,
    JobEnv,
    JobContinue,
    JobOutputs,
    Strategy,
    Container,
    ContainerEnv,
    Credentials,
    Services,
    CallWith,
    EnvironmentName,
    EnvironmentUrl,
    Step,
    StepIf,
}

/// Every context.
pub(crate) const CONTEXTS: [&str; 12] = [
    "github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs",
    "inputs",
];

/// The contexts that are known at a place, as the platform's documentation lists them.
pub(crate) fn allowed(place: Place) -> &'static [&'static str] {
    match place {
        Place::RunName | Place::TopConcurrency => &["github", "inputs", "vars"],
        Place::TopEnv => &["github", "secrets", "inputs", "vars"],
        Place::JobName | Place::JobRunsOn | Place::JobConcurrency | Place::JobContinue | Place::CallWith => {
            &["github", "needs", "strategy", "matrix", "vars", "inputs"]
        }
        Place::EnvironmentName => &["github", "needs", "strategy", "matrix", "vars", "inputs"],
        Place::JobIf => &["github", "needs", "vars", "inputs"],
        Place::Strategy => &["github", "needs", "vars", "inputs"],
        Place::JobEnv => &["github", "needs", "strategy", "matrix", "vars", "secrets", "inputs"],
        Place::Container | Place::Services => &["github", "needs", "strategy", "matrix", "vars", "inputs"],
        Place::Credentials => &["github", "needs", "strategy", "matrix", "env", "vars", "secrets", "inputs"],
        Place::ContainerEnv => {
            &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "inputs"]
        }
        Place::JobOutputs => &[
            "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps",
            "inputs",
        ],
        Place::EnvironmentUrl => {
            &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"]
        }
        Place::StepIf => {
            &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"]
        }
        Place::Step => &[
            "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps",
            "inputs",
        ],
    }
}

/// Functions with the least and the most arguments; no most where there is none.
pub(crate) const FUNCTIONS: [(&str, usize, Option<usize>); 13] = [
    ("contains", 2, Some(2)),
    ("startsWith", 2, Some(2)),
    ("endsWith", 2, Some(2)),
    ("format", 1, None),
    ("join", 1, Some(2)),
    ("toJSON", 1, Some(1)),
    ("fromJSON", 1, Some(1)),
    ("hashFiles", 1, None),
    ("success", 0, Some(0)),
    ("always", 0, Some(0)),
    ("cancelled", 0, Some(0)),
    ("failure", 0, Some(0)),
    ("case", 3, None),
];

/// A function by its name in lower case.
pub(crate) fn function(lower: &str) -> Option<(&'static str, usize, Option<usize>)> {
    FUNCTIONS.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(lower))
}

/// The properties of a context that has always the same ones, in lower case.
pub(crate) fn properties(context: &str) -> Option<&'static [&'static str]> {
    Some(match context {
        "github" => &[
            "action",
            "action_path",
            "action_ref",
            "action_repository",
            "action_status",
            "actor",
            "actor_id",
            "api_url",
            "artifact_cache_size_limit",
            "base_ref",
            "env",
            "event",
            "event_name",
            "event_path",
            "graphql_url",
            "head_ref",
            "job",
            "job_workflow_sha",
            "output",
            "path",
            "ref",
            "ref_name",
            "ref_protected",
            "ref_type",
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "repository_visibility",
            "repositoryurl",
            "retention_days",
            "run_attempt",
            "run_id",
            "run_number",
            "secret_source",
            "server_url",
            "sha",
            "state",
            "step_summary",
            "token",
            "triggering_actor",
            "workflow",
            "workflow_ref",
            "workflow_sha",
            "workspace",
        ],
        "runner" => &["name", "os", "arch", "temp", "tool_cache", "debug", "environment", "workspace"],
        "strategy" => &["fail-fast", "job-index", "job-total", "max-parallel"],
        _ => return None,
    })
}
