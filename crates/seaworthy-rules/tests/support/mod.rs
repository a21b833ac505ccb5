//! Reads the fenced blocks of the rule pages and turns them into facts.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test binary uses a part")]

use seaworthy_facts::{Facts, GitFact, ImageFacts, ReleaseFacts, RunFacts};
use seaworthy_finding::{Family, Finding, Persona, Policy};
use seaworthy_rules::{Options, Outcome, evaluate};
use serde_json::{Value, json};

/// Every family.
pub const FAMILIES: [Family; 12] = [
    Family::Dockerfile,
    Family::Ignore,
    Family::Compose,
    Family::Workflow,
    Family::Document,
    Family::Claim,
    Family::Image,
    Family::Run,
    Family::Structure,
    Family::Release,
    Family::Scan,
    Family::Policy,
];

/// What a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Raises the rule at the carets.
    Bad,
    /// Does not raise the rule.
    Good,
    /// What the fixes of the last bad block give.
    Fixed,
    /// Stands beside every later block of the page.
    With,
}

/// One executed block.
#[derive(Clone, Debug)]
pub struct Block {
    /// `dockerfile`, `ignore`, `yaml`, `markdown`, `context` or `facts`.
    pub language: String,
    /// What it is for.
    pub mode: Mode,
    /// Its text without caret lines.
    pub text: String,
    /// Its place among the page's blocks.
    pub at: usize,
    /// Line, first and last column of each caret, from 1, and the rule it names.
    pub carets: Vec<(usize, usize, usize, String)>,
}

/// The executed blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let ticks = line.chars().take_while(|ch| *ch == '`').count();
        if ticks < 3 {
            continue;
        }
        let fence = "`".repeat(ticks);
        let mut words = line[ticks..].split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let mode = match words.next() {
            Some("bad") => Some(Mode::Bad),
            Some("good") => Some(Mode::Good),
            Some("fixed") => Some(Mode::Fixed),
            Some("with") => Some(Mode::With),
            _ => None,
        };
        let mut text = String::new();
        let mut carets = Vec::new();
        let mut number = 0;
        for line in lines.by_ref().take_while(|line| *line != fence) {
            if let Some((from, to, rule)) = caret(line) {
                carets.push((number, from, to, rule));
                continue;
            }
            number += 1;
            text.push_str(line);
            text.push('\n');
        }
        if let Some(mode) = mode {
            out.push(Block { at: out.len(), language, mode, text, carets });
        }
    }
    out
}

/// `#    ^^^ rule`: the columns and the rule; the `#` may stand at the first column of the place.
fn caret(line: &str) -> Option<(usize, usize, String)> {
    let body = line.trim_start_matches(['#', ' ']);
    let rest = body.trim_start_matches('^');
    let carets = body.len() - rest.len();
    let rule = rest.trim();
    if carets == 0 || rule.is_empty() || rule.contains(' ') {
        return None;
    }
    let column = line.len() - body.len();
    // A place at the start of a line has the `#` where its first caret would be.
    let start = if line.starts_with("#^") { 1 } else { column + 1 };
    Some((start, column + carets, rule.to_owned()))
}

/// The file a block of that language stands for.
pub fn path_of(language: &str) -> &'static str {
    match language {
        "dockerfile" => "Dockerfile",
        "ignore" => ".dockerignore",
        "yaml" => "compose.yaml",
        "gitlab" => ".gitlab-ci.yml",
        "workflow" => ".github/workflows/ci.yml",
        "action" => "action.yml",
        "markdown" => "README.md",
        "licence" => "LICENSE",
        "hadolint" => ".hadolint.yaml",
        "python" => "app/main.py",
        "javascript" => "src/server.js",
        other => panic!("no file for a block of `{other}`"),
    }
}

