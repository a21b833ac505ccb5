//! Reports jobs whose token lacks what their steps need.

use super::occasion::{Scope, callers};
use super::{publish, signature_by_tag};
use crate::{Cx, Sink, text};
use seaworthy_facts::{ProjectFacts, WorkflowFact};
use seaworthy_finding::Span;
use seaworthy_workflow::{Grants, Job, Permissions, Step, Text, Uses};
use std::collections::BTreeMap;

declare_rule! {
    name: "missing-token-permission",
    summary: "a job's token lacks a permission that its steps need",
    passes: "every job's token has the permissions its steps need",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["x/missing-permission"],
    refs: ["GitHub documentation, permissions for the GITHUB_TOKEN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let Some((owner, permissions)) = in_force(project, fact, job) else { continue };
            let mut missing: BTreeMap<&str, (String, Span)> = BTreeMap::new();
            for (scope, reason, span) in needs(fact, job) {
                if !granted(permissions, scope) {
                    missing.entry(scope).or_insert((reason, span));
                }
            }
            if missing.is_empty() {
                continue;
            }
            let scopes: Vec<String> = missing.keys().map(|scope| format!("{scope}: write")).collect();
            let reasons: Vec<&str> = missing.values().map(|(reason, _)| reason.as_str()).collect();
            // Where the caller's permissions are in force, the place is still in this file.
            let span = if std::ptr::eq(owner, fact) {
                permissions.key
            } else {
                missing.values().next().map_or(job.id.span, |(_, span)| *span)
            };
            out.finding(format!(
                "the job `{}` needs {}: {}",
                job.id.value,
                text::names(&scopes, 4),
                reasons.join(", ")
            ))
            .why("the step fails with a refusal by the server, after everything else has run")
            .help(format!("add {} to the `permissions` of the job", text::names(&scopes, 4)))
            .at_file(&fact.file, span)
            .command(format!("grep -n -A 6 'permissions:' {}", owner.file.path));
        }
    }
}

/// The permissions that hold for a job, and the file they stand in; nothing where the repository's default does.
fn in_force<'a>(
    project: &'a ProjectFacts,
    fact: &'a WorkflowFact,
    job: &'a Job,
) -> Option<(&'a WorkflowFact, &'a Permissions)> {
    let own = job.permissions.as_ref().or(fact.workflow.permissions.as_ref());
    if let Some(own) = own {
        return Some((fact, own));
    }
    // Where only other workflows of the repository start it, their jobs' permissions hold; all must say the same.
    let only_called = fact.workflow.triggers.iter().all(|trigger| trigger.name.value == "workflow_call");
    let mut all = callers(project, fact).map(|(caller, job)| {
        job.permissions.as_ref().or(caller.workflow.permissions.as_ref()).map(|found| (caller, found))
    });
    let first = all.next().filter(|_| only_called)??;
    all.all(|other| other.is_some_and(|(_, other)| other.grants == first.1.grants)).then_some(first)
}

fn granted(permissions: &Permissions, scope: &str) -> bool {
    match &permissions.grants {
        Grants::WriteAll | Grants::Other(_) => true,
        Grants::ReadAll => false,
        Grants::Scopes(scopes) => scopes.iter().any(|grant| {
            grant.scope.value == scope && (grant.access.value == "write" || grant.access.has_expression())
        }),
    }
}

