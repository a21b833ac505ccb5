//! What the reader makes of scripts.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use seaworthy_dockerfile::{OffsetMap, parse};
use seaworthy_shell::{Simple, commands, split};

fn read(script: &str) -> Vec<Simple> {
    let mut out = Vec::new();
    split(script, &OffsetMap::contiguous(0), &mut out);
    out
}

fn programs(script: &str) -> Vec<(String, &'static str)> {
    read(script).iter().map(|simple| (simple.program().to_owned(), simple.then)).collect()
}

fn assert_programs(script: &str, want: &[(&str, &'static str)]) {
    let want: Vec<_> = want.iter().map(|(name, then)| ((*name).to_owned(), *then)).collect();
    assert_eq!(programs(script), want, "{script}");
}

/// The commands of the first `RUN` of a file, each with its own text in the file.
fn of_file(text: &str) -> Vec<(Simple, String)> {
    let (tree, _) = parse(text);
    let run = tree.instructions.iter().find(|item| !commands(item).is_empty()).unwrap();
    commands(run)
        .into_iter()
        .map(|simple| {
            let own = text[simple.span.start..simple.span.end].to_owned();
            (simple, own)
        })
        .collect()
}

#[test]
fn operators_separate_commands_and_quotes_do_not() {
    assert_programs(
        "A=1 /usr/bin/apt-get update && echo 'a | sh' ; curl -s \"x;y\" | sh",
        &[("apt-get", "&&"), ("echo", ";"), ("curl", "|"), ("sh", "")],
    );
}

#[test]
fn redirections_are_no_words() {
    let found = read("make all 2>&1 >>log < in");
    assert_eq!(found[0].words, ["make", "all"]);
    let signs: Vec<_> = found[0].redirects.iter().map(|it| (it.fd, it.sign, it.target.as_str())).collect();
    assert_eq!(signs, [(Some(2), ">&", "1"), (None, ">>", "log"), (None, "<", "in")]);
}

#[test]
fn wrappers_are_looked_through() {
    for script in [
        "sudo -u root apt-get update",
        "env -u A B=1 apt-get update",
        "exec nice -n 10 apt-get update",
        "time command -p apt-get update",
        "echo x | xargs -n 1 -0 apt-get update",
        "timeout -k 5 10 apt-get update",
        "gosu app apt-get update",
    ] {
        assert_eq!(read(script).last().unwrap().rest(), ["apt-get", "update"], "{script}");
    }
    assert!(read("sudo -E env A=1 make")[0].runs_below("sudo"));
    assert_eq!(read("command -v curl")[0].program(), "command");
    assert_eq!(read("sudo -i")[0].program(), "sudo");
    assert_eq!(read("A=1 B=2")[0].program(), "");
}

#[test]
fn compound_commands_give_their_commands_with_their_place() {
    let found = read(
        "if ! command -v curl; then apk add curl; else true; fi && for x in $(ls); do (cd $x; make); done | tee log",
    );
    let names: Vec<_> = found.iter().map(|simple| (simple.program(), simple.then)).collect();
    assert_eq!(
        names,
        [("command", ";"), ("apk", ";"), ("true", "&&"), ("cd", ";"), ("make", "|"), ("tee", ""), ("ls", "")]
    );
    assert!(found[0].place.condition && found[0].place.negated && !found[0].place.branch);
    assert!(found[1].place.branch && found[2].place.branch);
    assert!(found[4].place.subshell && found[4].place.branch);
    assert!(found[6].place.substitution && found[6].parent.is_none());
    assert!(read("f() { make; }; make &")[0].place.function);
}

#[test]
fn a_test_marks_no_command_before_it() {
    assert_programs("a; [[ -f x ]] && b", &[("a", ";"), ("b", "")]);
}

#[test]
fn substitutions_come_behind_their_statement_and_name_their_parent() {
    let found = read("tar xf \"$(curl -s u | head)\" && bash <(wget -O- x)");
    let names: Vec<_> = found.iter().map(|simple| (simple.program(), simple.parent)).collect();
    assert_eq!(
        names,
        [("tar", None), ("bash", None), ("curl", Some(0)), ("head", Some(0)), ("wget", Some(1))]
    );
    assert_eq!(found[0].words[2], "$(curl -s u | head)");
    assert!(!found[0].args[2].literal && found[0].args[2].quoted);
}

#[test]
fn scripts_given_to_shells_are_read() {
    let text = "FROM x\nRUN sudo su app -c \"cd /a && \\\n  make \\\"all\\\" x\" && eval 'git pull' && bash -ec 'npm ci'\n";
    let found = of_file(text);
    let names: Vec<_> = found.iter().map(|(simple, own)| (simple.program(), own.as_str())).collect();
    assert_eq!(
        &names[3..],
        [("cd", "cd /a"), ("make", "make \\\"all\\\" x"), ("git", "git pull"), ("npm", "npm ci")]
    );
    assert_eq!(found[4].0.words, ["make", "all", "x"]);
    assert!(found[6].0.place.nested);
    let exec = of_file("FROM x\nRUN [\"/bin/sh\", \"-c\", \"a \\\"b\\\" d | c\"]\n");
    let names: Vec<_> = exec.iter().map(|(simple, own)| (simple.program(), own.as_str())).collect();
    assert_eq!(&names[1..], [("a", "a \\\"b\\\" d"), ("c", "c")]);
}

#[test]
fn heredocs_are_scripts_only_where_a_shell_reads_them() {
    let names = |text: &str| -> Vec<(String, String)> {
        of_file(text).into_iter().map(|(simple, own)| (simple.program().to_owned(), own)).collect()
    };
    let pair = |name: &str, own: &str| (name.to_owned(), own.to_owned());
    assert_eq!(names("FROM x\nRUN <<EOF\napk add \\\n curl\nEOF\n"), [pair("apk", "apk add \\\n curl")]);
    assert_eq!(
        names("FROM x\nRUN bash -e <<EOF\nmake it\nEOF\n"),
        [pair("bash", "bash -e"), pair("make", "make it")]
    );
    assert_eq!(
        names("FROM x\nRUN cat <<EOF > f && id\nmake $(date)\nEOF\n"),
        [pair("cat", "cat"), pair("id", "id"), pair("date", "date")]
    );
    let python = parse("FROM x\nRUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\n").0;
    assert!(commands(&python.instructions[1]).is_empty());
    let bash = parse("FROM x\nRUN <<EOF\n#!/usr/bin/env -S bash -e\nid\nEOF\n").0;
    assert_eq!(commands(&bash.instructions[1]).len(), 1);
}

#[test]
fn words_have_their_own_places_across_continuations_and_comments() {
    let text = "FROM x\nONBUILD RUN apt-get install \\\n# why\n  -y cu\\\nrl \"$A\"'b'\n";
    let found = of_file(text);
    let (simple, _) = &found[0];
    let own: Vec<&str> = simple.args.iter().map(|word| &text[word.span.start..word.span.end]).collect();
    assert_eq!(own, ["apt-get", "install", "-y", "cu\\\nrl", "\"$A\"'b'"]);
    assert_eq!(simple.words, ["apt-get", "install", "-y", "curl", "$Ab"]);
    assert!(simple.args[3].literal && !simple.args[3].quoted);
}

#[test]
fn a_broken_script_loses_no_command() {
    assert_programs("if apt-get update; then yum install x && (", &[("apt-get", ";"), ("yum", "&&")]);
    let found = read("a \"b c\" $d && fi; e");
    assert_eq!(found[0].args.len(), 3);
    assert!(found[0].args[1].quoted && !found[0].args[2].literal);
}

#[test]
fn hostile_scripts_are_read_in_bounded_time() {
    let long = [
        "a && ".repeat(100_000),
        "$(".repeat(20_000),
        "( ".repeat(20_000),
        "a | ".repeat(50_000),
        "if a; then ".repeat(10_000),
        "\"".repeat(99_999),
        "eval ".repeat(50_000),
        "a=(".repeat(10_000),
        "${a:-".repeat(10_000),
        "x ".repeat(700_000),
        "sh -c 'sh -c \"eval a\"' ;".repeat(5_000),
        "<<E ".repeat(5_000),
        "{a,b}".repeat(20_000),
        "`".repeat(20_001),
    ];
    for script in long {
        let start = std::time::Instant::now();
        let found = read(&script);
        let took = start.elapsed();
        assert!(took.as_secs() < 5, "{took:?} for {} ({} commands)", &script[..12], found.len());
    }
}
