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
