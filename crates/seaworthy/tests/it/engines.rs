//! The same promises on a Docker Engine: what is loaded runs, what is observed is the same, and nothing stays behind.

use crate::support::{Project, copy, failed, program, repository, run, seaworthy, shipped_image, skipped};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A Docker Engine and its client. When it is dropped nothing may be in the engine that was not there before.
pub(crate) struct Docker {
    client: PathBuf,
    before: BTreeSet<String>,
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

impl Docker {
    /// `None`, with a line, where no engine answers. Waits for its turn.
    pub(crate) fn take() -> Option<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(client) = program("docker") else {
            skipped("no docker client");
            return None;
        };
        let answers = Command::new(&client).args(["version", "--format", "{{.Server.Version}}"]).output();
        if !answers.is_ok_and(|output| output.status.success()) {
            skipped("no Docker Engine answers");
            return None;
        }
        let mut docker = Self { client, before: BTreeSet::new(), _turn: turn };
        docker.before = docker.contents();
        Some(docker)
    }

    /// What the client prints; it must succeed.
    #[track_caller]
    fn say(&self, args: &[&str]) -> String {
        let output = Command::new(&self.client).args(args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(
            output.status.success(),
            "docker {args:?}\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    /// Every container, image, volume and network.
    fn contents(&self) -> BTreeSet<String> {
        let lists: [&[&str]; 4] = [
            &["ps", "--all", "--no-trunc", "--format", "container {{.ID}} {{.Image}}"],
            &["images", "--all", "--no-trunc", "--format", "image {{.Repository}}:{{.Tag}} {{.ID}}"],
            &["volume", "ls", "--format", "volume {{.Name}}"],
            &["network", "ls", "--no-trunc", "--format", "network {{.ID}} {{.Name}}"],
        ];
        lists.iter().flat_map(|args| self.say(args).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // Others may use the engine for a moment; what is ours and stays, stays for good.
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let left: Vec<String> = self.contents().difference(&self.before).cloned().collect();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "left in the engine: {left:#?}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// Something of the engine that is removed with this value.
struct Doomed<'a>(&'a Docker, Vec<String>);

impl Drop for Doomed<'_> {
    fn drop(&mut self) {
        let _ = Command::new(&self.0.client).args(&self.1).output();
    }
}

fn doomed<'a>(docker: &'a Docker, args: &[&str]) -> Doomed<'a> {
    Doomed(docker, args.iter().map(|word| (*word).to_owned()).collect())
}

/// The shipped image, as the library opens it.
fn opened() -> seaworthy_store::Image {
    let source: seaworthy_oci::Source = shipped_image().parse().unwrap();
    seaworthy_store::open(&source, None).unwrap()
}

#[test]
fn the_image_runs_where_it_is_loaded() {
    let image = opened();
    let Some(docker) = Docker::take() else { return };
    let home = tempfile::tempdir().unwrap();
    let token = home.path().join("token");
    fs::write(&token, "0123456789abcdef0123456789abcdef").unwrap();
    fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    if std::os::unix::fs::chown(&token, Some(10001), Some(10001)).is_err() {
        return skipped("only root can give the token to the service's user");
    }
    let name = format!("seaworthy-it-{}:loaded", std::process::id());
    let archive = home.path().join("image.tar");
    seaworthy_store::write_docker_archive(&image, &archive, Some(&name)).unwrap();
    let _image = doomed(&docker, &["rmi", "--force", &name]);
    let loaded = docker.say(&["load", "--input", archive.to_str().unwrap()]);
    assert!(loaded.contains(&name), "{loaded}");
    // The engine's id of an image is the digest of its configuration.
    let id = docker.say(&["inspect", "--format", "{{.Id}}", &name]);
    assert_eq!(id, image.manifest.config.digest.to_string());

    let mount = format!("type=bind,source={},target=/run/secrets/api_token,readonly", token.display());
    let options = ["--publish", "127.0.0.1::8080", "--read-only", "--cap-drop", "ALL", "--tmpfs", "/tmp"];
    let secret = ["--mount", &mount, "--env", "USNPW_API_TOKEN_FILE=/run/secrets/api_token"];
    let container = docker.say(&[&["run", "--detach"][..], &options, &secret, &[&name]].concat());
    let _container = doomed(&docker, &["rm", "--force", "--volumes", &container]);
    let address = docker.say(&["port", &container, "8080/tcp"]);
    let until = Instant::now() + Duration::from_secs(10);
    let answer = loop {
        match healthz(&address) {
            Ok(answer) if !answer.is_empty() => break answer,
            other => assert!(Instant::now() < until, "{other:?}\n{}", docker.say(&["logs", &container])),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    docker.say(&["stop", "--time", "10", &container]);
    assert_eq!(docker.say(&["inspect", "--format", "{{.State.ExitCode}}", &container]), "0");
}

fn healthz(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The report of `test` on an engine.
#[track_caller]
fn trial(image: &str, project: &Path, engine: &str, code: i32) -> Value {
    let args =
        ["test", image, "--project", project.to_str().unwrap(), "--engine", engine, "--format", "json"];
    serde_json::from_str(&run(&args).expect(code).stdout).unwrap()
}

/// Status of every check, and how many findings it has.
fn statuses(report: &Value) -> BTreeMap<String, (String, u64)> {
    let checks = report["checks"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one =
        |check: &Value| (text(&check["rule"]), (text(&check["status"]), check["findings"].as_u64().unwrap()));
    checks.iter().map(one).collect()
}

/// Boots an image on both engines; the same checks must pass and fail. Gives Docker's report.
#[track_caller]
fn same_on_both(image: &str, project: &Path, red: &[&str]) -> Value {
    let code = i32::from(!red.is_empty());
    let here = trial(image, project, "sandbox", code);
    let there = trial(image, project, "docker", code);
    assert_eq!(failed(&here), red, "{here:#}");
    assert_eq!(statuses(&here), statuses(&there), "\n--- sandbox\n{here:#}\n--- docker\n{there:#}");
    println!(
        "{}: {} ms in the sandbox, {} ms on {}",
        if red.is_empty() { "fit".to_owned() } else { red.join(" ") },
        here["facts"]["run"]["ms"],
        there["facts"]["run"]["ms"],
        there["facts"]["run"]["engine"]
    );
    assert!(
        there["facts"]["run"]["engine"].as_str().unwrap().contains("Docker"),
        "{}",
        there["facts"]["run"]["engine"]
    );
    there
}

#[test]
fn both_engines_see_the_same() {
    let image = shipped_image();
    let Some(_docker) = Docker::take() else { return };
    let report = same_on_both(&image, &repository().join("examples/password-api"), &[]);
    let run = &report["facts"]["run"];
    for name in [
        "ready",
        "privileges",
        "sockets",
        "health",
        "stop",
        "drain",
        "missing",
        "offline",
        "read_only",
        "writes",
        "logs",
        "http",
    ] {
        assert_eq!(run[name]["state"], "seen", "{name}: {}", run[name]);
    }
    assert_eq!(run["privileges"]["value"]["uid"], 10001);
    assert_eq!(run["privileges"]["value"]["bounding"], serde_json::json!([]));
    assert_eq!(run["privileges"]["value"]["seccomp"], true);
    assert_eq!(run["stop"]["value"]["exit"]["code"], 0);
    assert_eq!(run["drain"]["value"]["status"], 200);
}

/// Builds the example with edits and boots it on both engines.
#[track_caller]
fn mutant(edits: &[(&str, &str, &str)], prepare: impl Fn(&Project), red: &[&str]) -> Option<Value> {
    let _docker = Docker::take()?;
    let project = Project::take();
    prepare(&project);
    for (file, from, to) in edits {
        project.edit(file, from, to);
    }
    project.commit();
    let layout = project.out().join("mutant");
    let path = project.path.to_str().unwrap();
    run(&["build", path, "--output", layout.to_str().unwrap()]).expect(0);
    Some(same_on_both(&format!("oci:{}", layout.display()), &project.path, red))
}

#[test]
fn both_engines_see_a_token_that_cannot_be_read() {
    let edit = ("seaworthy.toml", "user = \"10001:10001\"", "user = \"10002:10002\"");
    let Some(report) = mutant(&[edit], |_| {}, &["not-ready"]) else { return };
    let words = crate::support::words(&report, "not-ready");
    for word in ["/run/secrets/api_token", "10002", "0400"] {
        assert!(words.contains(word), "`{word}` is not said:\n{words}");
    }
}

#[test]
fn both_engines_see_a_shell_that_swallows_the_stop_signal() {
    let Some(busybox) = program("busybox").filter(|file| is_static(file)) else {
        return skipped("no static busybox (package busybox-static)");
    };
    let shell =
        "entrypoint = \"/usr/local/bin/password-api serve; exit $?\"\nfiles = { \"/bin/sh\" = \"busybox\" }";
    let edit = ("seaworthy.toml", "cmd = [\"serve\"]", shell);
    let prepare = |project: &Project| {
        fs::copy(&busybox, project.path.join("busybox")).unwrap();
    };
    let Some(report) = mutant(&[edit], prepare, &["unhandled-stop-signal"]) else { return };
    let words = crate::support::words(&report, "unhandled-stop-signal");
    for word in ["SIGTERM", "shell", "exec form"] {
        assert!(words.contains(word), "`{word}` is not said:\n{words}");
    }
    assert_eq!(report["facts"]["run"]["stop"]["value"]["exit"]["signal"], 9);
}

#[test]
fn both_engines_see_a_hidden_write() {
    let started = "    let (drain, draining) = watch::channel(false);\n";
    let write = format!("    let _ = std::fs::write(\"/home/app/history.db\", \"history\");\n{started}");
    let Some(report) = mutant(&[("src/server.rs", started, &write)], |_| {}, &["hidden-write"]) else {
        return;
    };
    let words = crate::support::words(&report, "hidden-write");
    assert!(words.contains("/home/app/history.db"), "{words}");
    let writes = &report["facts"]["run"]["writes"]["value"];
    let expected = serde_json::json!([{ "path": "/home/app/history.db", "kind": "created", "size": 7, "covered": false }]);
    assert_eq!(*writes, expected);
}

/// Whether an ELF file names no interpreter; good enough to tell the two busybox packages apart.
fn is_static(file: &Path) -> bool {
    fs::read(file)
        .is_ok_and(|bytes| !bytes.windows(16).take(4096).any(|part| part.starts_with(b"/lib64/ld-linux")))
}

#[test]
fn who_is_not_root_sees_the_same() {
    use std::os::unix::process::CommandExt as _;
    let image = opened();
    let Some(_docker) = Docker::take() else { return };
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let Some(socket) = host.strip_prefix("unix://").map(PathBuf::from) else {
        return skipped("the engine has no socket here");
    };
    // Everything the other user reads is put where it may.
    let home = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode| {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    open(home.path(), 0o777);
    let binary = home.path().join("seaworthy");
    fs::copy(env!("CARGO_BIN_EXE_seaworthy"), &binary).unwrap();
    open(&binary, 0o755);
    let project = home.path().join("project");
    copy(&repository().join("examples/password-api"), &project);
    let archive = home.path().join("image.tar");
    seaworthy_store::write_oci_archive(&image, &archive, None).unwrap();
    open(&archive, 0o644);
    let relayed = home.path().join("engine.sock");
    relay(&relayed, &socket);
    open(&relayed, 0o666);
    let output = Command::new(&binary)
        .args(["test", &format!("oci-archive:{}", archive.display()), "--project"])
        .arg(&project)
        .args(["--engine", "docker", "--format", "json"])
        .env("DOCKER_HOST", format!("unix://{}", relayed.display()))
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .uid(65534)
        .gid(65534)
        .output();
    let Ok(output) = output else { return skipped("only root can become somebody else") };
    let ran: crate::support::Ran = output.into();
    let there: Value = serde_json::from_str(&ran.expect(0).stdout).unwrap();
    let here = trial(&shipped_image(), &project, "sandbox", 0);
    let mut expected = statuses(&here);
    // Attempts to leave are counted where there is no network at all, which only root can give.
    expected.insert("egress-attempt".to_owned(), ("not-run".to_owned(), 0));
    assert_eq!(expected, statuses(&there), "{there:#}");
    let notes = there["facts"]["run"]["reduced_fidelity"].as_array().unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
}

/// Passes connections to one socket on to another, until the test ends.
fn relay(from: &Path, to: &Path) {
    use std::os::unix::net::{UnixListener, UnixStream};
    let listener = UnixListener::bind(from).unwrap();
    let to = to.to_owned();
    let pump = |mut from: UnixStream, mut to: UnixStream| {
        std::thread::spawn(move || {
            // Either end may go away at any time.
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    };
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let far = UnixStream::connect(&to).unwrap();
            pump(near.try_clone().unwrap(), far.try_clone().unwrap());
            pump(far, near);
        }
    });
}

#[test]
fn a_dockerfile_is_shipped_through_buildkit() {
    let image = opened();
    let Some(docker) = Docker::take() else { return };
    let buildx = Command::new(&docker.client).args(["buildx", "version"]).output().unwrap();
    if !buildx.status.success() {
        return skipped("no docker buildx");
    }
    // The example with a Dockerfile that needs no base image: the compiled program is taken from the shipped image.
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("rootfs");
    seaworthy_store::unpack(&image, &root, &seaworthy_store::UnpackOptions::default()).unwrap();
    let project = Project::take();
    let dist = project.path.join("dist");
    fs::create_dir(&dist).unwrap();
    for file in ["etc/passwd", "etc/group", "usr/local/bin/password-api"] {
        fs::copy(root.join(file), dist.join(Path::new(file).file_name().unwrap())).unwrap();
    }
    let dockerfile = fs::read_to_string(project.path.join("Dockerfile")).unwrap();
    let (_, last) = dockerfile.split_once("FROM scratch AS runtime").unwrap();
    let last = last
        .replace("--from=preflight /out/", "dist/")
        .replace("dist/passwd /out/group", "dist/passwd dist/group");
    fs::write(project.path.join("Dockerfile"), format!("FROM scratch AS runtime{last}")).unwrap();
    let ignore = project.path.join(".dockerignore");
    let ignored = fs::read_to_string(&ignore).unwrap();
    fs::write(&ignore, format!("{ignored}!dist/\n")).unwrap();
    project.commit();
    let ran = project.ship(&["--engine", "docker"]);
    let report = project.report();
    assert_eq!(failed(&report), Vec::<String>::new(), "{}\n{}", ran.stdout, ran.stderr);
    // Not even a warning: the build arguments of the policy make the labels true.
    assert_eq!(report["verdict"], "fit", "{}\n{}", ran.stdout, ran.stderr);
    ran.expect(0);
    let build = &report["facts"]["build"];
    assert_eq!(build["builder"], "buildkit");
    assert!(
        build["steps"]
            .as_array()
            .unwrap()
            .iter()
            .any(|step| step["name"].as_str().unwrap().contains("COPY dist/password-api")),
        "{build}"
    );
    assert!(report["facts"]["run"]["engine"].as_str().unwrap().contains("Docker"));
    assert!(project.out().join("published/index.json").exists());
}

#[test]
fn without_an_engine_the_error_says_so() {
    let image = shipped_image();
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("project");
    copy(&repository().join("examples/password-api"), &project);
    let nowhere = format!("unix://{}", home.path().join("nothing.sock").display());
    let absent = |args: &[&str]| -> crate::support::Ran {
        seaworthy()
            .args(args)
            .env("DOCKER_HOST", &nowhere)
            .env_remove("DOCKER_CONTEXT")
            .output()
            .unwrap()
            .into()
    };
    let path = project.to_str().unwrap();
    for args in [
        &["test", &image, "--project", path, "--engine", "docker"][..],
        &["build", path, "--engine", "docker"],
        &["ship", path, "--engine", "docker"],
        &["inspect", "docker-daemon:password-api:0.1.0", "--no-config"],
    ] {
        let ran = absent(args).expect(4);
        assert!(ran.stderr.contains("error:"), "{args:?}\n{}", ran.stderr);
        assert!(ran.stderr.contains("hint:"), "{args:?} gives no hint\n{}", ran.stderr);
        println!("{args:?}\n{}", ran.stderr);
    }
}