/// What the steps of a job need: the scope, why, and where.
fn needs(fact: &WorkflowFact, job: &Job) -> Vec<(&'static str, String, Span)> {
    let mut out = Vec::new();
    let images = images(fact, job);
    let login = job.steps.iter().find(|step| logs_in(fact, job, step));
    for step in &job.steps {
        let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
        let place = step.uses_key.or(step.run_key).unwrap_or(step.span);
        if login.is_some()
            && publish::pushes(&fact.file, scope, step, None) != Some(false)
            && to_forge(fact, job, step, &images)
        {
            out.push(("packages", "it pushes to the registry with its token".to_owned(), place));
        }
        match step.uses.as_ref().and_then(Uses::action).as_deref() {
            Some(name @ ("actions/attest" | "actions/attest-build-provenance" | "actions/attest-sbom")) => {
                out.push(("attestations", format!("`{name}` stores an attestation"), place));
                out.push(("id-token", format!("`{name}` signs by its identity"), place));
            }
            Some("github/codeql-action/upload-sarif") if own_token(step) => {
                out.push((
                    "security-events",
                    "`github/codeql-action/upload-sarif` stores results of a scan".to_owned(),
                    place,
                ));
            }
            Some("aws-actions/configure-aws-credentials")
                if step.input("role-to-assume").is_some()
                    && step.input("aws-access-key-id").is_none()
                    && step.input("web-identity-token-file").is_none()
                    && step.input_str("role-chaining") != "true" =>
            {
                out.push(("id-token", "it logs in at AWS by its identity".to_owned(), place));
            }
            Some("google-github-actions/auth") if step.input("workload_identity_provider").is_some() => {
                out.push(("id-token", "it logs in at Google Cloud by its identity".to_owned(), place));
            }
            _ => {}
        }
        if step.run.as_ref().is_some_and(|run| run.value.contains("cosign")) {
            for command in publish::commands(&fact.file, step) {
                let words = &command.words;
                let keyed = words.iter().any(|word| {
                    ["--key", "--identity-token", "--sk"].iter().any(|name| {
                        word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
                    })
                });
                // Options in a variable may hold a key.
                let open = words
                    .iter()
                    .any(|word| word.starts_with('$') && word.to_ascii_uppercase().contains("ARGS"));
                if let Some(kind) = signature_by_tag::signs(&command).filter(|_| !keyed && !open) {
                    out.push((
                        "id-token",
                        format!("`cosign {kind}` without a key signs by its identity"),
                        command.span,
                    ));
                }
            }
        }
    }
    out
}

/// Whether a step works with the job's own token: it is given no other one.
fn own_token(step: &Step) -> bool {
    step.input("token").is_none_or(|entry| {
        let text = entry.as_str();
        text.contains("secrets.GITHUB_TOKEN") || text.contains("github.token")
    })
}

/// Whether a step logs in at the forge's own registry with the job's token.
fn logs_in(fact: &WorkflowFact, job: &Job, step: &Step) -> bool {
    let token = |text: &str| text.contains("secrets.GITHUB_TOKEN") || text.contains("github.token");
    let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
    if step.uses("docker/login-action") || step.uses("redhat-actions/podman-login") {
        let registry = step.input("registry").and_then(|entry| entry.text());
        return registry.is_some_and(|text| forge(text, scope))
            && step.input("password").is_some_and(|entry| token(entry.as_str()));
    }
    step.run.as_ref().is_some_and(|run| {
        let text = run.value.as_str();
        let envs = [&step.env, &job.env, &fact.workflow.env];
        let mut vars = envs.into_iter().flat_map(|env| &env.vars);
        let by_env = vars.any(|entry| token(entry.as_str()) && text.contains(entry.key.as_str()));
        text.contains("login") && text.contains("ghcr.io") && (token(text) || by_env)
    })
}

fn forge(text: &Text, scope: Scope<'_>) -> bool {
    scope.fill_known(None, text).contains("ghcr.io")
}

/// The images that the rules of metadata-action name in a job.
fn images(fact: &WorkflowFact, job: &Job) -> Vec<String> {
    let rules = job.steps.iter().filter(|other| other.uses("docker/metadata-action"));
    rules
        .filter_map(|other| {
            let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(other) };
            Some(scope.fill_known(None, other.input("images")?.text()?))
        })
        .collect()
}

/// Whether what a step pushes may go to the forge's registry: its tags name it, or cannot be told.
fn to_forge(fact: &WorkflowFact, job: &Job, step: &Step, images: &[String]) -> bool {
    let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
    let inputs = ["tags", "outputs", "images"];
    let texts: Vec<String> = inputs
        .iter()
        .filter_map(|name| step.input(name)?.text())
        .chain(&step.run)
        .map(|text| scope.fill_known(None, text))
        .collect();
    let named = |text: &String| text.contains("ghcr.io");
    if texts.iter().any(named) {
        return true;
    }
    // Tags made elsewhere: of rules in the same job the images are known.
    let open = texts.iter().any(|text| text.contains("${{"));
    open && (images.is_empty() || images.iter().any(|text| named(text) || text.contains("${{")))
}
