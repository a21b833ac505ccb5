//! What files say, and how images are held against them, without any image.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use seaworthy_facts::{FileKind, StructureFile, StructureOutcome};
use seaworthy_oci::ContainerConfig;
use seaworthy_structure::{
    Answer, Caller, Commands, Container, Files, Request, Stat, Subject, Suite, judge, read,
};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Files by path: kind, mode, and content or target.
struct Made(BTreeMap<&'static str, (FileKind, u32, &'static str)>);

impl Files for Made {
    fn at(&self, path: &str) -> Option<Stat> {
        let (kind, mode, text) = self.0.get(path)?;
        let link = if *kind == FileKind::Symlink { (*text).to_owned() } else { String::new() };
        Some(Stat { kind: *kind, mode: *mode, uid: 0, gid: 0, size: text.len() as u64, link })
    }

    fn content(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).map(|(_, _, text)| text.as_bytes().to_vec()).ok_or_else(|| "absent".to_owned())
    }

    fn folders(&self, path: &str) -> Vec<String> {
        let below = format!("{path}/");
        let folders = self.0.iter().filter(|(_, (kind, ..))| *kind == FileKind::Directory);
        folders.filter_map(|(path, _)| Some(path.strip_prefix(&below)?.to_owned())).collect()
    }
}

fn files() -> Made {
    use FileKind::{Directory, File, Symlink};
    Made(BTreeMap::from([
        ("/etc", (Directory, 0o755, "")),
        ("/etc/passwd", (File, 0o644, "root")),
        ("/opt", (Directory, 0o755, "")),
        ("/opt/up", (Symlink, 0o777, "../etc/passwd")),
        ("/opt/out", (Symlink, 0o777, "../../../../../etc/passwd")),
        ("/opt/loop", (Symlink, 0o777, "loop")),
        ("/run", (Symlink, 0o777, "/var/run")),
        ("/var", (Directory, 0o755, "")),
        ("/var/run", (Directory, 0o755, "")),
    ]))
}

/// Answers every command with the same, and notes what was asked.
struct Echo(Answer, RefCell<Vec<Vec<String>>>);

impl Commands for Echo {
    fn run(&self, request: &Request<'_>) -> Answer {
        self.1.borrow_mut().push(request.command.argv.clone());
        self.0.clone()
    }
}

fn ended(stdout: &str) -> Answer {
    let stdout = stdout.as_bytes().to_vec();
    Answer::Ended { code: 0, stdout, stderr: Vec::new(), ms: 1, notes: Vec::new() }
}

fn held(suite: &Suite, commands: &Echo) -> StructureFile {
    let config = ContainerConfig { env: vec!["A=b=c".to_owned()], ..ContainerConfig::default() };
    let files = files();
    let subject = Subject { config: &config, files: &files, commands };
    let caller = Caller { variable: &|_| None, file: &|_| Err("no".to_owned()), allow_binds: false };
    judge(suite, &subject, &caller, &mut |_| {})
}

#[test]
fn links_lead_nowhere_but_within_the_image() {
    let files = files();
    let container = Container::new(&files, &ContainerConfig::default());
    assert_eq!(container.read("/opt/up").unwrap(), b"root");
    // More parents than there are lead to the root, as the kernel has it.
    assert_eq!(container.read("/opt/out").unwrap(), b"root");
    assert!(container.read("/opt/loop").unwrap_err().contains("links"));
    assert!(container.read("/etc/passwd/x").is_err() && container.read("/etc").is_err());
    assert_eq!(container.stat("/opt/up").unwrap().kind, FileKind::Symlink);
    // What an engine makes is there, empty; links of the image in its way are followed.
    assert_eq!(container.read("/etc/hosts").unwrap(), b"");
    assert_eq!(container.stat("/etc/mtab").unwrap().link, "/proc/mounts");
    assert!(container.stat("/absent").is_err());
}

#[test]
fn a_directory_that_is_made_lies_where_its_links_lead() {
    let files = files();
    let config = ContainerConfig { working_dir: "/run/app".to_owned(), ..ContainerConfig::default() };
    let container = Container::new(&files, &config);
    assert_eq!(container.stat("/var/run/app").unwrap().kind, FileKind::Directory);
    assert_eq!(container.stat("/run/app").unwrap().kind, FileKind::Directory);
}

#[test]
fn faults_fail_a_test_before_anything_runs() {
    let text = "schemaVersion: 1.0.0\ncommandTests:\n- {name: a}\n- {name: b, command: [x], expectedOutput: ['(?<!y)']}\n- {name: c, command: [echo, $A, $B], expectedOutput: [hi]}\n";
    let suite = read("t.yaml", text.to_owned());
    let echo = Echo(ended("hi"), RefCell::default());
    let file = held(&suite, &echo);
    let outcomes: Vec<_> = file.tests.iter().map(|test| test.outcome).collect();
    assert_eq!(outcomes, [StructureOutcome::Failed, StructureOutcome::Failed, StructureOutcome::Passed]);
    assert_eq!(*echo.1.borrow(), [["echo", "b=c", ""]]);
    assert_eq!(file.tests[1].errors[0].span.of(text), "'(?<!y)'");
}

#[test]
fn refused_files_run_nothing_and_name_the_place() {
    for (name, text, place, help) in [
        ("a.yaml", "schemaVersion: 2.0.0\ncommandTests:\n- {name: a, command: [x, y]}\n", "[x, y]", "args"),
        ("a.yaml", "schemaVersion: 3.0.0\n", "3.0.0", "2.0.0"),
        ("a.yaml", "commandTests: []\n", "", "schemaVersion"),
        ("a.yaml", "schemaVersion: 2.0.0\nmetadataTests: {}\n", "metadataTests", "metadataTest"),
        (
            "a.yaml",
            "schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: a, path: /a, isDirectory: true}\n",
            "isDirectory",
            "drwxr-xr-x",
        ),
        (
            "a.yaml",
            "schemaVersion: 1.0.0\ncommandTests:\n- {name: a, command: [b], args: [c]}\n",
            "args",
            "schema 1.0.0",
        ),
        (
            "a.yaml",
            "schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: a, path: /a, shouldExist: 'true'}\n",
            "'true'",
            "quotes",
        ),
        (
            "a.yaml",
            "schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: a, path: /a, uid: root}\n",
            "root",
            "",
        ),
        ("a.json", "{\"schemaVersion\": \"2.0.0\", \"unknownKey\": 1}", "\"unknownKey\"", "known"),
        ("a.json", "{\"schemaVersion\": \"2.0.0\",}", "}", ""),
        ("a.yaml", "- a\n", "- a", ""),
    ] {
        let suite = read(name, text.to_owned());
        assert!(suite.refused(), "{text}");
        assert_eq!(suite.problems[0].span.of(text), place, "{text}");
        assert!(suite.problems[0].help.contains(help), "{text}: {:?}", suite.problems[0]);
        let echo = Echo(ended(""), RefCell::default());
        assert!(held(&suite, &echo).tests.is_empty() && echo.1.borrow().is_empty());
    }
}

#[test]
fn no_text_breaks_the_reader() {
    let deep = "[".repeat(100_000);
    for text in [
        "",
        "\u{feff}",
        "a: &a [*a]",
        "{",
        "schemaVersion: 2.0.0\ncommandTests: 1\nmetadataTest: []\nlicenseTests: {a: b}\n",
        &deep,
        "schemaVersion: [\n",
        "\0",
    ] {
        for name in ["a.yaml", "a.json", "a"] {
            read(name, text.to_owned());
        }
    }
}
