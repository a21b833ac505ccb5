//! A tiny image, a runtime with its own state directory, and what is compared before and after.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use seaworthy_sandbox::{Exit, Mode, Rootfs, Running, Runtime, Spec};

pub(crate) const LONG: Duration = Duration::from_secs(20);

const APPLETS: [&str; 25] = [
    "sh", "ls", "cat", "echo", "id", "sleep", "touch", "env", "pwd", "nc", "httpd", "wget", "kill", "true",
    "false", "hostname", "mkdir", "rm", "stat", "dd", "head", "unshare", "mount", "chmod", "su",
];

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A directory that is removed at the end of a test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("seaworthy-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Everything a test needs. Fields drop in order: the runtime before its directory.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) root: PathBuf,
    pub(crate) scratch: Scratch,
}

impl Bench {
    /// `None` where boxes cannot be booted as root, after saying so.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let scratch = Scratch::new();
        let runtime = Runtime::new(Some(scratch.join("state"))).unwrap();
        if *runtime.mode() != Mode::Root {
            println!("skipped: {test}: needs root, mode is {:?}", runtime.mode());
            return None;
        }
        let root = scratch.join("root");
        if !image(&root) {
            println!("skipped: {test}: needs a static /bin/busybox");
            return None;
        }
        Some(Self { runtime, root, scratch })
    }

    pub(crate) fn spec<const N: usize>(&self, argv: [&str; N]) -> Spec {
        Spec::new(Rootfs::directory(&self.root), argv)
    }

    /// Runs a shell line to its end.
    pub(crate) fn shell(&self, line: &str) -> (Exit, String, String) {
        self.finish(&self.spec(["sh", "-c", line]))
    }

    pub(crate) fn finish(&self, spec: &Spec) -> (Exit, String, String) {
        finish(&self.boot(spec))
    }

    pub(crate) fn boot(&self, spec: &Spec) -> Running {
        match self.runtime.boot(spec) {
            Ok(running) => running,
            Err(error) => panic!("failed to {error}: {:?}", std::error::Error::source(&error)),
        }
    }
}

pub(crate) fn finish(running: &Running) -> (Exit, String, String) {
    let exit = running.wait(LONG).unwrap().expect("the box should end");
    let logs = running.logs();
    (exit, logs.stdout_text(), logs.stderr_text())
}

/// Waits until a box has written a text.
pub(crate) fn says(running: &Running, text: &str) {
    assert!(running.wait_for_logs(LONG, |logs| logs.text().contains(text)), "{:?}", running.logs().text());
}

/// Builds a root file system of one static busybox.
pub(crate) fn image(root: &Path) -> bool {
    for directory in ["bin", "etc", "tmp", "proc", "sys", "dev", "data"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    if fs::copy("/bin/busybox", root.join("bin/busybox")).is_err() {
        return false;
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\napp:x:4321:4321::/:/bin/sh\n").unwrap();
    fs::write(root.join("etc/group"), "root:x:0:\napp:x:4321:\n").unwrap();
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    // A dynamically linked busybox cannot run alone.
    std::process::Command::new("chroot")
        .arg(root)
        .arg("/bin/true")
        .status()
        .map_or_else(|_| true, |status| status.success() || !rustix::process::geteuid().is_root())
}

/// The host's mounts, which no box may change.
pub(crate) fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").unwrap()
}

/// The control groups whose names contain a text.
pub(crate) fn groups(text: &str) -> Vec<PathBuf> {
    fn search(directory: &Path, text: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name().to_string_lossy().contains(text) {
                    found.push(entry.path());
                }
                search(&entry.path(), text, found);
            }
        }
    }
    let mut found = Vec::new();
    search(Path::new("/sys/fs/cgroup"), text, &mut found);
    found
}
