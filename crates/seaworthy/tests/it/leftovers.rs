//! Runs that are killed or interrupted at many moments, and what is left of them: on the machine as the kernel shows it,
//! not as the program does.

use crate::support::{seaworthy, shipped_image, skipped};
use seaworthy_oci::{Digest, Index, media_type};
use seaworthy_store::Layout;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What `test` says on standard error before each part, and how long after it the signal comes.
const MOMENTS: [(&str, u64); 9] = [
    ("booting, hardened", 0),
    ("booting, hardened", 4),
    ("booting, hardened", 15),
    ("asking the configured requests", 0),
    ("watching the health check", 0),
    ("watching the health check", 250),
    ("stopping it by", 30),
    ("booting on a writable root", 0),
    ("booting on a writable root", 20),
];

/// Directories of a run's own, so that all it leaves can be seen.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["tmp", "run", "out"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = seaworthy();
        command.args(args).env("TMPDIR", self.path("tmp")).env("XDG_RUNTIME_DIR", self.path("run"));
        // Engines of this machine are another matter.
        command.env("DOCKER_HOST", format!("unix://{}", self.path("no-engine.sock").display()));
        command
    }

    /// Everything below the directories, shortest first.
    fn left(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.path("tmp"), self.path("run"), self.path("out")];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                }
                found.push(entry.path());
            }
        }
        found.sort_by_key(|path| path.components().count());
        found
    }

    /// Mount points of this machine below the directories.
    fn mounts(&self) -> Vec<String> {
        let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let below = self.dir.path().display().to_string();
        text.lines().filter(|line| line.contains(&below)).map(str::to_owned).collect()
    }
}

/// A process: its number and when it started.
type Identity = (u32, u64);

/// The parent and the start time of a process that is no zombie.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    (fields[0] != "Z").then(|| (fields[1].parse().unwrap(), fields[19].parse().unwrap()))
}

fn lives((pid, started): Identity) -> bool {
    stat(pid).is_some_and(|(_, now)| now == started)
}

/// Writes down every descendant a process ever has, until it is told to stop.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<Identity>>,
}

impl Watch {
    fn over(root: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut family: BTreeSet<Identity> = BTreeSet::new();
            while !flag.load(Ordering::SeqCst) {
                family.extend(descendants(root, &family));
                std::thread::sleep(Duration::from_millis(3));
            }
            family
        });
        Self { stop, thread }
    }

    fn end(self) -> BTreeSet<Identity> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

fn descendants(root: u32, known: &BTreeSet<Identity>) -> BTreeSet<Identity> {
    let processes: Vec<(u32, u32, u64)> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| stat(pid).map(|(parent, started)| (pid, parent, started)))
        .collect();
    let mut pids: BTreeSet<u32> = known.iter().map(|(pid, _)| *pid).collect();
    pids.insert(root);
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for (pid, parent, started) in &processes {
            if pids.contains(parent) && *pid != root && found.insert((*pid, *started)) {
                pids.insert(*pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Control groups made by a process.
fn groups(pid: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name().to_string_lossy().starts_with(&format!("seaworthy-{pid}-")) {
                    found.push(entry.path());
                }
                open.push(entry.path());
            }
        }
    }
    found
}

fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(sent.success(), "the run had ended before SIG{name}");
}

/// Waits until standard error says something; what it said so far.
fn wait_for(child: &mut Child, word: &str) -> String {
    let mut said = String::new();
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "`{word}` was never said:\n{said}");
        said.push_str(&line);
        if line.contains(word) {
            // The rest must not fill the pipe.
            std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
            return said;
        }
    }
}

