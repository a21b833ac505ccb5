//! Which actions read and write caches, and which publish: facts about their inputs.

use super::steps::{comment_after, input_value, whole_expression};
use seaworthy_facts::TextFile;
use seaworthy_workflow::Step;

/// What decides whether an action uses a cache.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    /// It always does.
    Always,
    /// An input decides.
    Input(Switch),
    /// One of several does.
    Any(&'static [Self]),
    /// All of several do.
    All(&'static [Self]),
    /// The major version is below this one.
    Below(u64),
}

/// An input that decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switch {
    pub(crate) input: &'static str,
    pub(crate) kind: Kind,
    /// Whether the input switches caching off instead of on.
    pub(crate) off: bool,
    /// Whether caching happens where the input is missing.
    pub(crate) default: bool,
}

/// What values of an input mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Everything but `false` is yes.
    Bool,
    /// Everything but nothing is yes.
    Text,
    /// These are yes.
    OneOf(&'static [&'static str]),
}

/// How sure it is that a step uses a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Usage {
    No,
    Maybe,
    Yes,
}

const fn on(input: &'static str, kind: Kind, default: bool) -> Control {
    Control::Input(Switch { input, kind, off: false, default })
}

const fn off(input: &'static str, kind: Kind, default: bool) -> Control {
    Control::Input(Switch { input, kind, off: true, default })
}

/// Actions with caches, by their names in lower case. Facts of their `action.yml`, as zizmor's table has them.
pub(crate) const CACHING: &[(&str, Control)] = &[
    ("actions/cache", off("lookup-only", Kind::Bool, true)),
    ("actions/setup-java", on("cache", Kind::Text, false)),
    ("actions/setup-go", on("cache", Kind::Bool, true)),
    (
        "actions/setup-node",
        Control::Any(&[
            on("cache", Kind::OneOf(&["npm", "yarn", "pnpm"]), false),
            on("package-manager-cache", Kind::Bool, true),
        ]),
    ),
    ("actions/setup-python", on("cache", Kind::Text, false)),
    ("actions/setup-dotnet", on("cache", Kind::Bool, false)),
    (
        "astral-sh/setup-uv",
        Control::Any(&[
            on("enable-cache", Kind::OneOf(&["true"]), false),
            Control::All(&[Control::Below(10), on("enable-cache", Kind::Bool, true)]),
        ]),
    ),
    ("swatinem/rust-cache", off("lookup-only", Kind::Bool, true)),
    ("ruby/setup-ruby", on("bundler-cache", Kind::Bool, false)),
    ("pyo3/maturin-action", on("sccache", Kind::Bool, false)),
    ("mlugg/setup-zig", on("use-cache", Kind::Bool, true)),
    ("oven-sh/setup-bun", off("no-cache", Kind::Bool, true)),
    ("pnpm/setup", on("cache", Kind::Bool, false)),
    ("determinatesystems/magic-nix-cache-action", on("use-gha-cache", Kind::Bool, true)),
    ("graalvm/setup-graalvm", on("cache", Kind::Text, false)),
    ("gradle/actions/setup-gradle", off("cache-disabled", Kind::Bool, true)),
    (
        "docker/setup-buildx-action",
        Control::All(&[on("cache-binary", Kind::Bool, true), on("version", Kind::Text, false)]),
    ),
    ("actions-rust-lang/setup-rust-toolchain", on("cache", Kind::Bool, true)),
    ("mozilla-actions/sccache-action", Control::Always),
    ("nix-community/cache-nix-action", Control::Always),
    ("jdx/mise-action", on("cache", Kind::Bool, true)),
    ("ramsey/composer-install", off("ignore-cache", Kind::OneOf(&["yes", "true", "1"]), true)),
    ("awalsh128/cache-apt-pkgs-action", Control::Always),
];

