//! Images that try to reach the host.

use std::fs;
use std::os::unix::fs::symlink;

use seaworthy_sandbox::{Bind, Tmpfs};

use crate::common::{Bench, mounts};

/// What a hostile image would like to reach: a directory and a file of the host.
fn prey(bench: &Bench) -> (std::path::PathBuf, std::path::PathBuf) {
    let directory = bench.scratch.join("host-directory");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("host-file");
    fs::write(&file, "untouched").unwrap();
    (directory, file)
}

fn untouched(directory: &std::path::Path, file: &std::path::Path) {
    assert_eq!(fs::read_to_string(file).unwrap(), "untouched");
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1);
}

#[test]
fn kernel_directories_that_are_links_are_refused() {
    let Some(bench) = Bench::new("links for /proc, /sys, /dev") else { return };
    let (directory, file) = prey(&bench);
    for name in ["proc", "sys", "dev"] {
        let before = mounts();
        let path = bench.root.join(name);
        fs::remove_dir(&path).unwrap();
        symlink(&directory, &path).unwrap();
        let error = bench.runtime.boot(&bench.spec(["true"])).unwrap_err();
        assert!(error.to_string().contains(&format!("/{name}")), "{error}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(mounts(), before);
        untouched(&directory, &file);
    }
    assert_eq!(fs::read_dir(bench.runtime.state_dir()).unwrap().count(), 0);
}

#[test]
fn links_for_the_files_of_etc_stay_inside() {
    let Some(bench) = Bench::new("links in /etc") else { return };
    let (directory, file) = prey(&bench);
    symlink(&file, bench.root.join("etc/hosts")).unwrap();
    symlink(directory.join("new-file"), bench.root.join("etc/resolv.conf")).unwrap();
    symlink("../../../../../../../../etc/passwd", bench.root.join("etc/hostname")).unwrap();
    let (exit, out, _) = bench.shell("cat /etc/hosts; echo evil >> /etc/hosts; echo evil > /etc/resolv.conf");
    assert_eq!(exit.code, Some(0));
    assert!(out.contains("localhost"), "{out}");
    untouched(&directory, &file);
    assert!(!fs::read_to_string("/etc/passwd").unwrap().contains("evil"));
    assert!(!bench.root.join(file.strip_prefix("/").unwrap()).exists());
}

#[test]
fn magic_links_lead_nowhere() {
    let Some(bench) = Bench::new("magic links") else { return };
    let (directory, file) = prey(&bench);
    symlink("/proc/self/root", bench.root.join("out")).unwrap();
    symlink("/proc/self/fd/3", bench.root.join("three")).unwrap();
    let mut spec = bench.spec(["true"]);
    spec.tmpfs.push(Tmpfs::new(format!("/out{}", directory.display())));
    assert!(bench.runtime.boot(&spec).is_err());
    let mut spec = bench.spec(["true"]);
    spec.binds.push(Bind { source: file.clone(), target: "/three/x".into(), read_only: false });
    assert!(bench.runtime.boot(&spec).is_err());
    // A box's own working directory must not be one either.
    let mut spec = bench.spec(["true"]);
    spec.cwd = format!("/out{}/made", directory.display()).into();
    assert!(bench.runtime.boot(&spec).is_err());
    untouched(&directory, &file);
}

#[test]
fn a_link_that_climbs_ends_at_the_root() {
    let Some(bench) = Bench::new("climbing links") else { return };
    let (directory, file) = prey(&bench);
    symlink("../../../../../../..", bench.root.join("up")).unwrap();
    let target = format!("/up{}", directory.display());
    let mut spec = bench.spec(["sh", "-c", &format!("touch {target}/made; ls {target}")]);
    spec.tmpfs.push(Tmpfs::new(&target));
    let (_, out, err) = bench.finish(&spec);
    assert_eq!(out, "made\n", "{err}");
    untouched(&directory, &file);
}

#[test]
fn nothing_of_the_host_is_open_or_mounted_inside() {
    let Some(bench) = Bench::new("descriptors") else { return };
    // A descriptor the owner forgot to mark.
    let file = fs::File::open("/").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let (_, out, _) = bench.shell("ls /proc/self/fd | cat; cat /proc/self/mountinfo | head -n 99");
    drop(file);
    let lines: Vec<_> = out.lines().collect();
    // Three streams, and the directory ls itself has open.
    assert_eq!(&lines[..4], ["0", "1", "2", "3"]);
    assert!(lines[4].contains(' '), "{out}");
    // Of the control groups only the box's own, and read-only.
    assert!(
        out.lines()
            .filter(|line| line.contains("/sys/fs/cgroup/"))
            .all(|line| { line.contains("/seaworthy-") && line.contains(" ro,") }),
        "{out}"
    );
}

#[test]
fn what_docker_hides_is_hidden() {
    let Some(bench) = Bench::new("masked paths") else { return };
    let line = "cat /proc/keys /proc/timer_list | head -c 1; ls /sys/firmware; echo x > /proc/sys/kernel/domainname; \
                echo b > /proc/sysrq-trigger; touch /sys/x; mount -t tmpfs none /tmp; echo end";
    let (_, out, err) = bench.shell(line);
    assert_eq!(out, "end\n", "{err}");
    assert!(err.matches("Read-only file system").count() >= 2, "{err}");
    assert!(err.contains("mount:"), "{err}");
}

#[test]
fn a_fork_bomb_meets_its_limit_and_is_gone_afterwards() {
    let Some(bench) = Bench::new("fork bomb") else { return };
    let mut spec = bench.spec(["sh", "-c", "bomb() { bomb | bomb & }; bomb; while true; do sleep 1; done"]);
    spec.pids = Some(64);
    let running = bench.boot(&spec);
    if running.unapplied().iter().any(|reason| reason.starts_with("process limit")) {
        println!("skipped: {:?}", running.unapplied());
        return;
    }
    let begun = std::time::Instant::now();
    while running.reached().processes == 0 {
        assert!(begun.elapsed() < crate::common::LONG, "nothing was ever refused");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let processes = running.processes().unwrap();
    assert!(processes.len() <= 64, "{}", processes.len());
    drop(running);
    let begun = std::time::Instant::now();
    let lives = |pid: i32| std::path::Path::new(&format!("/proc/{pid}/ns")).exists();
    while processes.iter().any(|process| lives(process.pid)) {
        assert!(begun.elapsed() < crate::common::LONG, "a process of the bomb lives on");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_full_disk_ends_the_box_and_not_the_machine() {
    let Some(bench) = Bench::new("disk") else { return };
    let mut spec = bench.spec([
        "sh",
        "-c",
        "i=0; while true; do dd if=/dev/zero of=/data/$i bs=1M count=8; i=$((i+1)); done",
    ]);
    spec.disk_bytes = Some(32 << 20);
    let running = bench.boot(&spec);
    let exit = running.wait(crate::common::LONG).unwrap().expect("it should be ended");
    assert_eq!(exit.signal, Some(9));
    assert!(running.overfilled());
    let state = bench.runtime.state_dir().to_owned();
    drop(running);
    drop(bench.runtime);
    assert!(!state.exists() || fs::read_dir(state).unwrap().count() == 0);
}

#[test]
fn device_files_of_an_image_open_nothing() {
    let Some(bench) = Bench::new("devices") else { return };
    // Memory and a disk, as a tar can carry them; not every machine lets its root make them.
    let made = [("mem", "1", "1"), ("disk", "254", "0")].iter().all(|(name, major, minor)| {
        let path = bench.root.join("data").join(name);
        let made =
            std::process::Command::new("mknod").arg(path).args(["-m", "666", "b", major, minor]).status();
        made.is_ok_and(|status| status.success())
    });
    if !made {
        println!("skipped: devices: mknod is not allowed here");
        return;
    }
    let (_, out, err) = bench.shell(
        "for f in /data/mem /data/disk; do dd if=$f bs=1 count=1 && echo OPENED; done; ls /dev | cat; echo end",
    );
    assert!(!out.contains("OPENED") && out.ends_with("end\n"), "{out} {err}");
    for name in ["mem", "kmem", "sda", "vda", "loop0", "kmsg", "fuse"] {
        assert!(!out.lines().any(|line| line == name), "/dev/{name} is inside");
    }
}

#[test]
fn an_environment_beyond_the_kernels_limit_is_an_error_in_words() {
    let Some(bench) = Bench::new("environment") else { return };
    let mut spec = bench.spec(["sh", "-c", "echo ${#BIG}"]);
    spec.env.push(("BIG".to_owned(), "x".repeat(100_000)));
    assert_eq!(bench.finish(&spec).1, "100000\n");
    // A single string may have 128 KiB.
    spec.env.push(("HUGE".to_owned(), "x".repeat(1 << 20)));
    let error = bench.runtime.boot(&spec).unwrap_err();
    assert!(error.to_string().contains("execute"), "{error}");
}