fn wait_end(child: &mut Child, limit: Duration) -> std::process::ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(begun.elapsed() < limit, "still running {limit:?} after the signal");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for processes that are being ended.
#[track_caller]
fn all_end(family: &BTreeSet<Identity>, moment: &str) {
    let begun = Instant::now();
    while family.iter().any(|process| lives(*process)) {
        if begun.elapsed() > Duration::from_secs(4) {
            let still: Vec<_> = family.iter().filter(|process| lives(**process)).collect();
            let names: Vec<_> = still
                .iter()
                .map(|(pid, _)| {
                    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default())
                        .replace('\0', " ")
                })
                .collect();
            panic!("{moment}: still running: {still:?} {names:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a run, sends a signal at a moment, and gives what is known of it afterwards.
fn cut(
    place: &Place,
    args: &[&str],
    word: &str,
    delay: u64,
    name: &str,
) -> (u32, BTreeSet<Identity>, Option<i32>) {
    let mut child = place
        .command(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    let watch = Watch::over(pid);
    wait_for(&mut child, word);
    std::thread::sleep(Duration::from_millis(delay));
    assert!(child.try_wait().unwrap().is_none(), "the run ended before SIG{name}, {delay} ms after `{word}`");
    signal(pid, name);
    let status = wait_end(&mut child, Duration::from_secs(15));
    let family = watch.end();
    (pid, family, status.code())
}

/// What must hold after an interrupt: nothing is left at all.
#[track_caller]
fn nothing_left(place: &Place, pid: u32, family: &BTreeSet<Identity>, moment: &str) {
    all_end(family, moment);
    assert_eq!(place.left(), Vec::<PathBuf>::new(), "{moment}");
    assert_eq!(place.mounts(), Vec::<String>::new(), "{moment}");
    assert_eq!(groups(pid), Vec::<PathBuf>::new(), "{moment}");
}

/// What must hold after `kill -9`: nothing runs, `doctor` names what is left, and `doctor --clean` removes it.
#[track_caller]
fn named_and_removed(place: &Place, pid: u32, family: &BTreeSet<Identity>, moment: &str) {
    all_end(family, moment);
    assert_eq!(place.mounts(), Vec::<String>::new(), "{moment}: a mount on the host's side");
    let out: Vec<_> = place.left().into_iter().filter(|path| path.starts_with(place.path("out"))).collect();
    assert_eq!(out, Vec::<PathBuf>::new(), "{moment}: half an output");

    let doctor = |args: &[&str]| {
        let ran: crate::support::Ran = place.command(args).output().unwrap().into();
        assert!(!ran.stderr.contains("panicked"), "{moment}: {}", ran.stderr);
        ran
    };
    let named = doctor(&["doctor"]);
    // Directories of one run stand two levels deep; what is in them goes with them.
    let depth = place.path("tmp/x/y").components().count();
    let dirs: Vec<PathBuf> =
        place.left().into_iter().filter(|path| path.components().count() == depth).collect();
    for path in dirs.iter().chain(&groups(pid)) {
        assert!(
            named.stdout.contains(&path.display().to_string()),
            "{moment}: `{}` is not named:\n{}",
            path.display(),
            named.stdout
        );
    }
    assert!(!dirs.is_empty(), "{moment}: nothing was left, so nothing was tested");
    assert_eq!(named.code, 1, "{moment}:\n{}", named.stdout);

    doctor(&["doctor", "--clean"]).expect(0);
    assert_eq!(place.left(), Vec::<PathBuf>::new(), "{moment}: after --clean");
    assert_eq!(groups(pid), Vec::<PathBuf>::new(), "{moment}: after --clean");
    assert!(doctor(&["doctor"]).expect(0).stdout.contains("nothing"), "{moment}");
}

fn sandbox_works() -> bool {
    let place = Place::new();
    let ran: crate::support::Ran = place.command(&["doctor"]).output().unwrap().into();
    let works = ran.stdout.lines().any(|line| line.contains('✓') && line.contains("namespaces"));
    if !works {
        skipped("no namespaces on this machine");
    }
    works
}

fn cut_everywhere(name: &str, moments: &[(&str, u64)], after: fn(&Place, u32, &BTreeSet<Identity>, &str)) {
    if !sandbox_works() {
        return;
    }
    let (image, project) = (shipped_image(), crate::support::repository().join("examples/password-api"));
    for (word, delay) in moments {
        let place = Place::new();
        let format = format!("json={}", place.path("out/report.json").display());
        let project = project.display().to_string();
        let args = ["test", &image, "--project", &project, "--format", &format];
        let (pid, family, code) = cut(&place, &args, word, *delay, name);
        let moment = format!("SIG{name} {delay} ms after `{word}`");
        assert_eq!(code, if name == "KILL" { None } else { Some(130) }, "{moment}");
        after(&place, pid, &family, &moment);
    }
}

#[test]
fn killed_in_the_middle_of_test() {
    cut_everywhere("KILL", &MOMENTS, named_and_removed);
}

#[test]
fn interrupted_in_the_middle_of_test() {
    cut_everywhere("INT", &MOMENTS, nothing_left);
}

#[test]
fn terminated_in_the_middle_of_test() {
    cut_everywhere("TERM", &MOMENTS[3..6], nothing_left);
    cut_everywhere("HUP", &MOMENTS[5..6], nothing_left);
}

/// An image that takes a while to read and to unpack: many files, one of them large.
fn slow_image(dir: &Path) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: String, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, name, content).unwrap();
    };
    // No two pieces alike, so that it does not shrink.
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..32 << 20)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    for at in 0..8000 {
        add(format!("srv/{}/file-{at}", at % 50), &noise[at..at + 300]);
    }
    add("srv/large".to_owned(), &noise);
    let tar = tar.into_inner().unwrap();
    let layout = Layout::create(dir).unwrap();
    let layer = layout.put("application/vnd.oci.image.layer.v1.tar", &tar).unwrap();
    let config = serde_json::json!({
        "architecture": "amd64",
        "os": "linux",
        "config": { "Entrypoint": ["/srv/large"], "User": "1000" },
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&tar)] },
    });
    let config = layout.put(media_type::CONFIG, &serde_json::to_vec(&config).unwrap()).unwrap();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": config,
        "layers": [layer],
    });
    let entry = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap()).unwrap();
    fs::write(dir.join("index.json"), serde_json::to_vec(&Index::of(vec![entry])).unwrap()).unwrap();
}

