//! Arguments, exit codes, formats and texts: everything that scripts and people rely on.

use crate::support::{Ran, repository, run, seaworthy, shipped, shipped_image, skipped};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const COMMANDS: [&str; 23] = [
    "ship",
    "check",
    "build",
    "inspect",
    "test",
    "sbom",
    "scan",
    "db",
    "tags",
    "publish",
    "copy",
    "prune",
    "sign",
    "attest",
    "verify",
    "keygen",
    "report",
    "explain",
    "rules",
    "lsp",
    "doctor",
    "completions",
    "man",
];

const FORMATS: [&str; 10] =
    ["terminal", "concise", "json", "jsonl", "sarif", "junit", "gitlab", "github", "markdown", "html"];

/// A Dockerfile with one failure and some things to fix.
const FIXABLE: &str = "FROM debian:12\r\n# émigré\r\nENV  A 1\nMAINTAINER somebody@example.invalid\nWORKDIR app\nrun  apt-get update\nCMD /app/server   # stays\nUSER root\n";

/// A project in a directory of its own.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    // The search for a policy ends here, whatever lies above.
    fs::create_dir(dir.path().join(".git")).unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn path(dir: &tempfile::TempDir) -> &str {
    dir.path().to_str().unwrap()
}

/// A Dockerfile that nothing is wrong with.
fn clean_project() -> tempfile::TempDir {
    let digest = "0".repeat(64);
    let text = format!(
        "FROM debian:12@sha256:{digest}\nHEALTHCHECK CMD [\"/app\", \"health\"]\nUSER 10001:10001\nENTRYPOINT [\"/app\"]\n"
    );
    project(&[("Dockerfile", &text), (".dockerignore", "*\n")])
}

#[test]
fn exit_0_when_clean() {
    let dir = clean_project();
    let ran = run(&["check", path(&dir)]).expect(0);
    assert!(ran.stdout.contains("FIT"), "{}", ran.stdout);
    assert!(ran.stdout.contains("hint: next, `seaworthy ship"), "{}", ran.stdout);
}

#[test]
fn exit_1_when_there_are_findings_and_0_when_asked() {
    let dir = project(&[("Dockerfile", "FROM scratch\nUSER root\n")]);
    run(&["check", path(&dir)]).expect(1);
    run(&["check", path(&dir), "--exit-zero"]).expect(0);
    run(&["check", path(&dir), "--fail-on", "critical"]).expect(1);
    run(&["check", path(&dir), "--format", "sarif"]).expect(0);
    let warned = project(&[("Dockerfile", "FROM debian:12\nWORKDIR app\n")]);
    run(&["check", path(&warned)]).expect(0);
    run(&["check", path(&warned), "--fail-on", "low"]).expect(1);
}

#[test]
fn exit_2_for_usage() {
    for (args, says) in [
        (&["chekc"][..], "check"),
        (&["check", "--fromat", "json"], "--format"),
        (&["check", "--format", "jsno"], "did you mean `json`"),
        (&["rules", "--format", "jsno"], "did you mean `json`"),
        (&["check", "--profile", "producton"], "did you mean `production`"),
        (&["check", "--fix", "--diff"], "cannot be used with"),
        (&["explain", "rot-user"], "did you mean `root-user`"),
        (&["completions", "basj"], "bash"),
        (&["sbom", "oci:x", "--format", "sarif"], "cyclonedx"),
        (&["inspect", "oci:x", "--platform", "amd64"], "linux/amd64"),
        (&["test", "oci:x", "--engine", "dokcer"], "docker"),
        (&["attest", "oci:x", "--key", "k", "--predicate", "p", "--type", "what"], "spdxjson"),
        (&[], "Usage"),
    ] {
        let ran = run(args).expect(2);
        assert!(ran.stderr.contains(says), "{args:?}: `{says}` is not said:\n{}", ran.stderr);
    }
}