/// Actions that publish.
pub(crate) const PUBLISHING: &[(&str, Control)] = &[
    ("pypa/gh-action-pypi-publish", Control::Always),
    ("rubygems/release-gem", Control::Always),
    ("jreleaser/release-action", Control::Always),
    ("goreleaser/goreleaser-action", Control::Always),
    ("softprops/action-gh-release", Control::Always),
    ("release-drafter/release-drafter", Control::Always),
    ("googleapis/release-please-action", Control::Always),
    ("docker/build-push-action", on("push", Kind::Bool, true)),
    ("redhat-actions/push-to-registry", Control::Always),
    ("aws-actions/amazon-ecs-deploy-task-definition", Control::Always),
    ("aws-actions/aws-cloudformation-github-deploy", Control::Always),
    ("azure/aci-deploy", Control::Always),
    ("azure/container-apps-deploy-action", Control::Always),
    ("azure/functions-action", Control::Always),
    ("azure/sql-action", Control::Always),
    ("cloudflare/wrangler-action", Control::Always),
    ("google-github-actions/deploy-appengine", Control::Always),
    ("google-github-actions/deploy-cloudrun", Control::Always),
    ("google-github-actions/deploy-cloud-functions", Control::Always),
];

/// The entry of a table a step has, and how sure it is that it applies.
pub(crate) fn usage(
    table: &'static [(&'static str, Control)],
    file: &TextFile,
    step: &Step,
) -> Option<(&'static Control, Usage)> {
    let uses = step.uses.as_ref()?;
    let action = uses.action().filter(|_| uses.reference().is_some())?;
    let (_, control) = table.iter().find(|(name, _)| *name == action)?;
    if matches!(control, Control::Always) {
        return Some((control, Usage::Yes));
    }
    // The whole of `with` may be an expression.
    if step.node.get("with").and_then(|node| node.as_str()).is_some_and(whole_expression) {
        return Some((control, Usage::Maybe));
    }
    match eval(control, file, step) {
        Usage::No => None,
        usage => Some((control, usage)),
    }
}

fn eval(control: &Control, file: &TextFile, step: &Step) -> Usage {
    match control {
        Control::Always => Usage::Yes,
        Control::Any(parts) => parts.iter().map(|part| eval(part, file, step)).max().unwrap_or(Usage::No),
        Control::All(parts) => parts.iter().map(|part| eval(part, file, step)).min().unwrap_or(Usage::Yes),
        Control::Below(major) => match version(file, step) {
            Some(known) if known < *major => Usage::Yes,
            Some(_) => Usage::No,
            None => Usage::Maybe,
        },
        Control::Input(switch) => {
            if step.input(switch.input).is_none() {
                return if switch.default { Usage::Yes } else { Usage::No };
            }
            let value = input_value(step, switch.input);
            let computed = whole_expression(value);
            let yes = match switch.kind {
                Kind::Text => !value.is_empty(),
                _ if computed => return Usage::Maybe,
                Kind::Bool => value != "false",
                Kind::OneOf(values) => values.contains(&value),
            };
            if yes == switch.off { Usage::No } else { Usage::Yes }
        }
    }
}

/// The major version of the action: of its tag, or of the comment behind its commit.
fn version(file: &TextFile, step: &Step) -> Option<u64> {
    let uses = step.uses.as_ref()?;
    let reference = uses.reference()?;
    let commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !commit {
        return major(reference);
    }
    let comment = comment_after(file, uses.text.span)?;
    if let Some((_, version)) = comment.strip_prefix("ratchet:").and_then(|rest| rest.rsplit_once('@')) {
        return major(version);
    }
    let named = ["tag", "version", "ver"].iter().find_map(|word| {
        comment.strip_prefix(word).map(str::trim_start).and_then(|rest| rest.strip_prefix([':', '=']))
    });
    major(named.unwrap_or(comment).trim())
}

/// The first number of `v1`, `v1.2`, `1.2.3`.
fn major(version: &str) -> Option<u64> {
    let parts: Vec<&str> = version.strip_prefix('v').unwrap_or(version).split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(number) {
        return None;
    }
    parts[0].parse().ok()
}
