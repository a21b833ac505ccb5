//! Reports files and directories that everyone in the container may change.

use super::call::{Call, base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "world-writable-mode",
    summary: "`chmod` lets everyone write",
    passes: "no `chmod` lets everyone write",
    family: Dockerfile, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: [],
    refs: ["chmod(1)", "CWE-732"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple).filter(|at| base(&simple.words[*at]) == "chmod") else {
                    continue;
                };
                // `o-w` is a mode and no option; `-R`, `-v` and the like are none of the first operand's business.
                let call = Call::read(&simple.words, at + 1, &["reference"], false);
                let Some(mode) = call.operands.first().filter(|mode| opens(mode.text)) else { continue };
                let target = call.operands.get(1).map_or("…", |operand| operand.text);
                out.finding(format!("`chmod {}` lets every user change `{target}`", mode.text))
                    .why("a process that breaks out of its own files can replace programs and settings of the others")
                    .help("give the files to the user that needs them: `COPY --chown`, `chown`, or `chmod g=u` for a group")
                    .at_file(&docker.file, place_of(simple, mode.at))
                    .command(format!("docker run --rm --entrypoint ls IMAGE -ld {target}"));
            }
        }
    }
}

/// Whether a mode gives others the right to write, and has no sticky bit as that of `/tmp`.
fn opens(mode: &str) -> bool {
    if mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) && mode.len() >= 3 {
        let bits = u32::from_str_radix(mode, 8).unwrap_or(0);
        return bits & 0o002 != 0 && bits & 0o1000 == 0;
    }
    !mode.contains('t')
        && mode.split(',').any(|part| {
            part.split_once(['+', '=']).is_some_and(|(who, rights)| {
                who.bytes().all(|byte| b"ugoa".contains(&byte))
                    && who.contains(['o', 'a'])
                    && rights.contains('w')
            })
        })
}

#[cfg(test)]
mod tests {
    use super::opens;

    #[test]
    fn modes_that_let_others_write() {
        for (mode, open) in [
            ("777", true),
            ("0666", true),
            ("1777", false),
            ("775", false),
            ("a+rwx", true),
            ("u+w", false),
            ("o-w", false),
            ("+w", false),
            ("a+rwt", false),
        ] {
            assert_eq!(opens(mode), open, "{mode}");
        }
    }
}