#[test]
fn exit_3_when_there_is_nothing_to_check() {
    let dir = project(&[("notes.txt", "nothing here")]);
    for command in ["check", "ship"] {
        let ran = run(&[command, path(&dir)]).expect(3);
        assert!(ran.stderr.contains(path(&dir)) && ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
    let ran: Ran = seaworthy().arg("report").current_dir(&dir).output().unwrap().into();
    assert!(ran.expect(3).stderr.contains("seaworthy ship"));
}

#[test]
fn exit_4_when_the_environment_lacks_what_was_asked_for() {
    let image = shipped_image();
    let output = seaworthy()
        .args(["test", &image, "--engine", "docker"])
        .env("DOCKER_HOST", "unix:///nonexistent.sock")
        .output();
    let ran = Ran::from(output.unwrap()).expect(4);
    assert!(ran.stderr.contains("/nonexistent.sock") && ran.stderr.contains("hint:"), "{}", ran.stderr);
}

// Exit code 130 is tested in `leftovers`.

#[test]
fn help_is_as_recorded() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help");
    let bless = std::env::var_os("SEAWORTHY_BLESS").is_some();
    let mut wrong = Vec::new();
    for command in std::iter::once("seaworthy").chain(COMMANDS) {
        let mut args = vec![command, "--help"];
        if command == "seaworthy" {
            args.remove(0);
        }
        let ran: Ran = seaworthy().args(&args).env("COLUMNS", "100").output().unwrap().into();
        // Trailing blanks are no part of a text.
        let text = ran.expect(0).stdout.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
        let file = golden.join(format!("{command}.txt"));
        if bless {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&file, &text).unwrap();
        }
        if fs::read_to_string(&file).unwrap_or_default() != text {
            wrong.push(command);
        }
    }
    assert!(wrong.is_empty(), "help of {wrong:?} changed; look at it, then run with SEAWORTHY_BLESS=1");
}

#[test]
fn every_command_has_a_recorded_help_and_is_named_in_the_main_one() {
    let help = run(&["--help"]).expect(0).stdout;
    let listed: BTreeSet<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, COMMANDS.into_iter().collect());
}

#[test]
fn every_format_goes_to_its_file() {
    let dir = project(&[("Dockerfile", FIXABLE)]);
    let out = tempfile::tempdir().unwrap();
    let mut command = seaworthy();
    command.args(["check", path(&dir)]);
    for format in FORMATS {
        command.arg(format!("--format={format}={}", out.path().join(format).display()));
    }
    let ran = Ran::from(command.output().unwrap()).expect(1);
    assert!(ran.stdout.contains("NOT FIT") || ran.stdout.contains("failed"), "the screen comes all the same");
    let read = |format: &str| fs::read_to_string(out.path().join(format)).unwrap();
    for format in FORMATS {
        let text = read(format);
        assert!(
            text.contains("shell-form-command") || text.contains("relative-workdir"),
            "{format}:\n{text}"
        );
        assert!(!text.contains('\u{1b}'), "{format} is coloured");
    }
    for format in ["json", "sarif", "gitlab"] {
        serde_json::from_str::<Value>(&read(format)).unwrap();
    }
    for line in read("jsonl").lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert_eq!(serde_json::from_str::<Value>(&read("sarif")).unwrap()["version"], "2.1.0");
    assert!(read("junit").starts_with("<?xml"));
    assert!(read("html").starts_with("<!doctype html>") || read("html").starts_with("<!DOCTYPE html>"));
}

#[test]
fn every_format_goes_to_standard_output() {
    let dir = project(&[("Dockerfile", FIXABLE)]);
    for format in FORMATS {
        let ran = run(&["check", path(&dir), "--format", format]);
        assert!(!ran.stdout.trim().is_empty(), "{format}");
        let ran = ran.expect(i32::from(format != "sarif"));
        if format == "json" {
            let value: Value = serde_json::from_str(&ran.stdout).unwrap();
            let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
            for key in ["schema", "version", "command", "subject", "verdict", "checks", "findings"] {
                assert!(keys.contains(&key), "{keys:?}");
            }
            assert_eq!(value["schema"], "seaworthy/1");
            let finding = value["findings"][0].as_object().unwrap();
            for key in ["rule", "message", "severity", "confidence", "location", "status", "why", "help"] {
                assert!(finding.contains_key(key), "{:?}", finding.keys());
            }
        }
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let dir = project(&[("Dockerfile", FIXABLE)]);
    let colored = |settings: &[(&str, &str)], args: &[&str]| {
        let mut command = seaworthy();
        command.args(["check", path(&dir)]).args(args);
        for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
            command.env_remove(name);
        }
        command.envs(settings.iter().copied());
        Ran::from(command.output().unwrap()).expect(1).stdout.contains('\u{1b}')
    };
    assert!(!colored(&[], &[]), "a pipe is no terminal");
    assert!(colored(&[], &["--color", "always"]));
    assert!(colored(&[("FORCE_COLOR", "1")], &[]));
    assert!(!colored(&[("FORCE_COLOR", "1")], &["--color", "never"]));
    assert!(!colored(&[("NO_COLOR", "1")], &[]));
}

