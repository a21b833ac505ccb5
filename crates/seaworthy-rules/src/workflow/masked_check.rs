//! Reports checks of a workflow that cannot fail.

use super::publish;
use super::steps::groups;
use crate::script::{Simple, shell};
use crate::{Cx, Sink};
use seaworthy_dockerfile::OffsetMap;
use seaworthy_facts::TextFile;

declare_rule! {
    name: "masked-check",
    summary: "a check of the workflow cannot fail",
    passes: "what the workflow's checks find fails them",
    family: Workflow, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["workflow.scan-can-fail"],
    refs: ["Bash manual, lists of commands"],
}

/// Programs that do nothing but look for defects, or list what is in an image.
const CHECKS: [&str; 18] = [
    "trivy",
    "grype",
    "syft",
    "semgrep",
    "bandit",
    "pip-audit",
    "hadolint",
    "dockle",
    "checkov",
    "gitleaks",
    "trufflehog",
    "osv-scanner",
    "govulncheck",
    "shellcheck",
    "actionlint",
    "zizmor",
    "container-structure-test",
    "dive",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        for step in
            group.steps.iter().filter(|step| step.run.as_ref().is_some_and(|run| run.value.contains("||")))
        {
            judge(group.file, &publish::commands(group.file, step), "step", out);
        }
    }
    // Scripts that an image starts hide findings as well.
    for script in cx.project().map_or(&[][..], |project| &project.scripts) {
        let mut commands = Vec::new();
        shell::split(&script.text, &OffsetMap::contiguous(0), &mut commands);
        judge(script, &commands, "script", out);
    }
}

fn judge(file: &TextFile, commands: &[Simple], what_goes_on: &str, out: &mut Sink) {
    for pair in commands.windows(2) {
        let [command, next] = pair else { continue };
        let Some(what) = checks(command).filter(|_| command.then == "||" && succeeds(next)) else {
            continue;
        };
        // In `{ …; }` more may follow.
        let between = file.text.get(command.span.end..next.span.start);
        if between.is_none_or(|text| text.contains(['{', '('])) || command.parent != next.parent {
            continue;
        }
        out.finding(format!("whatever `{what}` finds, the {what_goes_on} goes on: `|| {}`", next.words.join(" ")))
            .why("a check that cannot fail says nothing: all is green too where the program is missing")
            .help("remove what follows `||`; where findings should not stop the run, say so by the program's own option, such as `--exit-code 0`")
            .at_file(file, next.span)
            .command(format!("grep -n '||' {}", file.path));
    }
}

/// What a command checks with.
fn checks(command: &Simple) -> Option<String> {
    let program = command.program();
    let words = command.rest();
    let second = words.get(1).map_or("", String::as_str);
    let asks = |word: &str| matches!(word, "--version" | "-V" | "version" | "--help" | "help");
    if CHECKS.contains(&program)
        && !asks(second)
        && !matches!(second, "convert" | "plugin" | "clean" | "db" | "config")
    {
        let offline = words.iter().any(|word| word.starts_with("--download-"));
        return (!offline).then(|| program.to_owned());
    }
    match (program, second) {
        ("cosign", "verify" | "verify-attestation") => Some(format!("cosign {second}")),
        // A container that is started to see whether it starts.
        ("docker" | "podman", "run") if words.last().is_some_and(|word| asks(word)) => {
            Some(format!("{program} run"))
        }
        _ => None,
    }
}

/// Whether a command succeeds always, and keeps nothing of what it was told.
fn succeeds(command: &Simple) -> bool {
    let keeps = command.redirects.iter().any(|redirect| {
        !redirect.target.starts_with("/dev/") && redirect.sign.starts_with('>') && redirect.sign != ">&"
    });
    let signals = command.words.iter().any(|word| word.contains("::error"));
    matches!(command.program(), "true" | ":" | "echo" | "printf")
        && !keeps
        && !signals
        && !matches!(command.then, "&&" | "|")
}
