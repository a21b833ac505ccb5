//! An owner that is killed leaves only what is named and cleaned.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use seaworthy_sandbox::{Rootfs, Runtime, Spec};

use crate::common::{Bench, LONG, groups, mounts};

/// The owner that is killed: boots a box, prints its pid and waits.
#[test]
#[ignore = "a helper process of another test"]
fn helper_owner() {
    let (Some(state), Some(root)) = (std::env::var_os("TEST_STATE"), std::env::var_os("TEST_ROOT")) else {
        return;
    };
    let runtime = Runtime::new(Some(state.into())).unwrap();
    let line = std::env::var("TEST_LINE").unwrap();
    let mut spec = Spec::new(Rootfs::directory(root), ["sh", "-c", &line]);
    (spec.memory_bytes, spec.pids) = (Some(64 << 20), Some(50));
    let running = runtime.boot(&spec).unwrap();
    println!("box {}", running.pid());
    running.wait(Duration::from_secs(60)).unwrap();
}

fn killed_owner(bench: &Bench, line: &str) -> i32 {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "owner::helper_owner"])
        .env("TEST_STATE", bench.runtime.state_dir())
        .env("TEST_ROOT", &bench.root)
        .env("TEST_LINE", line)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(owner.stdout.take().unwrap());
    let pid = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("box ").and_then(|(_, pid)| pid.trim().parse().ok()))
        .expect("the owner should boot a box");
    // Time for a shell to become what it executes.
    std::thread::sleep(Duration::from_millis(300));
    // As the box of a living owner it is no leftover.
    assert!(bench.runtime.leftovers().is_empty());
    owner.kill().unwrap();
    owner.wait().unwrap();
    pid
}

/// Boots several boxes on several threads, then ends them all as Ctrl-C would.
#[test]
#[ignore = "a helper process of another test"]
fn helper_interrupted() {
    let (Some(state), Some(root)) = (std::env::var_os("TEST_STATE"), std::env::var_os("TEST_ROOT")) else {
        return;
    };
    let runtime = Runtime::new(Some(state.into())).unwrap();
    let spec = Spec::new(Rootfs::directory(root), ["sleep", "60"]);
    let boxes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| runtime.boot(&spec).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let pids: Vec<_> = boxes.iter().map(seaworthy_sandbox::Running::pid).collect();
    assert_eq!(Runtime::shut_down(), 8);
    assert!(pids.into_iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
    assert_eq!(fs::read_dir(runtime.state_dir()).unwrap().count(), 0);
    assert_eq!(runtime.boot(&spec).unwrap_err().kind(), seaworthy_sandbox::ErrorKind::Stopping);
    // The boxes are still held here: nothing depends on their being dropped.
    assert!(boxes.iter().all(|running| running.wait(Duration::ZERO).unwrap().is_some()));
    std::process::exit(0);
}

/// Boots, enters and drops many boxes on several threads, and counts what the process holds afterwards.
#[test]
#[ignore = "a helper process of another test"]
fn helper_many() {
    let (Some(state), Some(root)) = (std::env::var_os("TEST_STATE"), std::env::var_os("TEST_ROOT")) else {
        return;
    };
    let runtime = Runtime::new(Some(state.into())).unwrap();
    let spec = Spec::new(Rootfs::directory(root), ["sleep", "60"]);
    let held = || {
        let count = |path| fs::read_dir(path).unwrap().count();
        (count("/proc/self/fd"), count("/proc/self/task"))
    };
    let round = || {
        let running = runtime.boot(&spec).unwrap();
        assert_eq!(running.exec(&seaworthy_sandbox::Exec::new(["true"])).unwrap().exit.code, Some(0));
        assert!(running.connect(1, Duration::from_secs(1)).is_err());
    };
    round();
    let idle = || {
        while fs::read_dir(runtime.state_dir()).unwrap().count() > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // The cleaning thread lets go of the box's descriptors right after its directory.
        std::thread::sleep(Duration::from_millis(100));
    };
    idle();
    let before = held();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| round()));
        }
    });
    idle();
    assert_eq!(held(), before);
    std::process::exit(0);
}

/// Boots one short box after the other until it is killed.
#[test]
#[ignore = "a helper process of another test"]
fn helper_endless() {
    let (Some(state), Some(root)) = (std::env::var_os("TEST_STATE"), std::env::var_os("TEST_ROOT")) else {
        return;
    };
    let runtime = Runtime::new(Some(state.into())).unwrap();
    let mut spec = Spec::new(Rootfs::directory(root), ["sleep", "0.005"]);
    (spec.memory_bytes, spec.pids) = (Some(64 << 20), Some(50));
    loop {
        runtime.boot(&spec).unwrap().wait(LONG).unwrap();
    }
}