#[test]
fn on_a_terminal_it_is_coloured_and_as_wide_as_the_terminal() {
    let Some(script) = crate::support::program("script") else {
        skipped("no `script` (package bsdutils)");
        return;
    };
    let dir = project(&[("Dockerfile", FIXABLE)]);
    let screen = |settings: &[(&str, &str)], columns: u16| {
        let line = format!(
            "stty cols {columns} rows 50; '{}' check '{}'",
            env!("CARGO_BIN_EXE_seaworthy"),
            path(&dir)
        );
        let mut command = Command::new(&script);
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm-256color");
        for name in ["NO_COLOR", "COLUMNS", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        let output = command.envs(settings.iter().copied()).stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let wide = screen(&[], 160);
    assert!(wide.contains('\u{1b}'), "{wide}");
    let plain = screen(&[("NO_COLOR", "1")], 60);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let too_long: Vec<&str> =
        plain.lines().filter(|line| line.starts_with(" ✓") && line.trim_end().chars().count() > 60).collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
}

#[test]
fn quiet_and_quieter() {
    let dir = project(&[("Dockerfile", FIXABLE)]);
    let loud = run(&["check", path(&dir), "--fix", "--config", "/dev/null"]);
    assert!(loud.stderr.contains("fixed"), "{}", loud.stderr);
    let quiet = run(&["check", path(&dir), "-q"]).expect(1);
    assert_eq!(quiet.stderr, "");
    assert!(!quiet.stdout.is_empty());
    let quieter = run(&["check", path(&dir), "-qq"]).expect(1);
    assert_eq!((quieter.stdout.as_str(), quieter.stderr.as_str()), ("", ""));
    let json = run(&["check", path(&dir), "-qq", "--format", "json"]).expect(1);
    serde_json::from_str::<Value>(&json.stdout).unwrap();
}

#[test]
fn completions_of_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = run(&["completions", shell]).expect(0);
        for command in COMMANDS {
            assert!(ran.stdout.contains(command), "{shell} does not know `{command}`");
        }
        if matches!(shell, "bash" | "fish" | "zsh") {
            let Some(program) = crate::support::program(shell) else {
                skipped(&format!("no {shell}"));
                continue;
            };
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), &ran.stdout).unwrap();
            let checked = Command::new(program).arg("-n").arg(file.path()).output().unwrap();
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}

#[test]
fn the_manual_renders() {
    let page = run(&["man"]).expect(0).stdout;
    assert!(page.contains(".TH seaworthy 1"), "{page}");
    let out = tempfile::tempdir().unwrap();
    run(&["man", "--output", path(&out)]).expect(0);
    let pages: BTreeSet<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let wanted: BTreeSet<String> = COMMANDS
        .iter()
        .map(|command| format!("seaworthy-{command}.1"))
        .chain(["seaworthy.1".to_owned()])
        .collect();
    assert_eq!(pages, wanted);
    let Some(groff) = crate::support::program("groff") else {
        skipped("no groff to render the pages with");
        return;
    };
    for name in pages {
        let output = Command::new(&groff)
            .args(["-man", "-Tutf8", "-ww"])
            .arg(out.path().join(&name))
            .output()
            .unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{name}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
    }
}

#[test]
fn every_rule_and_alias_is_explained() {
    let rules: Value = serde_json::from_str(&run(&["rules", "--format", "json"]).expect(0).stdout).unwrap();
    let rules = rules.as_array().unwrap();
    assert!(rules.len() > 60, "{}", rules.len());
    let table = run(&["rules"]).expect(0).stdout;
    let mut seen = BTreeSet::new();
    for rule in rules {
        let name = rule["name"].as_str().unwrap();
        assert!(table.contains(name), "`seaworthy rules` does not list `{name}`");
        let page = run(&["explain", name]).expect(0).stdout;
        assert!(page.starts_with(&format!("# {name}\n")), "{page}");
        for alias in rule["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap()) {
            let known = run(&["explain", alias]).expect(0).stdout;
            assert!(known.starts_with("# "), "{alias}: {known}");
            // An alias of several rules leads to one of them.
            if seen.insert(alias.to_lowercase())
                && rules.iter().filter(|rule| names(rule, alias)).count() == 1
            {
                assert_eq!(known, page, "{alias}");
            }
        }
    }
}

fn names(rule: &Value, alias: &str) -> bool {
    rule["name"] == alias
        || rule["aliases"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one.as_str().unwrap().eq_ignore_ascii_case(alias))
}

#[test]
fn report_renders_what_ship_printed() {
    let file = shipped().join("report.json");
    let file = file.to_str().unwrap();
    let screen = run(&["report", file]).expect(0).stdout;
    assert!(screen.contains("FIT"), "{screen}");
    let json: Value =
        serde_json::from_str(&run(&["report", file, "--format", "json"]).expect(0).stdout).unwrap();
    let recorded: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(json, recorded);
    let html = run(&["report", file, "--format", "html"]).expect(0).stdout;
    assert_eq!(html.trim_end(), fs::read_to_string(shipped().join("report.html")).unwrap().trim_end());
}