/// The facts of a block beside the page's `with` blocks.
pub fn facts_of(block: &Block, all: &[Block]) -> (Facts, Policy) {
    if block.language == "facts" {
        return patched(&block.text);
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for other in all.iter().filter(|other| other.mode == Mode::With && other.at < block.at) {
        if other.language == "context" {
            files.extend(other.text.lines().map(|path| (path.to_owned(), String::new())));
        } else if other.language != block.language {
            files.push((path_of(&other.language).to_owned(), other.text.clone()));
        }
    }
    files.push((path_of(&block.language).to_owned(), block.text.clone()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    (Facts { project: Some(seaworthy_project::from_files(&files)), ..Facts::default() }, Policy::default())
}

/// A sane baseline with a JSON merge patch: `image`, `run`, `release`, `git`, `files` and `policy` (as TOML).
pub fn patched(patch: &str) -> (Facts, Policy) {
    let patch: Value = serde_json::from_str(patch).unwrap_or_else(|error| panic!("{error}: {patch}"));
    let known = ["image", "run", "structure", "release", "scan", "bases", "git", "files", "policy"];
    for key in patch.as_object().expect("a facts block is an object").keys() {
        assert!(known.contains(&key.as_str()), "unknown key `{key}` in a facts block");
    }
    let part = |name: &str, mut base: Value| {
        if let Some(patch) = patch.get(name) {
            merge(&mut base, patch, name);
        }
        base
    };
    let image: ImageFacts = serde_json::from_value(part("image", base_image())).unwrap();
    let run: RunFacts = serde_json::from_value(part("run", base_run())).unwrap();
    let release: ReleaseFacts = serde_json::from_value(part("release", base_release())).unwrap();
    let files: Vec<(&str, &str)> = patch
        .get("files")
        .and_then(Value::as_object)
        .map(|files| files.iter().map(|(path, text)| (path.as_str(), text.as_str().unwrap())).collect())
        .unwrap_or_default();
    let mut project = seaworthy_project::from_files(&files);
    project.git = Some(GitFact {
        commit: patch.pointer("/git/commit").and_then(Value::as_str).unwrap_or(COMMIT).to_owned(),
        dirty: patch.pointer("/git/dirty").and_then(Value::as_bool).unwrap_or(false),
        ..GitFact::default()
    });
    let policy = patch.get("policy").and_then(Value::as_str).unwrap_or_default();
    let policy = Policy::parse(policy).unwrap_or_else(|error| panic!("{error}"));
    let facts = Facts {
        project: Some(project),
        image: Some(image),
        run: Some(run),
        release: Some(release),
        build: None,
        scan: Some(serde_json::from_value(part("scan", base_scan())).unwrap()),
        bases: patch.get("bases").map(|bases| serde_json::from_value(bases.clone()).unwrap()),
        structure: patch.get("structure").map(|facts| serde_json::from_value(facts.clone()).unwrap()),
    };
    (facts, policy)
}

/// A scan of one package that found nothing.
fn base_scan() -> Value {
    json!({
        "subject": "oci:app", "sbom": null,
        "database": {"state": "seen", "value": {
            "path": "advisories.db", "created": "2024-05-31T00:00:00Z", "advisories": 1000,
            "newest": "2024-05-31T00:00:00Z", "ecosystems": {}
        }},
        "ages": {"PyPI": 1}, "judged": {"PyPI": 1}, "unjudged": [], "vulnerabilities": [], "elsewhere": [],
        "base": null, "compared": null, "problems": [], "micros": 1
    })
}

/// RFC 7396, but a key the base does not have is an error where the base is a record of known fields.
fn merge(base: &mut Value, patch: &Value, path: &str) {
    let (Value::Object(known), Value::Object(patch)) = (&mut *base, patch) else {
        *base = patch.clone();
        return;
    };
    let open = path.rsplit('.').next() == Some("ages")
        || path.ends_with("Labels")
        || path.ends_with("ExposedPorts")
        || path.ends_with(".config.config");
    for (key, value) in patch {
        if value.is_null() && open {
            known.remove(key);
            continue;
        }
        assert!(open || known.contains_key(key), "unknown field `{key}` below `{path}`");
        if key == "ExposedPorts" {
            // A patch names all ports.
            known.insert(key.clone(), value.clone());
            continue;
        }
        merge(known.entry(key.clone()).or_insert(Value::Null), value, &format!("{path}.{key}"));
    }
}

/// Evaluates everything, hidden findings included, for the auditor.
pub fn run(facts: &Facts, policy: &Policy) -> Outcome {
    let opts =
        Options { persona: Persona::Auditor, preview: true, today: (2026, 6, 1), ..Options::default() };
    evaluate(facts, policy, policy.image.first(), &FAMILIES, &opts)
}

/// The open findings of a rule.
pub fn of<'a>(outcome: &'a Outcome, rule: &str) -> Vec<&'a Finding> {
    let open = |finding: &&Finding| finding.status == seaworthy_finding::FindingStatus::Open;
    outcome.findings.iter().filter(open).filter(|finding| finding.rule == rule).collect()
}

const COMMIT: &str = "1111111111111111111111111111111111111111";
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const LAYER: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

fn base_image() -> Value {
    json!({
        "source": "oci:out:test", "digest": DIGEST, "media_type": "application/vnd.oci.image.manifest.v1+json",
        "config_digest": LAYER, "platform": {"architecture": "amd64", "os": "linux"},
        "config": {
            "architecture": "amd64", "os": "linux",
            "config": {
                "User": "65532:65532", "ExposedPorts": {"8080/tcp": {}}, "Env": [],
                "Entrypoint": ["/app"], "Cmd": [],
                "Labels": {
                    "org.opencontainers.image.title": "app", "org.opencontainers.image.description": "an app",
                    "org.opencontainers.image.source": "https://git.example/app",
                    "org.opencontainers.image.revision": COMMIT, "org.opencontainers.image.version": "1.0.0",
                    "org.opencontainers.image.licenses": "MIT"
                },
                "Healthcheck": {"Test": ["CMD", "/app", "health"]}
            },
            "rootfs": {"type": "layers", "diff_ids": [LAYER]}, "history": [{"created_by": "COPY app /app"}]
        },
        "annotations": {},
        "layers": [{
            "digest": LAYER, "diff_id": LAYER, "media_type": "application/vnd.oci.image.layer.v1.tar+gzip",
            "compressed": 4_000_000, "unpacked": 9_000_000, "content": 8_999_000, "entries": 1,
            "created_by": "COPY app /app", "wasted": 0
        }],
        "compressed": 4_000_000, "unpacked": 9_000_000,
        "files": [{"path": "/app", "kind": "file", "size": 8_999_000, "mode": 0o755, "uid": 0, "gid": 0, "link": null, "capabilities": false, "layer": 0}],
        "waste": [], "efficiency": 1.0, "secrets": [], "packages": [],
        "binaries": [{"path": "/app", "architecture": "amd64", "is_static": true, "interpreter": null, "debug_symbols": false, "auditable": true, "contents": "listed"}],
        "users": [], "groups": [], "scripts": [], "problems": [], "ms": 5
    })
}

fn base_run() -> Value {
    let boot = json!({"ready": true, "exit": null, "ms": 40, "log_tail": [], "diagnosis": []});
    let seen = |value: Value| json!({"state": "seen", "value": value});
    json!({
        "engine": "sandbox 0.1.0", "reduced_fidelity": [], "hardening": [],
        "ready": seen(json!({"boot": boot, "probe": "GET :8080/healthz", "probe_source": "seaworthy.toml", "attempts": 2, "last_answer": "200"})),
        "privileges": seen(json!({"uid": 65532, "gid": 65532, "bounding": [], "effective": [], "no_new_privileges": true, "seccomp": true})),
        "sockets": seen(json!([{"protocol": "tcp", "address": "0.0.0.0", "port": 8080, "loopback": false}])),
        "health": seen(json!({"command": "/app health", "healthy": true, "healthy_ms": 60, "start_period_ms": 5000, "unhealthy_when_stopped": true, "last_status": 0, "last_output": "", "diagnosis": [], "deadline_ms": 95_000, "ended": null})),
        "stop": seen(json!({"signal": "SIGTERM", "exit": {"code": 0, "signal": null, "oom_killed": false}, "ms": 20, "grace_ms": 10_000, "forced": false, "handler": true, "pid1": "/app", "diagnosis": [], "early": false})),
        "drain": seen(json!({"request": "GET /slow", "status": 200, "error": null, "ms": 15})),
        "missing": seen(json!([])),
        "offline": seen(boot.clone()),
        "read_only": seen(boot.clone()),
        "writes": seen(json!([])),
        "logs": seen(json!({"stdout_lines": 3, "stderr_lines": 0, "leaks": [], "log_files": [], "truncated": false, "startup": [], "generated": [], "bytes": 200, "ms": 900})),
        "http": seen(json!([{"request": "GET /healthz", "status": 200, "failures": []}])),
        "commands": seen(json!([])),
        "verification": null,
        "idle": seen(json!({"processes": 1, "threads": 2, "zombies": [], "memory": 9_000_000, "descriptors": 8, "cpu_ms": 0, "watched_ms": 250, "oom_kills": 0, "refused": 0, "process_limit": 512})),
        "load": seen(json!({"request": "GET :8080/healthz", "sent": 40, "answered": 40, "error": null, "descriptors": [8, 8, 8], "memory": [9_000_000, 9_000_000, 9_000_000]})),
        "egress": seen(json!({"direct": 0, "lookups": 0})),
        "capabilities": seen(json!({"needed": [], "minimal": true, "boots": 0, "without": boot})),
        "tmpfs": json!({"state": "not-applicable", "value": "it writes nowhere else than where it may"}),
        "volumes": seen(json!([])),
        "any_user": json!({"state": "not-applicable", "value": "looked at only with `--thorough`"}),
        "signals": json!({"state": "not-applicable", "value": "looked at only with `--thorough`"}),
        "restart": json!({"state": "not-applicable", "value": "looked at only with `--thorough`"}),
        "replica": json!({"state": "not-applicable", "value": "looked at only with `--thorough`"}),
        "wrong": json!({"state": "not-applicable", "value": "looked at only with `--thorough`"}),
        "memory_peak": 9_000_000, "ms": 900
    })
}

fn base_release() -> Value {
    json!({
        "destination": "registry.test/app", "tested": DIGEST, "read_back": DIGEST,
        "tags": [{"tag": "1.0.0", "digest": DIGEST}], "invalid_tags": [],
        "referrers": [{"digest": LAYER, "artifact_type": "application/spdx+json", "predicate_type": null, "subject": DIGEST}],
        "signatures": [{"subject": DIGEST, "key": "cafe", "verified": true, "error": null}],
        "sign_wanted": true, "sbom_wanted": true, "sbom_matches": true, "blobs_sent": 3, "bytes_sent": 4_000_500, "ms": 20
    })
}
