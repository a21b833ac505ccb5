//! Memory and process limits, where control groups can be made.

use seaworthy_sandbox::CgroupMode;

use crate::common::{Bench, groups};

#[test]
fn a_memory_limit_kills_and_is_told() {
    let Some(bench) = Bench::new("memory limit") else { return };
    let mut spec = bench.spec(["sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1; echo after"]);
    spec.memory_bytes = Some(24 << 20);
    let running = bench.boot(&spec);
    let (exit, out, err) = crate::common::finish(&running);
    if running.unapplied().iter().any(|reason| reason.starts_with("memory limit")) {
        println!("skipped: {:?}", running.unapplied());
        return;
    }
    assert!(exit.oom_killed, "{exit:?} {out} {err}");
    let peak = running.memory_peak().unwrap();
    assert!(peak > 10 << 20 && peak <= 24 << 20, "{peak}");
}

#[test]
fn a_box_can_read_its_own_limits_and_not_change_them() {
    let Some(bench) = Bench::new("view of limits") else { return };
    let line = "cd /sys/fs/cgroup; cat memory.max memory/memory.limit_in_bytes pids.max pids/pids.max; \
                echo 1 > pids.max || echo 1 > pids/pids.max || echo refused; mkdir x memory/x || echo refused";
    let mut spec = bench.spec(["sh", "-c", line]);
    (spec.memory_bytes, spec.pids) = (Some(64 << 20), Some(77));
    let running = bench.boot(&spec);
    let (_, out, err) = crate::common::finish(&running);
    if !running.unapplied().is_empty() {
        println!("skipped: {:?}", running.unapplied());
        return;
    }
    assert_eq!(out, "67108864\n77\nrefused\nrefused\n", "{err}");
    assert!(err.contains("Read-only file system"), "{err}");
}

#[test]
fn memory_is_measured_without_a_limit() {
    let Some(bench) = Bench::new("memory peak") else { return };
    if bench.runtime.capabilities_of_host().abilities.iter().any(|a| a.name == "memory limit" && !a.works) {
        println!("skipped: no memory groups here");
        return;
    }
    let running = bench.boot(&bench.spec(["dd", "if=/dev/zero", "of=/dev/null", "bs=40M", "count=1"]));
    let (exit, ..) = crate::common::finish(&running);
    assert!(!exit.oom_killed);
    assert!(running.memory_peak().unwrap() > 40 << 20);
}

#[test]
fn a_process_limit_refuses_further_ones() {
    let Some(bench) = Bench::new("process limit") else { return };
    let mut spec = bench.spec(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo after"]);
    spec.pids = Some(4);
    let running = bench.boot(&spec);
    let (exit, _, err) = crate::common::finish(&running);
    if running.unapplied().iter().any(|reason| reason.starts_with("process limit")) {
        println!("skipped: {:?}", running.unapplied());
        return;
    }
    assert!(err.contains("can't fork") && exit.code != Some(0), "{exit:?} {err}");
}

#[test]
fn no_group_is_left() {
    let Some(bench) = Bench::new("groups") else { return };
    let mut spec = bench.spec(["sleep", "60"]);
    (spec.memory_bytes, spec.pids) = (Some(64 << 20), Some(10));
    let running = bench.boot(&spec);
    let state = bench.runtime.state_dir().to_owned();
    let name = std::fs::read_dir(&state).unwrap().next().unwrap().unwrap().file_name();
    let name = format!("seaworthy-{}", name.to_string_lossy());
    let mode = bench.runtime.capabilities_of_host().cgroup_mode;
    if running.unapplied().is_empty() {
        assert_eq!(groups(&name).len(), if mode == CgroupMode::V2 { 1 } else { 2 });
    }
    drop(running);
    drop(bench);
    assert_eq!(groups(&name), Vec::<std::path::PathBuf>::new());
}
