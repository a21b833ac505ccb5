//! Reports `CMD` and `ENTRYPOINT` in shell form.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Command, Keyword, Kind};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "shell-form-command",
    summary: "`CMD` or `ENTRYPOINT` is in shell form",
    passes: "`CMD` and `ENTRYPOINT` are in exec form",
    family: Dockerfile, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["JSONArgsRecommended", "DL3025"], refs: ["Dockerfile reference, shell and exec form"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let mut shells: Vec<bool> = Vec::new();
        for stage in docker.tree.stages() {
            let mut own_shell =
                matches!(stage.base, Base::Stage(earlier) if shells.get(earlier) == Some(&true));
            for item in stage.instructions {
                own_shell |= item.keyword == Keyword::Shell;
                let (Kind::Cmd(Command::Shell { script, span, .. })
                | Kind::Entrypoint(Command::Shell { script, span, .. })) = &item.kind
                else {
                    continue;
                };
                if item.broken {
                    continue;
                }
                if script.trim().is_empty() {
                    if !own_shell {
                        out.finding(format!(
                            "`{}` is empty, so a shell without a script is run",
                            item.keyword
                        ))
                        .aliases(&["JSONArgsRecommended"])
                        .why("the container ends at once, or waits at a prompt nobody sees")
                        .help(format!("write the command as a JSON array, or `{} []` for none", item.keyword))
                        .at_file(&docker.file, item.span)
                        .command("docker image inspect --format '{{json .Config.Cmd}}' IMAGE");
                    }
                    continue;
                }
                // With a SHELL of its own the shell form is a choice, as BuildKit sees it.
                let aliases: &[&str] =
                    if own_shell { &["DL3025"] } else { &["JSONArgsRecommended", "DL3025"] };
                let keyword = item.keyword.as_str();
                let finding = out
                    .finding(format!("`{keyword} {}` runs below `/bin/sh -c`", first_line(script)))
                    .aliases(aliases)
                    .why("the shell is process 1 and does not pass the stop signal on, so the program is killed after the grace")
                    .help(format!("write a JSON array: `{keyword} [\"program\", \"argument\"]`"))
                    .at_file(&docker.file, *span)
                    .command("docker image inspect --format '{{json .Config.Cmd}}' IMAGE");
                if let Some(words) = plain_words(script).filter(|_| !own_shell) {
                    finding.fix(
                        Applicability::Unsafe,
                        "Write the command in exec form",
                        &docker.file,
                        vec![Edit { span: *span, text: format!("[\"{}\"]", words.join("\", \"")) }],
                    );
                }
            }
            shells.push(own_shell);
        }
    }
}

fn first_line(script: &str) -> String {
    script.trim().lines().next().unwrap_or_default().chars().take(60).collect()
}

/// The words of a script that means the same without a shell.
fn plain_words(script: &str) -> Option<Vec<&str>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:,@%+- \t".contains(c) || c == '=';
    let words: Vec<&str> = script.split_whitespace().collect();
    let first = words.first()?;
    let builtin =
        matches!(*first, "cd" | "exec" | "export" | "source" | "." | "set" | "if" | "while" | "for" | "test");
    (script.trim().chars().all(plain) && !first.contains('=') && !builtin).then_some(words)
}
