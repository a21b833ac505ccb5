//! What the tests share: the program, the example in a place of its own, and the parts of the machine.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The program under test.
pub(crate) fn seaworthy() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    // Nothing of the caller's settings may change what a test sees.
    for name in [
        "SEAWORTHY_FORMAT",
        "SEAWORTHY_CONFIG",
        "SEAWORTHY_PROFILE",
        "SEAWORTHY_BASELINE",
        "GITHUB_STEP_SUMMARY",
        "SOURCE_DATE_EPOCH",
        "COSIGN_PASSWORD",
        "GITHUB_EVENT_NAME",
        "GITLAB_CI",
    ] {
        command.env_remove(name);
    }
    // The example is compiled a dozen times, each time a little changed. What is tested here is not its speed; the
    // README's first command, which CI runs too, ships it with its own profile.
    for (name, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1")] {
        command.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    command
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Panics with everything printed unless the exit code is as expected.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert!(!self.stderr.contains("panicked at"), "it panicked:\n{}", self.stderr);
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

/// Runs the program with arguments.
pub(crate) fn run(args: &[&str]) -> Ran {
    seaworthy().args(args).output().unwrap().into()
}

/// Says that a test cannot run here; in CI that is a failure.
#[track_caller]
pub(crate) fn skipped(why: &str) {
    assert!(std::env::var_os("SEAWORTHY_REQUIRE_PARTS").is_none(), "a part is missing in CI: {why}");
    println!("skipped: {why}");
}

/// A program of the machine or of the unpacked peers.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let peers = std::env::var_os("SEAWORTHY_PEERS").map(|dir| Path::new(&dir).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    peers
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// The corpus beside the repository.
pub(crate) fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("SEAWORTHY_CORPUS").map(PathBuf::from);
    named.or_else(|| Some(repository().parent()?.join("shared/corpus"))).filter(|dir| dir.is_dir())
}

/// The example in a git repository of its own, always at the same path: cargo then builds its dependencies once.
pub(crate) struct Project {
    pub(crate) path: PathBuf,
    _turn: MutexGuard<'static, ()>,
    /// Another run of the tests may use the same target directory.
    _lock: fs::File,
}

static TURN: Mutex<()> = Mutex::new(());

impl Project {
    /// The example as it is committed; waits for its turn.
    pub(crate) fn take() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let voyage = Path::new(env!("CARGO_TARGET_TMPDIR")).join("voyage");
        fs::create_dir_all(&voyage).unwrap();
        let lock = fs::File::create(voyage.join("lock")).unwrap();
        lock.lock().unwrap();
        let path = voyage.join("password-api");
        let keep = path.join("target");
        if path.exists() {
            for entry in fs::read_dir(&path).unwrap().map(Result::unwrap) {
                if entry.path() != keep {
                    remove(&entry.path());
                }
            }
            remove(&keep.join("seaworthy"));
        }
        copy(&repository().join("examples/password-api"), &path);
        let project = Self { path, _turn: turn, _lock: lock };
        project.git(&["init", "--quiet", "--initial-branch", "main"]);
        project.git(&["add", "--all"]);
        project.git(&["commit", "--quiet", "--message", "the example"]);
        project
    }

    fn git(&self, args: &[&str]) {
        let who = [
            "-c",
            "user.name=Seaworthy",
            "-c",
            "user.email=seaworthy@example.invalid",
            "-c",
            "commit.gpgsign=false",
        ];
        let date = "2026-11-01T00:00:00Z";
        let done = Command::new("git")
            .current_dir(&self.path)
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .args(who)
            .args(args)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Replaces a text in a file; it must stand there exactly once.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in {file}");
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// Commits what was changed, so that the work tree is clean again.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "a change"]);
    }

    /// Where `ship` writes.
    pub(crate) fn out(&self) -> PathBuf {
        self.path.join("target/seaworthy")
    }

    /// Runs `ship` on it.
    pub(crate) fn ship(&self, args: &[&str]) -> Ran {
        seaworthy().arg("ship").arg(&self.path).args(args).output().unwrap().into()
    }

    /// The report of the last `ship`.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.out().join("report.json")).unwrap()).unwrap()
    }
}

/// Names of the checks that failed.
pub(crate) fn failed(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap();
    let mut names: Vec<String> = checks
        .iter()
        .filter(|check| check["status"] == "fail" || check["status"] == "error")
        .map(|check| check["rule"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Everything a rule's findings say, in one text.
pub(crate) fn words(report: &Value, rule: &str) -> String {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["rule"] == rule)
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The example's image, shipped once for all tests that only look at it: the output directory.
pub(crate) fn shipped() -> &'static Path {
    static SHIPPED: OnceLock<PathBuf> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let project = Project::take();
        project.ship(&[]).expect(0);
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipped");
        remove(&kept);
        copy(&project.out(), &kept);
        kept
    })
}

/// `oci:DIR:REF` of the shipped example's image.
pub(crate) fn shipped_image() -> String {
    format!("oci:{}", shipped().join("image").display())
}

/// Removes a file or a directory, whatever it is.
pub(crate) fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path).unwrap();
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(path).unwrap();
    }
}

/// Copies a tree without build results.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let (source, target) = (entry.path(), to.join(&name));
        if source.is_dir() {
            if name != "target" && name != ".git" {
                copy(&source, &target);
            }
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}
