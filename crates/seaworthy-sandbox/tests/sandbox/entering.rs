//! Programs run inside a running box, and its processes.

use std::time::Duration;

use seaworthy_sandbox::{CapSet, ErrorKind, Exec};

use crate::common::{Bench, LONG, says};

#[test]
fn a_program_joins_with_the_boxs_own_limits() {
    let Some(bench) = Bench::new("exec") else { return };
    let mut spec = bench.spec(["sleep", "60"]);
    (spec.uid, spec.gid, spec.groups) = (1000, 1001, vec![5]);
    spec.no_new_privileges = true;
    spec.capabilities = CapSet::none();
    spec.env.push(("MARK".to_owned(), "yes".to_owned()));
    spec.cwd = "/data".into();
    let running = bench.boot(&spec);
    let line = "echo $MARK; pwd; id; cat /proc/self/status; echo err >&2; hostname; exit 3";
    let output = running.exec(&Exec::new(["sh", "-c", line])).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.exit.code, output.stderr.as_slice(), output.timed_out),
        (Some(3), &b"err\n"[..], false)
    );
    for part in [
        "yes\n/data\n",
        "uid=1000 gid=1001",
        "CapBnd:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "Seccomp_filters:\t2",
        "seaworthy",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // It sees the box's processes under the box's numbers.
    let output = running.exec(&Exec::new(["cat", "/proc/1/comm"])).unwrap();
    assert_eq!(output.stdout, b"sleep\n");
    let root = Exec { uid: Some(0), gid: Some(0), ..Exec::new(["id"]) };
    assert!(running.exec(&root).unwrap().stdout.starts_with(b"uid=0"));
}

#[test]
fn a_stopped_box_can_still_be_entered() {
    let Some(bench) = Bench::new("exec while stopped") else { return };
    let running = bench.boot(&bench.spec(["sh", "-c", "while :; do sleep 0.01; done"]));
    running.signal(19).unwrap();
    let output = running.exec(&Exec::new(["echo", "alive"])).unwrap();
    assert_eq!(output.stdout, b"alive\n");
    assert_eq!(running.status().unwrap().state, 'T');
    assert!(running.sockets().unwrap().is_empty());
    running.signal(18).unwrap();
}

#[test]
fn a_missing_program_a_slow_one_and_an_ended_box_differ() {
    let Some(bench) = Bench::new("exec failures") else { return };
    let running = bench.boot(&bench.spec(["sleep", "60"]));
    assert_eq!(running.exec(&Exec::new(["curl"])).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(running.exec(&Exec::new(["/etc/passwd"])).unwrap_err().kind(), ErrorKind::NotExecutable);
    let lost = Exec { cwd: Some("/nowhere".into()), ..Exec::new(["true"]) };
    assert_eq!(running.exec(&lost).unwrap_err().kind(), ErrorKind::System);
    let slow =
        Exec { timeout: Some(Duration::from_millis(200)), ..Exec::new(["sh", "-c", "sleep 60 & sleep 60"]) };
    let output = running.exec(&slow).unwrap();
    assert!(output.timed_out && output.exit.signal == Some(9) && output.ms >= 200 && output.ms < 5000);
    // The background process of its group is killed too, and PID 1, which is no init, never reaps it. A killed process
    // is dying for a moment before it is dead.
    let deadline = std::time::Instant::now() + LONG;
    loop {
        let processes = running.processes().unwrap();
        let alive: Vec<_> = processes.iter().filter(|process| process.state != 'Z').collect();
        if alive.len() == 1 && alive[0].ns_pid == 1 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{processes:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.signal(9).unwrap();
    running.wait(LONG).unwrap().unwrap();
    assert_eq!(running.exec(&Exec::new(["true"])).unwrap_err().kind(), ErrorKind::Ended);
}

#[test]
fn a_background_process_does_not_hold_the_answer_up() {
    let Some(bench) = Bench::new("exec background") else { return };
    let running = bench.boot(&bench.spec(["sleep", "60"]));
    let output = running.exec(&Exec::new(["sh", "-c", "sleep 50 & echo started"])).unwrap();
    assert_eq!((output.exit.code, output.stdout.as_slice()), (Some(0), &b"started\n"[..]));
    assert!(output.ms < 5000);
}

#[test]
fn much_output_on_both_streams_is_complete() {
    let Some(bench) = Bench::new("exec output") else { return };
    let running = bench.boot(&bench.spec(["sleep", "60"]));
    let line = "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2";
    let output = running.exec(&Exec::new(["sh", "-c", line])).unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (3_000_000, 2_000_000));
}

#[test]
fn zombies_are_seen() {
    let Some(bench) = Bench::new("zombies") else { return };
    // The shell becomes a program that never waits for the children it inherits.
    let line = "sleep 0.3 & sleep 0.3 & sleep 0.3 & echo ready; exec sleep 60";
    let running = bench.boot(&bench.spec(["sh", "-c", line]));
    says(&running, "ready");
    let deadline = std::time::Instant::now() + LONG;
    loop {
        let processes = running.processes().unwrap();
        let zombies = processes.iter().filter(|process| process.state == 'Z').count();
        let first = processes.iter().find(|process| process.ns_pid == 1).unwrap();
        if zombies == 3 && first.comm == "sleep" {
            assert_eq!((first.pid, processes.len()), (running.pid(), 4));
            assert!(processes.iter().filter(|p| p.state == 'Z').all(|p| p.ppid == first.pid));
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{processes:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
