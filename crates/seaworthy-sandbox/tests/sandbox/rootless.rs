//! The same without root's powers: the test runs itself as another user.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use seaworthy_sandbox::{Exec, Host, Mode, Network, Rootfs, Runtime, Spec, Tmpfs};

use crate::common::{Scratch, image, says};

const NOBODY: u32 = 65534;

#[test]
fn everything_works_in_a_user_namespace() {
    if !rustix::process::geteuid().is_root() {
        return helper_rootless();
    }
    let scratch = Scratch::new();
    let program = scratch.join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let home = scratch.join("home");
    std::fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    let output = Command::new(program)
        .args(["--ignored", "--exact", "--nocapture", "rootless::helper_rootless"])
        .env("TMPDIR", &home)
        .env_remove("XDG_RUNTIME_DIR")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(line) = text.lines().find(|line| line.contains("skipped: ")) {
        println!("{line}");
    }
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{text}");
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
#[ignore = "a helper process of another test"]
fn helper_rootless() {
    let scratch = Scratch::new();
    let runtime = Runtime::new(Some(scratch.join("state"))).unwrap();
    if *runtime.mode() != Mode::Rootless {
        println!("skipped: no rootless sandbox here: {:?}", runtime.mode());
        return;
    }
    let root = scratch.join("root");
    if !image(&root) {
        println!("skipped: needs a static /bin/busybox");
        return;
    }
    std::fs::write(root.join("data/index.html"), "rootless").unwrap();
    let mut spec = Spec::new(Rootfs::directory(&root), ["httpd", "-f", "-p", "8080", "-h", "/data"]);
    (spec.uid, spec.gid) = (1000, 1000);
    spec.tmpfs.push(Tmpfs::new("/t"));
    (spec.memory_bytes, spec.pids) = (Some(64 << 20), Some(20));
    let running = runtime.boot(&spec).unwrap();
    assert!(running.reduced_fidelity());
    let deadline = std::time::Instant::now() + crate::common::LONG;
    while let Err(error) = running.connect(8080, Duration::from_secs(1)) {
        assert!(std::time::Instant::now() < deadline, "{error}");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(running.sockets().unwrap().iter().any(|s| s.port == 8080 && s.owner == Some(running.pid())));
    let line = "id; echo w > /made; echo t > /t/x; cat /proc/1/comm; cat /etc/hosts";
    let output = running.exec(&Exec::new(["sh", "-c", line])).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("uid=1000 gid=1000") && text.contains("httpd") && text.contains("localhost"),
        "{text}"
    );
    let writes: Vec<_> = running.writes().unwrap().iter().map(|w| w.path_lossy()).collect();
    assert_eq!(writes, ["/made"]);
    let status = running.status().unwrap();
    assert_eq!((status.cap_eff, status.seccomp_mode), (0, 2));
    // Limits that a user cannot set are told, and nothing failed because of them.
    for reason in running.unapplied() {
        println!("not applied: {reason}");
    }
    let mut joining =
        Spec::new(Rootfs::directory(&root), ["sh", "-c", "wget -q -O - http://web:8080/; sleep 60"]);
    (joining.uid, joining.gid) = (0, 0);
    joining.network = Network::Join(running.network());
    joining.hosts = vec![Host { name: "web".to_owned(), address: std::net::Ipv4Addr::LOCALHOST.into() }];
    let other = runtime.boot(&joining).unwrap();
    says(&other, "rootless");
    let output = other.exec(&Exec::new(["id"])).unwrap();
    assert!(output.stdout.starts_with(b"uid=0"));
    other.connect(8080, Duration::from_secs(1)).unwrap();
    assert!(running.exec(&Exec { uid: Some(0), ..Exec::new(["id"]) }).is_err());
    let missing = runtime.boot(&Spec::new(Rootfs::directory(&root), ["nothing"])).unwrap_err();
    assert_eq!(missing.kind(), seaworthy_sandbox::ErrorKind::NotFound);
    assert!(runtime.capabilities_of_host().abilities.iter().any(|a| a.name == "overlay" && a.works));
    drop((running, other));
    let state = runtime.state_dir().to_owned();
    drop(runtime);
    assert_eq!(std::fs::read_dir(state).map_or(0, Iterator::count), 0);
}