#[test]
fn cut_while_unpacking() {
    if !sandbox_works() {
        return;
    }
    let image = tempfile::tempdir().unwrap();
    slow_image(image.path());
    let name = format!("oci:{}", image.path().display());
    for delay in [0, 60] {
        for signal in ["KILL", "INT"] {
            let place = Place::new();
            let args = ["test", &name, "--no-config"];
            let (pid, family, code) = cut(&place, &args, "unpacking", delay, signal);
            let moment = format!("SIG{signal} {delay} ms after unpacking began");
            if signal == "KILL" {
                assert!(!place.left().is_empty(), "{moment}: it was not in the middle");
                named_and_removed(&place, pid, &family, &moment);
            } else {
                assert_eq!(code, Some(130), "{moment}");
                nothing_left(&place, pid, &family, &moment);
            }
        }
    }
}

#[test]
fn cut_while_publishing() {
    let image = tempfile::tempdir().unwrap();
    slow_image(image.path());
    let name = format!("oci:{}", image.path().display());
    for (delay, signal) in [(0, "INT"), (15, "INT"), (30, "TERM"), (30, "KILL")] {
        let place = Place::new();
        let to = place.path("out/published");
        let args = ["publish", &name, &format!("oci:{}", to.display()), "--tag", "1.0", "--no-config"];
        let (pid, family, code) = cut(&place, &args, "sending", delay, signal);
        let moment = format!("SIG{signal} {delay} ms after sending began");
        all_end(&family, &moment);
        // What has its name is whole: the old state or the new one.
        let index = to.join("index.json");
        if index.exists() {
            let index: serde_json::Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
            for entry in index["manifests"].as_array().unwrap() {
                let hex = entry["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
                let blob = fs::read(to.join("blobs/sha256").join(hex)).unwrap();
                assert_eq!(Digest::of(&blob).hex(), hex, "{moment}");
            }
        }
        for path in place.left() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && path.parent().unwrap().ends_with("blobs/sha256") {
                assert_eq!(Digest::of(&fs::read(&path).unwrap()).hex(), name, "{moment}: half a blob");
            }
            if signal != "KILL" {
                assert!(
                    !name.starts_with('.') && !name.contains("tmp-"),
                    "{moment}: `{}` is left",
                    path.display()
                );
            }
        }
        if signal != "KILL" {
            assert_eq!(code, Some(130), "{moment}");
        }
        assert_eq!(groups(pid), Vec::<PathBuf>::new(), "{moment}");
    }
}

