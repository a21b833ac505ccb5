//! Reports downloads that run or are stored without being checked.

use super::Simple;
use super::call::Call;
use crate::{Cx, Sink};

declare_rule! {
    name: "unpinned-download",
    summary: "a download is used without being checked",
    passes: "no download is used without being checked",
    family: Dockerfile, category: SupplyChain, severity: High, confidence: Medium, persona: Regular,
    aliases: ["x/pipe-to-shell"], refs: ["Dockerfile reference, RUN"],
}

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish"];
const INTERPRETERS: [&str; 9] =
    ["python", "python2", "python3", "perl", "node", "nodejs", "ruby", "php", "lua"];
const FETCHERS: [&str; 4] = ["curl", "wget", "fetch", "aria2c"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let found = cx.commands(docker, item);
            for (at, simple) in found.iter().enumerate() {
                if !fetches(simple) || !runs_at_once(found, at) {
                    continue;
                }
                out.finding(format!("what `{}` downloads is run at once", simple.program()))
                    .aliases(&["x/pipe-to-shell"])
                    .why("whoever controls the server, or the way to it, runs commands in the build")
                    .help("download a version to a file, compare its checksum, then run it")
                    .at_file(&docker.file, simple.span)
                    .command(format!("grep -n 'curl\\|wget' {}", docker.file.path));
            }
        }
    }
}

/// Whether a command downloads something.
pub(crate) fn fetches(simple: &Simple) -> bool {
    FETCHERS.contains(&simple.program())
}

/// Whether what a command of a script writes is run by the next one, or by the one around it.
pub(crate) fn runs_at_once(found: &[Simple], at: usize) -> bool {
    piped(found, at) || substituted(found, at)
}

/// Whether a later part of the command's pipeline runs what it is given; filters such as `gunzip` or `tee` change
/// nothing.
fn piped(found: &[Simple], at: usize) -> bool {
    let parent = found.get(at).and_then(|simple| simple.parent);
    // The bound keeps a pipeline of a thousand downloads from being read a thousand times.
    let mut pipeline = found.iter().skip(at).take(256).filter(|simple| simple.parent == parent);
    let mut before = pipeline.next();
    while before.is_some_and(|simple| simple.then == "|") {
        before = pipeline.next();
        if before.is_some_and(runs_input) {
            return true;
        }
    }
    false
}

/// Whether the command around the word in which the download stands runs that word.
fn substituted(found: &[Simple], at: usize) -> bool {
    let Some(index) = found.get(at).and_then(|simple| simple.parent) else { return false };
    let Some(parent) = found.get(index) else { return false };
    let rest = parent.rest();
    let opens = |word: &String| word.starts_with("$(") || word.starts_with('`');
    let process = rest.get(1).is_some_and(|word| word.starts_with("<("));
    match parent.program() {
        "eval" => true,
        "." | "source" => process,
        "echo" | "printf" | "cat" => piped(found, index),
        program if is_interpreter(program) => {
            let script =
                rest.iter().position(|word| is_cluster_with(word, 'c')).and_then(|at| rest.get(at + 1));
            let here = parent.redirects.iter().any(|redirect| redirect.sign == "<<<");
            process || script.is_some_and(opens) || (here && runs_input(parent))
        }
        _ => false,
    }
}

/// Whether a word is a cluster of options with that letter.
fn is_cluster_with(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
}

fn is_interpreter(program: &str) -> bool {
    let plain = program.trim_end_matches(|ch: char| ch.is_ascii_digit() || ch == '.');
    SHELLS.contains(&program) || INTERPRETERS.contains(&plain)
}

/// Whether a command runs what it reads.
fn runs_input(simple: &Simple) -> bool {
    let program = simple.program();
    if !is_interpreter(program) {
        return false;
    }
    let shell = SHELLS.contains(&program);
    let from = simple.words.len() - simple.rest().len() + 1;
    let call =
        Call::read(&simple.words, from, if shell { &["o", "O", "rcfile", "init-file"] } else { &[] }, false);
    let other = if shell {
        // `-n` reads a script without running it.
        call.has(&["c", "n", "version"])
    } else {
        call.has(&["c", "m", "e", "E", "p", "r", "n", "R", "eval", "print", "version", "V"])
    };
    let input = call.operands.first().is_none_or(|operand| matches!(operand.text, "-" | "/dev/stdin"));
    !other && (input || (shell && call.has(&["s"])))
}
