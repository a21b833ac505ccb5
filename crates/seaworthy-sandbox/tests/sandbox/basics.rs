//! Exit codes, streams, identity, signals.

use std::time::{Duration, Instant};

use seaworthy_sandbox::{CapSet, ErrorKind, Seccomp};

use crate::common::{Bench, LONG, mounts, says};

#[test]
fn exit_codes_and_streams_are_told_apart() {
    let Some(bench) = Bench::new("exit codes") else { return };
    let before = mounts();
    let (exit, out, err) = bench.shell("echo to-out; echo to-err >&2; exit 7");
    assert_eq!((exit.code, exit.signal, exit.oom_killed), (Some(7), None, false));
    assert_eq!((out.as_str(), err.as_str()), ("to-out\n", "to-err\n"));
    let (exit, ..) = bench.shell("kill -9 $$; exit 3");
    // PID 1 is immune to signals from its own namespace.
    assert_eq!((exit.code, exit.signal), (Some(3), None));
    assert_eq!(mounts(), before);
}

#[test]
fn a_signal_without_a_handler_does_not_reach_pid_1_and_kill_does() {
    let Some(bench) = Bench::new("signals") else { return };
    let running = bench.boot(&bench.spec(["sleep", "60"]));
    assert!(!running.status().unwrap().catches(libc_sigterm()));
    running.signal(libc_sigterm()).unwrap();
    assert_eq!(running.wait(Duration::from_millis(200)).unwrap(), None);
    running.signal(9).unwrap();
    let exit = running.wait(LONG).unwrap().unwrap();
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    assert_eq!(running.wait(Duration::ZERO).unwrap(), Some(exit));
    assert_eq!(running.signal(15).unwrap_err().kind(), ErrorKind::Ended);
    assert_eq!(running.status().unwrap_err().kind(), ErrorKind::Ended);
}

fn libc_sigterm() -> i32 {
    15
}

#[test]
fn a_handler_is_seen_before_and_runs_when_the_signal_comes() {
    let Some(bench) = Bench::new("handlers") else { return };
    let line = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let running = bench.boot(&bench.spec(["sh", "-c", line]));
    says(&running, "ready");
    assert!(running.status().unwrap().catches(15));
    let sent = Instant::now();
    running.signal(15).unwrap();
    let exit = running.wait(LONG).unwrap().unwrap();
    assert_eq!(exit.code, Some(0));
    assert!(exit.at >= sent);
    assert_eq!(running.logs().stdout_text(), "ready\nbye\n");
}

#[test]
fn identity_capabilities_and_filters_are_as_asked() {
    let Some(bench) = Bench::new("identity") else { return };
    let mut spec = bench.spec(["sleep", "60"]);
    (spec.uid, spec.gid, spec.groups) = (1_234_567_890, 0, vec![7, 8]);
    spec.no_new_privileges = true;
    spec.capabilities = CapSet::none().with("NET_BIND_SERVICE").unwrap();
    let status = bench.boot(&spec).status().unwrap();
    assert_eq!((status.uid, status.gid, status.groups.clone()), (1_234_567_890, 0, vec![7, 8]));
    assert_eq!((status.cap_bnd, status.cap_eff, status.cap_prm), (1 << 10, 0, 0));
    assert_eq!((status.cap_inh, status.cap_amb), (0, 0));
    assert!(status.no_new_privs);
    assert_eq!((status.seccomp_mode, status.seccomp_filters), (2, 2));
    assert_eq!((status.comm.as_str(), status.threads), ("sleep", 1));
    assert_eq!(status.cmdline, ["sleep", "60"]);
    assert_eq!(status.exe.as_deref(), Some("/bin/busybox"));
    assert_eq!((status.fds, status.sig_ignored), (3, 0));

    let mut spec = bench.spec(["sleep", "60"]);
    spec.seccomp = Seccomp::Unconfined;
    let status = bench.boot(&spec).status().unwrap();
    let docker = CapSet::docker_default().bits();
    assert_eq!((status.cap_bnd, status.cap_eff, status.cap_prm), (docker, docker, docker));
    assert_eq!((status.no_new_privs, status.seccomp_mode), (false, 0));
}

