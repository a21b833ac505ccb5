//! What users, disks and machines get wrong: every command ends with words that name the thing and the next step.

use crate::support::{Ran, run, seaworthy, shipped, shipped_image, skipped};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A command line that cannot work in [`Scene`]: the arguments, the exit code, and what must be said beside a hint.
type Bad<'a> = (&'a [&'a str], i32, &'a [&'a str]);

const NO_FILE: &str = "No such file or directory";

/// Every command with every kind of wrong input.
const TABLE: &[Bad<'_>] = &[
    // Images that are none.
    (&["inspect", "nothere"], 2, &["`nothere`"]),
    (&["inspect", "oci:nothere"], 2, &["`nothere`", "no such directory"]),
    (&["inspect", "oci-archive:nothere"], 2, &["`nothere`", NO_FILE]),
    (&["inspect", "docker-archive:nothere"], 2, &["`nothere`", NO_FILE]),
    (&["inspect", "junk.txt"], 2, &["`junk.txt`", "not a tar"]),
    (&["inspect", "oci-archive:junk.txt"], 2, &["`junk.txt`"]),
    (&["inspect", "docker-archive:random.tar"], 2, &["`random.tar`"]),
    (&["inspect", "empty"], 2, &["`empty`"]),
    (&["inspect", "emptydir"], 2, &["`emptydir`"]),
    (&["inspect", "oci:emptydir"], 2, &["`emptydir`", "oci-layout"]),
    (&["inspect", "loop"], 2, &["`loop`"]),
    (&["inspect", ""], 2, &["empty"]),
    (&["inspect", "oci:"], 2, &["`oci:`"]),
    (&["inspect", "bad name!"], 2, &["`bad name!`"]),
    (&["inspect", "docker://UPPER/x"], 2, &["UPPER"]),
    (&["inspect", "docker://127.0.0.1:1/x:y"], 2, &["http://127.0.0.1:1/v2/x/manifests/y"]),
    (&["inspect", "docker-daemon:x"], 4, &["no-engine.sock"]),
    (&["inspect", "IMAGE", "--project", "nothere"], 2, &["`nothere`", NO_FILE]),
    (&["inspect", "IMAGE", "--platform", "linux/s390x"], 2, &["linux/amd64", "linux/s390x"]),
    (&["inspect", "IMAGE:9.9"], 2, &["`9.9`"]),
    (&["inspect", "IMAGE", "--format", "json=nodir/x"], 2, &["`nodir/x`", NO_FILE]),
    // Images that are damaged.
    (&["inspect", "oci:truncated"], 2, &["LAYER", "bytes"]),
    (&["inspect", "oci:flipped"], 2, &["LAYER", "does not match"]),
    (&["inspect", "oci:incomplete"], 2, &["LAYER", "missing blob"]),
    (&["test", "oci:truncated"], 2, &["LAYER"]),
    (&["test", "oci:flipped"], 2, &["LAYER"]),
    (&["test", "oci:incomplete"], 2, &["LAYER"]),
    (&["sbom", "oci:truncated"], 2, &["LAYER"]),
    (&["publish", "oci:truncated", "oci:out"], 2, &["LAYER"]),
    (&["publish", "oci:flipped", "oci:out"], 2, &["LAYER"]),
    // `test`.
    (&["test", "nothere"], 2, &["`nothere`"]),
    (&["test", "junk.txt"], 2, &["`junk.txt`"]),
    (&["test", "IMAGE", "--project", "nothere"], 2, &["`nothere`"]),
    (&["test", "IMAGE", "--ready", "nonsense"], 2, &["--ready", "`nonsense`"]),
    (&["test", "IMAGE", "--env", "NOT_SET_ANYWHERE"], 2, &["NOT_SET_ANYWHERE"]),
    (&["test", "IMAGE", "--env", "=x"], 2, &["no name of a variable"]),
    (&["test", "IMAGE", "--required", ""], 2, &["no name of a variable"]),
    (&["test", "IMAGE", "--tmpfs", "relative"], 2, &["`relative`"]),
    (&["test", "IMAGE", "--engine", "docker"], 4, &["no-engine.sock"]),
    // `sbom`, `publish`.
    (&["sbom", "nothere"], 2, &["`nothere`"]),
    (&["sbom", "IMAGE", "--output", "nodir/sbom.json"], 2, &["`nodir/sbom.json`"]),
    (&["publish", "nothere", "oci:out"], 2, &["`nothere`"]),
    (&["publish", "IMAGE", "UPPER"], 2, &["`UPPER`"]),
    (&["publish", "IMAGE", "oci:"], 2, &["`oci:`"]),
    (&["publish", "IMAGE", "docker-archive:x.tar"], 2, &["x.tar"]),
    (&["publish", "IMAGE", "oci:junk.txt/x"], 2, &["`junk.txt/x"]),
    (&["publish", "IMAGE", "oci:out", "--tag", "bad tag!"], 2, &["`bad tag!`"]),
    (&["publish", "IMAGE", "oci:out", "--key", "nokey"], 2, &["`nokey`"]),
    (&["publish", "IMAGE", "127.0.0.1:1/a/b:c"], 2, &["http://127.0.0.1:1/v2/a/b"]),
    // Keys and signatures.
    (&["sign", "IMAGE", "--key", "nokey"], 2, &["`nokey`", NO_FILE]),
    (&["sign", "IMAGE", "--key", "junk.txt"], 2, &["`junk.txt`", "PEM"]),
    (&["sign", "IMAGE", "--key", "pair.pub"], 2, &["`pair.pub`", "PUBLIC KEY"]),
    (&["sign", "oci:nothere", "--key", "pair.key"], 2, &["`nothere`"]),
    (&["verify", "IMAGE", "--key", "pair.pub"], 1, &["sha256:", "has no signature"]),
    (&["verify", "IMAGE", "--key", "pair.key"], 2, &["`pair.key`"]),
    (&["verify", "oci:nothere", "--key", "pair.pub"], 2, &["`nothere`"]),
    (
        &["attest", "IMAGE", "--key", "pair.key", "--type", "spdxjson", "--predicate", "nothere"],
        2,
        &["`nothere`"],
    ),
    (
        &["attest", "IMAGE", "--key", "nokey", "--type", "spdxjson", "--predicate", "empty.json"],
        2,
        &["`nokey`"],
    ),
    (&["keygen", "nodir/pair"], 2, &["`nodir/pair.key`"]),
    (&["keygen", "pair"], 2, &["`pair.key`", "exists"]),
    // Policies.
    (&["check", "app", "--config", "nothere.toml"], 2, &["`nothere.toml`", NO_FILE]),
    (&["check", "app", "--config", "emptydir"], 2, &["`emptydir`", "directory"]),
    (&["check", "app", "--config", "junk.txt"], 2, &["`junk.txt`", "line 1"]),
    (&["check", "app", "--config", "random.tar"], 2, &["`random.tar`"]),
    (
        &["check", "app", "--config", "typo.toml"],
        2,
        &["`typo.toml`", "line 2", "`buget`", "did you mean `budget`?"],
    ),
    (&["ship", "app", "--config", "typo.toml"], 2, &["did you mean `budget`?"]),
    (&["build", "app", "--config", "typo.toml"], 2, &["did you mean `budget`?"]),
    (&["test", "IMAGE", "--config", "typo.toml"], 2, &["did you mean `budget`?"]),
    (&["inspect", "IMAGE", "--config", "typo.toml"], 2, &["did you mean `budget`?"]),
    (&["publish", "IMAGE", "oci:out", "--config", "typo.toml"], 2, &["did you mean `budget`?"]),
    (&["check", "app", "--config", "rule.toml"], 2, &["`rule.toml`", "did you mean `root-user`?"]),
    (&["check", "app", "--config", "profile.toml"], 2, &["did you mean `production`?"]),
    (&["check", "app", "--config", "deep.toml"], 2, &["`deep.toml`"]),
    (&["check", "app", "--config", "huge.toml"], 2, &["`huge.toml`", "1 MiB"]),
    // Projects.
    (&["check", "nothere"], 2, &["`nothere`", NO_FILE]),
    (&["check", "/dev/null"], 2, &["`/dev/null`"]),
    (&["check", "pipe"], 2, &["`pipe`"]),
    (&["check", "emptydir"], 3, &["`emptydir`"]),
    (&["ship", "nothere"], 2, &["`nothere`"]),
    (&["ship", "junk.txt"], 2, &["`junk.txt`"]),
    (&["ship", "emptydir"], 3, &["`emptydir`"]),
    (&["build", "nothere"], 2, &["`nothere`"]),
    (&["build", "emptydir"], 2, &["Rust crate"]),
    (&["build", "crate"], 2, &["Cargo.lock"]),
    (&["build", "app", "--engine", "docker"], 4, &[]),
    // The rest.
    (&["report", "nothere"], 2, &["`nothere`", NO_FILE]),
    (&["report", "junk.txt"], 2, &["`junk.txt`", "no Seaworthy report"]),
    (&["report", "other.json"], 2, &["seaworthy/9", "seaworthy/1"]),
    (&["report"], 3, &["no recorded result"]),
    (&["tags", "nothere"], 2, &["`nothere`"]),
    (&["explain", "rot-user"], 2, &["`rot-user`"]),
    (&["man", "--output", "junk.txt/x"], 2, &["`junk.txt/x`"]),
    (&["rules", "--format", "jsno"], 2, &["`jsno`"]),
];

/// A directory with all that is wrong.
struct Scene {
    dir: tempfile::TempDir,
    /// Digest of the image's largest layer, without its algorithm.
    layer: String,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at(".git")).unwrap();
        fs::write(at("junk.txt"), "hello\n").unwrap();
        fs::write(at("empty"), "").unwrap();
        fs::write(at("random.tar"), noise(3000)).unwrap();
        fs::create_dir(at("emptydir")).unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        let made = Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        let blobs = shipped().join("image/blobs/sha256");
        let largest = fs::read_dir(&blobs)
            .unwrap()
            .map(Result::unwrap)
            .max_by_key(|entry| entry.metadata().unwrap().len())
            .unwrap();
        let layer = largest.file_name().into_string().unwrap();
        for name in ["truncated", "flipped", "incomplete"] {
            crate::support::copy(&shipped().join("image"), &at(name));
        }
        let blob = |name: &str| at(name).join("blobs/sha256").join(&layer);
        let mut bytes = fs::read(blob("truncated")).unwrap();
        fs::write(blob("truncated"), &bytes[..bytes.len() - 100]).unwrap();
        bytes[5000] ^= 0xff;
        fs::write(blob("flipped"), &bytes).unwrap();
        fs::remove_file(blob("incomplete")).unwrap();

        let write = |name: &str, text: &str| fs::write(at(name), text).unwrap();
        write("typo.toml", "[[image]]\nbuget = \"1MB\"\n");
        write("rule.toml", "[rules]\nrot-user = \"off\"\n");
        write("profile.toml", "profile = \"producton\"\n");
        write("deep.toml", &format!("x = {}", "[".repeat(100_000)));
        write("huge.toml", &"#".repeat(5 << 20));
        write("empty.json", "{}");
        write("other.json", "{\"schema\":\"seaworthy/9\"}");
        fs::create_dir_all(at("app")).unwrap();
        write("app/Dockerfile", "FROM scratch\n");
        fs::create_dir_all(at("crate/src")).unwrap();
        write("crate/Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        write("crate/src/main.rs", "fn main() {}\n");
        let scene = Self { dir, layer };
        scene.run(&["keygen", "pair"]).expect(0);
        scene
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn run(&self, args: &[&str]) -> Ran {
        let image = shipped_image();
        let args = args.iter().map(|arg| arg.replace("IMAGE", &image));
        let mut command = seaworthy();
        command.args(args).current_dir(self.path());
        command.env("DOCKER_HOST", "unix:///nonexistent/no-engine.sock");
        command.output().unwrap().into()
    }
}

fn noise(count: usize) -> Vec<u8> {
    let mut state = 7_u64;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

#[test]
fn every_command_says_what_is_wrong_and_what_to_do() {
    let scene = Scene::new();
    let mut wrong = Vec::new();
    for (args, code, says) in TABLE {
        let ran = scene.run(args);
        let mut problems = Vec::new();
        if ran.code != *code {
            problems.push(format!("exit code {} instead of {code}", ran.code));
        }
        if ran.stderr.contains("panicked") {
            problems.push("it panicked".to_owned());
        }
        if !ran.stderr.contains("error: ") || !ran.stderr.contains("\nhint: ") {
            problems.push("no error and hint".to_owned());
        }
        if ran.stderr.contains("os error") {
            problems.push("a number of the system".to_owned());
        }
        for word in *says {
            let word = word.replace("LAYER", &scene.layer);
            if !ran.stderr.contains(&word) {
                problems.push(format!("`{word}` is not said"));
            }
        }
        if !problems.is_empty() {
            wrong.push(format!("{args:?}: {}\n{}", problems.join("; "), ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!scene.path().join("out").exists(), "something was published");
}

/// A project with one file that nobody should have written, checked within a few seconds.
#[track_caller]
fn hostile(name: &str, content: &[u8], codes: &[i32]) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    fs::write(dir.path().join("Dockerfile"), "FROM scratch\nUSER 1:1\n").unwrap();
    fs::write(dir.path().join(name), content).unwrap();
    within(dir.path(), codes)
}

#[track_caller]
fn within(dir: &Path, codes: &[i32]) -> Ran {
    let begun = Instant::now();
    let mut command = seaworthy();
    let ran: Ran = command.arg("check").arg(dir).output().unwrap().into();
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(codes.contains(&ran.code), "exit code {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'), "escapes reach the terminal");
    ran
}

#[test]
fn hostile_dockerfiles() {
    hostile("Dockerfile", b"FROM scratch\nRUN a\0b\n\0\0\nCOPY \xff\xfe /x\n\x1b[31mRUN x\n", &[0, 1]);
    hostile("Dockerfile", &noise(100_000), &[0, 1]);
    hostile("Dockerfile", b"FROM a\nRUN x \\\n", &[0, 1]);
    hostile("Dockerfile", format!("FROM a\n{}", "RUN x \\\n".repeat(50_000)).as_bytes(), &[0, 1]);
    hostile("Dockerfile", "FROM a AS s\n".repeat(3000).as_bytes(), &[0, 1]);
    hostile("Dockerfile", format!("FROM a\nENV A={}\n", "$".repeat(100_000)).as_bytes(), &[0, 1]);
    hostile("Dockerfile", format!("FROM a\nRUN <<A {}\n", "<<B ".repeat(20_000)).as_bytes(), &[0, 1]);
}

#[test]
fn hostile_compose_files() {
    let ran = hostile("compose.yaml", format!("a: {}", "[".repeat(100_000)).as_bytes(), &[1]);
    assert!(ran.stdout.contains("invalid-compose"), "{}", ran.stdout);
    hostile("compose.yaml", b"a: &a\n  b: *a\n", &[0, 1]);
    let mut bomb = "services:\n  a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (at, name) in ('b'..='k').enumerate() {
        let before = char::from(b'a' + u8::try_from(at).unwrap());
        let nine = vec![format!("*{before}"); 9].join(", ");
        bomb.extend(["  ", &name.to_string(), ": &", &name.to_string(), " [", &nine, "]\n"]);
    }
    hostile("compose.yaml", bomb.as_bytes(), &[0, 1]);
    let deep = (0..3000).map(|at| " ".repeat(at) + "k:").collect::<Vec<_>>().join("\n");
    hostile("compose.yaml", deep.as_bytes(), &[0, 1]);
    hostile("compose.yaml", &noise(50_000), &[0, 1]);
}

#[test]
fn hostile_documents_and_ignore_files() {
    let ran = hostile("README.md", &vec![b'#'; 50 << 20], &[0, 1]);
    assert!(ran.stderr.contains("note: `README.md` was not read"), "{}", ran.stderr);
    hostile("README.md", format!("{}\n{}\n", "[".repeat(100_000), ">".repeat(50_000)).as_bytes(), &[0, 1]);
    hostile("README.md", "| a | b |\n|---|---|\n| `X` | ".repeat(5000).as_bytes(), &[0, 1]);
    hostile(
        ".dockerignore",
        format!("{}a\n{}b\n[\n", "*".repeat(5000), "**/".repeat(2000)).as_bytes(),
        &[0, 1],
    );
    hostile("seaworthy.toml", &noise(5000), &[2]);
    hostile("seaworthy.toml", format!("{}=1", vec!["a"; 20_000].join(".")).as_bytes(), &[2]);
}

#[test]
fn hostile_trees() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at(".git")).unwrap();
    fs::write(at(".git/HEAD"), "garbage").unwrap();
    fs::write(at("Dockerfile"), "FROM scratch\nUSER 1:1\nCOPY . /\n").unwrap();
    for (target, name) in [(".", "self"), ("..", "up"), ("y", "x"), ("x", "y"), ("/dev/zero", "README.md")] {
        std::os::unix::fs::symlink(target, at(name)).unwrap();
    }
    for name in ["compose.yaml", ".dockerignore", "seaworthy.toml"] {
        let made = Command::new("mkfifo").arg(at(name)).status().unwrap();
        assert!(made.success());
    }
    let strange = dir.path().join(std::ffi::OsStr::from_bytes(b"bad\xffname"));
    fs::create_dir(&strange).unwrap();
    fs::write(strange.join("Dockerfile"), "FROM x\n").unwrap();
    fs::write(at("a\nb\u{1b}[31m.md"), "[x](nothere.md)\n").unwrap();
    within(dir.path(), &[0, 1]);
    // The directory's own name, too.
    let odd = dir.path().parent().unwrap().join(std::ffi::OsStr::from_bytes(b"seaworthy-\xfe\x1b[31m"));
    let _ = fs::remove_dir_all(&odd);
    fs::create_dir(&odd).unwrap();
    fs::create_dir(odd.join(".git")).unwrap();
    fs::write(odd.join("Dockerfile"), "FROM scratch\n").unwrap();
    let output = seaworthy().arg("check").arg(&odd).output().unwrap();
    fs::remove_dir_all(&odd).unwrap();
    let ran = Ran::from(output);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(ran.code == 0 || ran.code == 1, "{}", ran.stderr);
}

#[test]
fn a_crate_that_does_not_read_or_compile() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("src")).unwrap();
    fs::write(at("Cargo.toml"), "[package]\nname=").unwrap();
    let path = dir.path().to_str().unwrap();
    let ran = run(&["build", path, "--no-config"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("Cargo.toml"), "{}", ran.stderr);
    fs::write(at("Cargo.toml"), "[package]\nname = \"bad\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .unwrap();
    fs::write(at("Cargo.lock"), "version = 3\n\n[[package]]\nname = \"bad\"\nversion = \"0.1.0\"\n").unwrap();
    fs::write(at("src/main.rs"), "fn main() { let x: u8 = \"a\"; }\n").unwrap();
    let ran = run(&["build", path, "--no-config"]).expect(1);
    assert!(
        ran.stderr.contains("mismatched types") && ran.stderr.contains("src/main.rs:1"),
        "{}",
        ran.stderr
    );
    let left: Vec<_> =
        fs::read_dir(at("target/seaworthy")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "report.json"), "{left:?}");
}

/// The program where somebody who is not root can run it.
fn shared(dir: &Path) -> PathBuf {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).unwrap();
    let program = dir.join("seaworthy");
    fs::copy(env!("CARGO_BIN_EXE_seaworthy"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    crate::support::copy(&shipped().join("image"), &dir.join("image"));
    let opened = Command::new("chmod").args(["-R", "a+rX"]).arg(dir.join("image")).status().unwrap();
    assert!(opened.success());
    program
}

#[test]
fn without_namespaces_nothing_is_proven_and_nothing_pretended() {
    let (Some(unshare), Some(setpriv)) =
        (crate::support::program("unshare"), crate::support::program("setpriv"))
    else {
        skipped("no unshare and setpriv (package util-linux)");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let program = shared(dir.path());
    // A user namespace in which no further one is allowed, and no capability to make other namespaces.
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" --bounding-set=-all --inh-caps=-all \"$@\"";
    let confined = |args: &[&str]| -> Ran {
        let mut command = Command::new(&unshare);
        command
            .args(["--user", "--map-root-user", "sh", "-c", script])
            .arg(&setpriv)
            .arg(&program)
            .args(args);
        command.current_dir(&dir).env("TMPDIR", dir.path()).env("XDG_RUNTIME_DIR", dir.path());
        command.env_remove("SEAWORTHY_FORMAT").output().unwrap().into()
    };
    let probe = confined(&["--version"]);
    if probe.code != 0 {
        skipped(&format!("no user namespaces to deny: {}", probe.stderr));
        return;
    }
    let ran = confined(&["test", "oci:image", "--format", "json=report.json"]).expect(1);
    assert!(
        ran.stdout.contains("NOT PROVEN") && ran.stdout.contains("user.max_user_namespaces"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        ran.stdout.matches("user.max_user_namespaces").count(),
        1,
        "the reason is said once:\n{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("hint: next, `seaworthy doctor`"), "{}", ran.stdout);
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    let mut not_run = 0;
    for check in report["checks"].as_array().unwrap() {
        let status = check["status"].as_str().unwrap();
        assert!(status == "not-run" || status == "not-applicable", "{check}");
        if status == "not-run" {
            not_run += 1;
            assert!(check["reason"].as_str().unwrap().contains("namespaces"), "{check}");
        }
    }
    assert!(not_run > 10, "{not_run}");
    let ran = confined(&["test", "oci:image", "--engine", "sandbox"]).expect(4);
    assert!(ran.stderr.contains("namespaces") && ran.stderr.contains("hint:"), "{}", ran.stderr);
    let ran = confined(&["doctor"]).expect(0);
    assert!(
        ran.stdout.lines().any(|line| line.contains('✗') && line.contains("namespaces")),
        "{}",
        ran.stdout
    );
}

#[test]
fn without_root_it_works_and_says_what_is_less_faithful() {
    let Some(setpriv) = crate::support::program("setpriv").filter(|_| is_root()) else {
        skipped("not root, or no setpriv");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let program = shared(dir.path());
    let project = dir.path().join("project");
    crate::support::copy(&crate::support::repository().join("examples/password-api"), &project);
    let opened = Command::new("chmod").args(["-R", "a+rX"]).arg(&project).status().unwrap();
    assert!(opened.success());
    let output = Command::new(setpriv)
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&program)
        .args(["test", "oci:image", "--project", "project"])
        .current_dir(&dir)
        .env("TMPDIR", dir.path())
        .env("XDG_RUNTIME_DIR", dir.path())
        .output()
        .unwrap();
    let ran = Ran::from(output);
    if ran.stdout.contains("NOT PROVEN") {
        skipped("no user namespaces for unprivileged users here");
        return;
    }
    let ran = ran.expect(0);
    assert!(ran.stderr.contains("note: reduced fidelity"), "{}", ran.stderr);
    let left: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("seaworthy-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Runs a script in a mount namespace of its own, with a file system of 1 MiB at `$TINY`.
fn on_a_tiny_disk(script: &str) -> Option<Ran> {
    let unshare = crate::support::program("unshare").filter(|_| is_root())?;
    let tiny = tempfile::tempdir().unwrap();
    let script = format!("set -e; mount -t tmpfs -o size=1m tmpfs \"$TINY\"; set +e; {script}");
    let output = Command::new(unshare)
        .args(["--mount", "sh", "-c", &script])
        .env("TINY", tiny.path())
        .env("SEAWORTHY", env!("CARGO_BIN_EXE_seaworthy"))
        .env("IMAGE", shipped_image())
        .env("EXAMPLE", crate::support::repository().join("examples/password-api"))
        .output()
        .unwrap();
    let ran = Ran::from(output);
    if ran.stderr.contains("mount:") || ran.stderr.contains("unshare:") {
        return None;
    }
    Some(ran)
}

#[test]
fn a_full_disk_is_told_and_nothing_half_written_stays() {
    let script = r#"
        TMPDIR=$TINY $SEAWORTHY test $IMAGE >/dev/null; echo "test $?"
        find $TINY -mindepth 1
        dd if=/dev/zero of=$TINY/fill bs=4k 2>/dev/null
        $SEAWORTHY inspect $IMAGE --format json=$TINY/report.json >/dev/null; echo "inspect $?"
        $SEAWORTHY sbom $IMAGE --output $TINY/sbom.json; echo "sbom $?"
        $SEAWORTHY keygen $TINY/pair; echo "keygen $?"
        $SEAWORTHY publish $IMAGE oci:$TINY/published >/dev/null; echo "publish $?"
        $SEAWORTHY rules >/dev/full; echo "rules $?"
        find $TINY -mindepth 1 -type f
    "#;
    let Some(ran) = on_a_tiny_disk(script) else {
        skipped("no mount namespaces, or not root");
        return;
    };
    let codes: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with('/')).collect();
    assert_eq!(
        codes,
        ["test 2", "inspect 2", "sbom 2", "keygen 2", "publish 2", "rules 2"],
        "{}",
        ran.stderr
    );
    let files: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with('/')).collect();
    assert!(files.iter().all(|file| file.ends_with("/fill")), "{files:?}");
    assert_eq!(ran.stderr.matches("No space left on device").count(), 6, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("hint: free some space").count(), 6, "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("os error"), "{}", ran.stderr);
}

#[test]
fn a_read_only_project_can_be_checked_and_everything_else_says_why_not() {
    let script = r#"
        cp -R $EXAMPLE/. $TINY/; rm -rf $TINY/target; mkdir $TINY/.git
        printf 'FROM debian:12\nWORKDIR app\n' > $TINY/fix.Dockerfile
        mount -o remount,ro $TINY
        $SEAWORTHY check $TINY >/dev/null; echo "check $?"
        $SEAWORTHY check $TINY/fix.Dockerfile --fix --unsafe-fixes >/dev/null; echo "fix $?"
        $SEAWORTHY build $TINY; echo "build $?"
        $SEAWORTHY ship $TINY; echo "ship $?"
        TMPDIR=$TINY $SEAWORTHY test $IMAGE >/dev/null; echo "test $?"
    "#;
    let Some(ran) = on_a_tiny_disk(script) else {
        skipped("no mount namespaces, or not root");
        return;
    };
    let codes: Vec<&str> = ran.stdout.lines().collect();
    assert!(codes[0] == "check 0" || codes[0] == "check 1", "{codes:?}");
    assert_eq!(codes[1..], ["fix 2", "build 2", "ship 2", "test 2"], "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("Read-only file system").count(), 4, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("hint: ").count(), 4, "{}", ran.stderr);
}

#[test]
fn a_port_in_use_here_does_not_disturb_a_trial() {
    // The service listens on 8080 in a network of its own; the machine's port may be taken.
    let taken = std::net::TcpListener::bind("127.0.0.1:8080").ok();
    let example = crate::support::repository().join("examples/password-api");
    let ran = run(&["test", &shipped_image(), "--project", example.to_str().unwrap()]);
    drop(taken);
    if ran.stdout.contains("NOT PROVEN") {
        skipped("no namespaces");
        return;
    }
    ran.expect(0);
}

#[test]
fn an_image_whose_layer_is_no_tar_is_named() {
    // Digests are right, the content is not: the layer is a text.
    use seaworthy_oci::{Digest, Index, media_type};
    let dir = tempfile::tempdir().unwrap();
    let layout = seaworthy_store::Layout::create(dir.path()).unwrap();
    let text = b"this is no tar ".repeat(100);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&text).unwrap();
    let layer = layout.put(media_type::LAYER_GZIP, &gzip.finish().unwrap()).unwrap();
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&text)] },
    });
    let config = layout.put(media_type::CONFIG, config.to_string().as_bytes()).unwrap();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::MANIFEST, "config": config, "layers": [layer],
    });
    let entry = layout.put(media_type::MANIFEST, manifest.to_string().as_bytes()).unwrap();
    fs::write(dir.path().join("index.json"), serde_json::to_vec(&Index::of(vec![entry])).unwrap()).unwrap();
    let name = format!("oci:{}", dir.path().display());
    for command in ["inspect", "test", "sbom"] {
        let ran = run(&[command, &name]).expect(2);
        assert!(ran.stderr.contains("layer") && ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
}