#[test]
fn diff_shows_what_fix_changes_and_fix_changes_no_more() {
    let dir = project(&[("Dockerfile", FIXABLE)]);
    let file = dir.path().join("Dockerfile");
    let patch = run(&["check", path(&dir), "--diff", "--unsafe-fixes"]).expect(1).stdout;
    assert_eq!(fs::read_to_string(&file).unwrap(), FIXABLE, "--diff changes nothing");

    run(&["check", path(&dir), "--fix", "--unsafe-fixes", "--exit-zero"]).expect(0);
    let fixed = fs::read_to_string(&file).unwrap();
    assert_ne!(fixed, FIXABLE);
    assert!(fixed.starts_with("FROM debian:12\r\n# émigré\r\n"), "bytes outside the edits stay:\n{fixed:?}");
    for line in patch.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++")) {
        assert!(fixed.contains(line[1..].trim_end()), "{line} was shown and is not there:\n{fixed}");
    }
    if let Some(program) = crate::support::program("patch") {
        let other = project(&[("Dockerfile", FIXABLE)]);
        let mut child = Command::new(program)
            .args(["-p1", "--binary", "--quiet"])
            .current_dir(&other)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), patch.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{patch}");
        assert_eq!(fs::read_to_string(other.path().join("Dockerfile")).unwrap(), fixed);
    } else {
        skipped("no `patch`");
    }

    let again = run(&["check", path(&dir), "--fix", "--unsafe-fixes", "--exit-zero"]).expect(0);
    assert!(again.stderr.contains("nothing to fix"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), fixed, "the second run changes nothing");
    run(&["check", path(&dir), "--diff", "--unsafe-fixes"]).expect(0);
}

#[test]
fn a_single_file_is_checked_alone() {
    let dir = project(&[("Dockerfile", "FROM scratch\nUSER root\n"), ("compose.yaml", "services: 7\n")]);
    let file = dir.path().join("Dockerfile");
    let ran = run(&["check", file.to_str().unwrap(), "--format", "json"]).expect(1);
    assert!(ran.stdout.contains("root-user") && !ran.stdout.contains("compose.yaml\""), "{}", ran.stdout);
    let compose = dir.path().join("compose.yaml");
    let ran = run(&["check", compose.to_str().unwrap(), "--format", "concise"]).expect(1);
    assert!(!ran.stdout.contains("root-user"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let head = |args: &[&str]| {
        let mut child = seaworthy().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        Ran::from(child.wait_with_output().unwrap())
    };
    for args in [
        &["rules"][..],
        &["--help"],
        &["man"],
        &["completions", "bash"],
        &["explain", "root-user"],
        &["doctor"],
    ] {
        let ran = head(args);
        assert_eq!(ran.stderr, "", "{args:?}");
        ran.expect(0);
    }
}

#[test]
fn screens_end_with_the_verdict_and_a_next_step_and_cut_nothing() {
    let image = shipped_image();
    let example = repository().join("examples/password-api");
    for columns in ["60", "80", "100", "120"] {
        let ran = Ran::from(seaworthy().args(["inspect", &image]).env("COLUMNS", columns).output().unwrap());
        let ran = ran.expect(0);
        let tail: Vec<&str> = ran.stdout.trim_end().lines().rev().take(2).collect();
        assert!(tail[0].starts_with("hint: `") && !tail[0].contains('…'), "{tail:?}");
        assert!(tail[1].starts_with("FIT"), "{tail:?}");
        assert!(ran.stdout.lines().count() <= 24, "{}", ran.stdout);
        let output = seaworthy().args(["check", example.to_str().unwrap()]).env("COLUMNS", columns).output();
        let ran = Ran::from(output.unwrap()).expect(0);
        let tail: Vec<&str> = ran.stdout.trim_end().lines().rev().take(3).collect();
        assert!(tail[0].starts_with("hint: next, `seaworthy "), "{tail:?}");
        assert!(tail[2].starts_with("FIT"), "{tail:?}");
        let cut: Vec<&str> = ran.stdout.lines().filter(|line| line.contains('…')).collect();
        assert!(cut.is_empty(), "{cut:#?}");
    }
}

#[test]
fn several_paths_give_the_worst_code() {
    let (clean, bad, none) =
        (clean_project(), project(&[("Dockerfile", "FROM scratch\nUSER root\n")]), project(&[]));
    run(&["check", path(&clean), path(&bad)]).expect(1);
    run(&["check", path(&bad), path(&clean)]).expect(1);
    let ran = run(&["check", path(&none), path(&clean)]);
    assert_ne!(ran.code, 1, "{}", ran.stderr);
}

#[test]
fn an_output_in_a_missing_directory_is_told_before_nothing_is_lost() {
    let dir = clean_project();
    let missing: PathBuf = dir.path().join("no/such/report.json");
    let ran = run(&["check", path(&dir), "--format", &format!("json={}", missing.display())]).expect(2);
    assert!(ran.stderr.contains("no/such/report.json") && ran.stderr.contains("hint:"), "{}", ran.stderr);
}