#[test]
fn the_filter_forbids_what_dockers_does() {
    let Some(bench) = Bench::new("seccomp") else { return };
    let line = "unshare -U true; echo $?";
    assert_eq!(bench.shell(line).1, "1\n");
    let mut spec = bench.spec(["sh", "-c", line]);
    spec.seccomp = Seccomp::Unconfined;
    assert_eq!(bench.finish(&spec).1, "0\n");
}

#[test]
fn environment_and_working_directory_are_exact() {
    let Some(bench) = Bench::new("environment") else { return };
    let mut spec = bench.spec(["/bin/sh", "-c", "pwd; /bin/env | /bin/cat; hostname; umask"]);
    spec.env = vec![("ONLY".to_owned(), "this one".to_owned())];
    spec.env.push(("PATH".to_owned(), "/bin".to_owned()));
    spec.cwd = "/made/for/it".into();
    spec.hostname = "box-7".to_owned();
    let (exit, out, err) = bench.finish(&spec);
    assert_eq!((exit.code, err.as_str()), (Some(0), ""));
    for line in ["/made/for/it", "ONLY=this one", "PATH=/bin", "box-7", "0022"] {
        assert!(out.lines().any(|have| have == line), "{line} in {out}");
    }
    assert!(!out.contains("HOME="));
}

#[test]
fn what_cannot_be_executed_is_told_in_words() {
    let Some(bench) = Bench::new("exec errors") else { return };
    let fails = |argv: [&str; 1], uid: u32| {
        let mut spec = bench.spec(argv);
        spec.uid = uid;
        let error = bench.runtime.boot(&spec).unwrap_err();
        (error.kind(), error.to_string())
    };
    let (kind, words) = fails(["no-such-program"], 0);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(words.contains("`no-such-program`") && words.contains("no such file"), "{words}");
    let bin = bench.root.join("bin");
    std::fs::write(bin.join("plain"), "text").unwrap();
    let (kind, words) = fails(["/bin/plain"], 0);
    assert_eq!(kind, ErrorKind::NotExecutable);
    assert!(words.contains("permission denied"), "{words}");
    std::fs::write(bin.join("script"), "#!/no/interpreter\n").unwrap();
    std::fs::write(bin.join("foreign"), b"\x7fELF\x02\x01\x01garbage").unwrap();
    for name in ["script", "foreign"] {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(fails(["script"], 0).1.contains("interpreter"));
    let (kind, words) = fails(["/bin/foreign"], 1000);
    assert_eq!(kind, ErrorKind::NotExecutable);
    assert!(words.contains("another architecture"), "{words}");
    assert_eq!(std::fs::read_dir(bench.runtime.state_dir()).unwrap().count(), 0);
}

#[test]
fn stdout_can_be_opened_by_name_as_another_user() {
    let Some(bench) = Bench::new("/dev/stdout") else { return };
    let mut spec = bench.spec(["sh", "-c", "echo one > /dev/stdout; echo two > /dev/stderr"]);
    spec.uid = 1000;
    let (exit, out, err) = bench.finish(&spec);
    assert_eq!((exit.code, out.as_str(), err.as_str()), (Some(0), "one\n", "two\n"));
}

#[test]
fn output_beyond_the_bound_is_cut_and_told() {
    let Some(bench) = Bench::new("log bound") else { return };
    let (exit, out, _) = bench.shell("head -c 9000000 /dev/zero; echo done >&2");
    assert_eq!((exit.code, out.len()), (Some(0), 8 << 20));
}

#[test]
fn dropping_and_killing_all_leave_nothing() {
    let Some(bench) = Bench::new("dropping") else { return };
    let running = bench.boot(&bench.spec(["sh", "-c", "sleep 60 & sleep 60"]));
    let pid = running.pid();
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    drop(running);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _running = bench.boot(&bench.spec(["sleep", "60"]));
        panic!("on purpose");
    }));
    assert!(result.is_err());
    let state = bench.runtime.state_dir().to_owned();
    let name = std::process::id().to_string();
    let Bench { runtime, scratch, .. } = bench;
    drop(runtime);
    // The runtime removes its directory, too, once it is empty.
    assert_eq!(std::fs::read_dir(&state).map_or(0, Iterator::count), 0);
    drop((scratch, name));
}
