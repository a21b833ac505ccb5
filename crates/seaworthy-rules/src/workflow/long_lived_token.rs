//! Reports packages that are published with a token that is kept, where the index takes a token of the run.

use super::publish;
use super::steps::{Group, groups, input_value};
use crate::script::Simple;
use crate::{Cx, Sink};
use seaworthy_finding::Span;
use seaworthy_workflow::{Grants, Step};

declare_rule! {
    name: "long-lived-token",
    summary: "a package is published with a token that is kept",
    passes: "packages are published with tokens of the run",
    family: Workflow, category: SupplyChain, severity: Info, confidence: High, persona: Auditor,
    aliases: ["zizmor/use-trusted-publishing"], refs: ["GitHub documentation, OpenID Connect"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        for step in group.steps {
            if let Some((place, what)) = configured(step) {
                report(&group, place, &what, out);
            }
            // Many programs take a token of the run by themselves where they may have one.
            if group.workflow.is_none() || may_identify(&group) || step.run.is_none() {
                continue;
            }
            let shell = group.shell(step).unwrap_or("bash");
            if !matches!(shell, "bash" | "sh" | "zsh" | "pwsh" | "powershell") {
                continue;
            }
            for command in publish::commands(group.file, step).iter().filter(|command| publishes(command)) {
                report(&group, command.span, &format!("`{}`", command.words.join(" ")), out);
            }
        }
    }
}

fn report(group: &Group<'_>, place: Span, what: &str, out: &mut Sink) {
    out.finding(format!("{what} publishes with a token that is kept"))
        .why("a token that is kept can be stolen and used later; one of the run ends with it")
        .help("let the index trust this workflow, and give the job `id-token: write`")
        .at_file(group.file, place)
        .command(format!("grep -n -e publish -e upload -e push {}", group.file.path));
}

/// Whether the job may show who it is.
fn may_identify(group: &Group<'_>) -> bool {
    let own = group.job.and_then(|job| job.permissions.as_ref());
    let of_workflow = group.workflow.and_then(|workflow| workflow.permissions.as_ref());
    own.or(of_workflow).is_some_and(|permissions| match &permissions.grants {
        Grants::WriteAll => true,
        Grants::ReadAll | Grants::Other(_) => false,
        Grants::Scopes(scopes) => {
            scopes.iter().any(|grant| grant.scope.value == "id-token" && grant.access.value == "write")
        }
    })
}

/// An action that is given a token where it would take one of the run: the place of the input.
fn configured(step: &Step) -> Option<(Span, String)> {
    let uses = step.uses.as_ref()?;
    let name = uses.action()?;
    let place = |input: &str| step.input(input).map(|entry| entry.key.span);
    let found = match name.as_str() {
        "pypa/gh-action-pypi-publish" => {
            // Another index may not know such tokens.
            let own = ["repository-url", "repository_url"].iter().all(|input| {
                let url = input_value(step, input);
                url.is_empty()
                    || (url.contains("upload.") || url.contains("test.")) && url.ends_with("/legacy/")
            });
            place("password").filter(|_| own)
        }
        "rubygems/release-gem" => place("setup-trusted-publisher")
            .filter(|_| input_value(step, "setup-trusted-publisher") == "false"),
        "rubygems/configure-rubygems-credentials" => {
            place("api-token").filter(|_| input_value(step, "gem-server").is_empty())
        }
        "actions/setup-node" => {
            let default = input_value(step, "registry-url");
            let own = default.is_empty()
                || default
                    .trim_end_matches('/')
                    .rsplit("//")
                    .next()
                    .is_some_and(|host| host.starts_with("registry.npm"));
            place("always-auth").filter(|_| own && input_value(step, "always-auth") == "true")
        }
        _ => None,
    };
    found.map(|span| (span, format!("`{name}`")))
}

/// Whether a command sends a package to an index.
fn publishes(command: &Simple) -> bool {
    let words = command.rest();
    let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    let mut rest = words.iter().skip(1).map(String::as_str);
    let dry = |word: &str| word == "--dry-run" || word == "-n";
    let mut has = |wanted: &str| rest.any(|word| word == wanted);
    match program {
        "cargo" => has("publish") && !rest.any(dry),
        "npm" | "pnpm" | "bun" | "poetry" => has("publish") && !rest.any(|word| word == "--dry-run"),
        "hatch" | "pdm" => has("publish"),
        "twine" => has("upload"),
        "gem" | "nuget" | "nuget.exe" => has("push"),
        "bundle" => has("exec") && rest.any(|word| word == "gem") && rest.any(|word| word == "push"),
        "dotnet" => has("nuget") && rest.any(|word| word == "push"),
        "uvx" => rest.any(|word| word.starts_with("twine")) && rest.any(|word| word == "upload"),
        "pipx" => {
            has("run") && rest.any(|word| word.starts_with("twine")) && rest.any(|word| word == "upload")
        }
        "bunx" => {
            rest.any(|word| word == "npm" || word.starts_with("npm@"))
                && rest.any(|word| word == "publish")
                && !rest.any(|word| word == "--dry-run")
        }
        "uv" => match rest.find(|word| matches!(*word, "publish" | "run")) {
            Some("publish") => !rest.any(|word| word == "--dry-run"),
            Some(_) => rest.any(|word| word == "twine") && rest.any(|word| word == "upload"),
            None => false,
        },
        "yarn" => match rest.find(|word| matches!(*word, "publish" | "npm")) {
            Some("publish") => true,
            Some(_) => rest.any(|word| word == "publish") && !rest.any(dry),
            None => false,
        },
        program if program.starts_with("python") => {
            has("-m") && rest.any(|word| word == "twine") && rest.any(|word| word == "upload")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_publish() {
        for (line, want) in [
            ("cargo publish -p a", true),
            ("cargo publish --dry-run", false),
            ("uv run --dev twine upload dist", true),
            ("uvx twine@6 upload", true),
            ("pipx run twine==6.1.0 upload dist", true),
            ("python3.10 -m twine upload dist", true),
            ("yarn npm publish", true),
            ("yarn npm publish -n", false),
            ("bunx npm@11 publish", true),
            ("bundle exec gem push a.gem", true),
            ("twine check dist", false),
            ("dotnet build", false),
        ] {
            let words = line.split(' ').map(str::to_owned).collect();
            assert_eq!(publishes(&Simple::new(words, Vec::new(), "")), want, "{line}");
        }
    }
}
