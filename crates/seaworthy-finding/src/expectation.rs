//! What a policy says of the running image: requests, commands and the services beside it.

use crate::EnvValue;
use crate::policy::{Command, duration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One HTTP request to the running service and what must come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expectation {
    /// Method and path, as in `GET /healthz`.
    pub request: String,
    /// Request headers. `${NAME}` and `${/path/of/secret}` stand for values of this run.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The request's body.
    pub body: Option<String>,
    /// The expected status; 200 by default.
    pub status: Option<u16>,
    /// Text the body must contain.
    pub body_contains: Option<String>,
    /// Regular expression that must match somewhere in the body.
    pub body_matches: Option<String>,
    /// Text the body must not contain.
    pub body_excludes: Option<String>,
    /// What stands where in a JSON body: path, as in `items[0].id`, → value.
    #[serde(default)]
    pub json: BTreeMap<String, serde_json::Value>,
    /// Response headers: the value must contain this text.
    #[serde(default)]
    pub response_headers: BTreeMap<String, String>,
    /// How long it is asked again until the answer is as expected, in milliseconds; it is asked once by default.
    #[serde(default, deserialize_with = "duration")]
    pub within: Option<u64>,
}

/// One command inside the running container and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CommandExpectation {
    /// The command: a list of words, or one string for `/bin/sh -c`.
    pub run: Command,
    /// The expected exit status; 0 by default.
    pub exit_code: Option<i32>,
    /// Text the output, of both streams, must contain.
    pub output_contains: Option<String>,
    /// Regular expression that must match somewhere in the output.
    pub output_matches: Option<String>,
    /// Text the output must not contain.
    pub output_excludes: Option<String>,
    /// How long it may take, in milliseconds; `30s` by default.
    #[serde(default, deserialize_with = "duration")]
    pub timeout: Option<u64>,
}

/// Another image booted beside the one under test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceConfig {
    /// Its image, or a name of `bases`.
    pub image: String,
    /// Its environment.
    #[serde(default)]
    pub env: BTreeMap<String, EnvValue>,
    /// What tells that it is ready: a request such as `GET :9000/health`, `tcp :5432`, or a command.
    pub ready: Option<Command>,
    /// Longest wait for that, in milliseconds; `60s` by default.
    #[serde(default, deserialize_with = "duration")]
    pub ready_timeout: Option<u64>,
    /// Takes the place of the image's arguments.
    pub command: Option<Command>,
    /// The port that `${services.NAME.port}` stands for; that of `ready`, else the lowest the image exposes.
    pub port: Option<u16>,
}