#[test]
fn interrupted_while_building() {
    // A crate whose build script takes a minute: cargo and the script are the run's child and grandchild.
    let project = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
    fs::create_dir(project.path().join("src")).unwrap();
    write("Cargo.toml", "[package]\nname = \"slow\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    write("Cargo.lock", "version = 3\n\n[[package]]\nname = \"slow\"\nversion = \"0.1.0\"\n");
    write("src/main.rs", "fn main() {}\n");
    write("build.rs", "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)) }\n");
    for signal_name in ["INT", "TERM"] {
        let place = Place::new();
        let out = place.path("out/image");
        let mut command = place.command(&["build", "--no-config", "--tag", "x", "--output"]);
        command.arg(&out).arg(project.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        let begun = Instant::now();
        let family = loop {
            let family = descendants(pid, &BTreeSet::new());
            let script = family.iter().any(|(pid, _)| {
                fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| {
                    exe.file_name()
                        .is_some_and(|name| name.to_string_lossy().starts_with("build-script-build"))
                })
            });
            if script {
                break family;
            }
            assert!(child.try_wait().unwrap().is_none(), "the build ended early");
            assert!(begun.elapsed() < Duration::from_mins(1), "the build script never ran");
            std::thread::sleep(Duration::from_millis(10));
        };
        signal(pid, signal_name);
        let status = wait_end(&mut child, Duration::from_secs(8));
        assert_eq!(status.code(), Some(130));
        nothing_left(&place, pid, &family, &format!("SIG{signal_name} while building"));
    }
}

#[test]
fn a_second_interrupt_leaves_at_once() {
    // A registry that takes the connection and never answers.
    let registry = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("{}/acme/app:1.0", registry.local_addr().unwrap());
    let image = shipped_image();
    let place = Place::new();
    let args = ["publish", &image, &to, "--no-config"];
    let mut child = place
        .command(&args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(&mut child, "sending");
    let connection = registry.accept().unwrap();
    signal(child.id(), "INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the first one waits for what is under way");
    let begun = Instant::now();
    signal(child.id(), "INT");
    let status = wait_end(&mut child, Duration::from_secs(1));
    assert_eq!(status.code(), Some(130), "after {:?}", begun.elapsed());
    drop(connection);
}

/// Trials one after another, every second one killed at some moment of its life; at the end `doctor --clean` has
/// nothing to leave. `SEAWORTHY_TRIALS` says how many.
#[test]
fn trials_of_which_half_are_killed_leave_nothing() {
    if !sandbox_works() {
        return;
    }
    let count: u64 = std::env::var("SEAWORTHY_TRIALS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let (image, project) = (shipped_image(), crate::support::repository().join("examples/password-api"));
    let project = project.display().to_string();
    let place = Place::new();
    let mut state = 42_u64;
    let (mut pids, mut killed, mut longest) = (Vec::new(), 0, Duration::from_millis(400));
    let mut family = BTreeSet::new();
    for at in 0..count {
        let mut child = place
            .command(&["test", &image, "--project", &project, "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        pids.push(child.id());
        if at % 2 == 0 {
            let begun = Instant::now();
            let status = wait_end(&mut child, Duration::from_mins(1));
            assert!(status.success(), "trial {at}: {status}");
            longest = longest.max(begun.elapsed());
            continue;
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = u32::try_from(state >> 40).unwrap() % 1000;
        std::thread::sleep(longest * share / 1000);
        family.extend(descendants(child.id(), &BTreeSet::new()));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    println!("{killed} of {count} trials were killed; one takes {longest:?}");
    assert!(killed > count / 4, "too few trials were in the middle of anything");
    all_end(&family, "after all trials");
    assert_eq!(place.mounts(), Vec::<String>::new());
    let ran: crate::support::Ran = place.command(&["doctor", "--clean"]).output().unwrap().into();
    ran.expect(0);
    assert_eq!(place.left(), Vec::<PathBuf>::new());
    for pid in pids {
        assert_eq!(groups(pid), Vec::<PathBuf>::new());
    }
}