#[test]
fn an_owner_killed_at_any_moment_leaves_only_what_is_named() {
    let Some(bench) = Bench::new("owners killed at any moment") else { return };
    let before = mounts();
    for round in 0..12 {
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "owner::helper_endless"])
            .env("TEST_STATE", bench.runtime.state_dir())
            .env("TEST_ROOT", &bench.root)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Past the start of the test program, then at another point of a boot each time.
        std::thread::sleep(Duration::from_micros(60_000 + round * 1_370));
        owner.kill().unwrap();
        let identity = format!("seaworthy-{}-", owner.id());
        owner.wait().unwrap();
        let deadline = Instant::now() + LONG;
        while bench.runtime.leftovers().iter().any(|left| left.process.is_some()) {
            assert!(Instant::now() < deadline, "{:?}", bench.runtime.leftovers());
            std::thread::sleep(Duration::from_millis(5));
        }
        // A process between clone and execution ends when its socket does.
        std::thread::sleep(Duration::from_millis(20));
        let results = bench.runtime.clean();
        assert!(results.iter().all(|result| result.failed.is_empty()), "{results:?}");
        assert_eq!(groups(&identity), Vec::<std::path::PathBuf>::new());
    }
    assert_eq!(fs::read_dir(bench.runtime.state_dir()).unwrap().count(), 0);
    assert_eq!(mounts(), before);
}

#[test]
fn many_boxes_leak_nothing() {
    let Some(bench) = Bench::new("many boxes") else { return };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "owner::helper_many"])
        .env("TEST_STATE", bench.runtime.state_dir())
        .env("TEST_ROOT", &bench.root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn shutting_down_ends_every_box_of_the_process() {
    let Some(bench) = Bench::new("shut down") else { return };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "owner::helper_interrupted"])
        .env("TEST_STATE", bench.runtime.state_dir())
        .env("TEST_ROOT", &bench.root)
        .output()
        .unwrap();
    // A failed assertion would end the helper with 101.
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(bench.runtime.state_dir()).unwrap().count(), 0);
}

#[test]
fn a_box_that_lost_its_death_signal_is_ended_too() {
    let Some(bench) = Bench::new("changed user") else { return };
    // Changing the user clears the death signal, as an entrypoint with gosu or su does.
    let pid = killed_owner(&bench, "exec su app -c 'exec sleep 60'");
    assert!(gone(pid), "the box should have been ended");
    assert!(bench.runtime.leftovers().iter().all(|left| left.process.is_none()));
    assert!(bench.runtime.clean().iter().all(|result| result.failed.is_empty()));
    assert!(bench.runtime.leftovers().is_empty());
}

fn gone(pid: i32) -> bool {
    let deadline = Instant::now() + LONG;
    while Path::new(&format!("/proc/{pid}")).exists() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

#[test]
fn a_killed_owner_takes_its_box_along_and_the_rest_is_cleaned() {
    let Some(bench) = Bench::new("killed owner") else { return };
    let before = mounts();
    let pid = killed_owner(&bench, "sleep 60 & sleep 60");
    assert!(gone(pid), "the death signal should have ended the box");
    assert_eq!(mounts(), before);
    let leftovers = bench.runtime.leftovers();
    assert_eq!(leftovers.len(), 1);
    let left = &leftovers[0];
    assert_eq!((left.process, left.program.as_deref(), left.mounts.len()), (None, Some("sh"), 0));
    let words = left.describe();
    assert!(words.contains(left.directory.to_str().unwrap()), "{words}");
    let name = left.directory.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(groups(&name), {
        let mut sorted = left.cgroups.clone();
        sorted.sort();
        let mut found = groups(&name);
        found.sort();
        assert_eq!(found, sorted);
        groups(&name)
    });
    let results = bench.runtime.clean();
    assert_eq!(results.len(), 1);
    assert!(results[0].failed.is_empty(), "{results:?}");
    assert!(bench.runtime.leftovers().is_empty() && groups(&name).is_empty());
    assert_eq!(fs::read_dir(bench.runtime.state_dir()).unwrap().count(), 0);
}

#[test]
fn foreign_entries_of_the_state_directory_are_left_alone() {
    let Some(bench) = Bench::new("foreign entries") else { return };
    let outside = bench.scratch.join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("file"), "keep").unwrap();
    let state = bench.runtime.state_dir().to_owned();
    fs::create_dir(state.join("something else")).unwrap();
    // A directory like that of a box whose owner never was, with a record that lies.
    let fake = state.join("999999999-1-0");
    fs::create_dir(&fake).unwrap();
    let record = format!(
        r#"{{"owner":{{"pid":999999999,"started":1}},"boot_id":"{}","first_process":{{"pid":{},"started":1}},"cgroups":["{}","/sys/fs/cgroup/memory"],"program":"x"}}"#,
        fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim(),
        std::process::id(),
        outside.display()
    );
    fs::write(fake.join("record.json"), record).unwrap();
    std::os::unix::fs::symlink(&outside, state.join("999999999-1-1")).unwrap();
    let leftovers = bench.runtime.leftovers();
    assert_eq!(leftovers.len(), 2);
    assert!(leftovers.iter().all(|left| left.process.is_none() && left.cgroups.is_empty()));
    let results = bench.runtime.clean();
    assert_eq!(results.iter().filter(|result| result.failed.is_empty()).count(), 1, "{results:?}");
    assert!(!fake.exists() && outside.join("file").exists() && state.join("something else").exists());
}
