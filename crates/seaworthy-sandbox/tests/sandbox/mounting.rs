//! The root, its mounts, and the list of writes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use seaworthy_sandbox::{Bind, Rootfs, Tmpfs, WriteKind};

use crate::common::{Bench, mounts};

#[test]
fn a_read_only_root_refuses_and_a_tmpfs_takes() {
    let Some(bench) = Bench::new("read-only root") else { return };
    let mut spec =
        bench.spec(["sh", "-c", "touch /x; touch /t/y && echo fine; touch /dev/shm/z && echo shm"]);
    spec.read_only = true;
    spec.tmpfs.push(Tmpfs { size: Some(1 << 20), ..Tmpfs::new("/t") });
    let (exit, out, err) = bench.finish(&spec);
    assert_eq!((exit.code, out.as_str()), (Some(0), "fine\nshm\n"));
    assert!(err.contains("Read-only file system"), "{err}");
    let running = bench.boot(&spec);
    running.wait(crate::common::LONG).unwrap();
    assert_eq!(running.writes().unwrap(), []);
}

#[test]
fn a_tmpfs_has_the_size_mode_and_owner_asked_for() {
    let Some(bench) = Bench::new("tmpfs options") else { return };
    let mut spec = bench.spec([
        "sh",
        "-c",
        "stat -c '%a %u %g' /t; cp=/t/echo; cat /bin/busybox > $cp; chmod 755 $cp; $cp no; dd if=/dev/zero of=/t/big bs=1M count=5",
    ]);
    spec.tmpfs.push(Tmpfs { size: Some(3 << 20), mode: 0o710, uid: 12, gid: 34, ..Tmpfs::new("/t") });
    let (_, out, err) = bench.finish(&spec);
    assert!(out.starts_with("710 12 34\n"), "{out}");
    assert!(err.contains("Permission denied") && err.contains("No space left"), "{err}");
}

#[test]
fn writes_are_listed_with_what_happened() {
    let Some(bench) = Bench::new("writes") else { return };
    fs::create_dir_all(bench.root.join("app/sub")).unwrap();
    for name in ["keep", "change", "gone", "sub/deep"] {
        fs::write(bench.root.join("app").join(name), "old").unwrap();
    }
    let line = "cd /app; echo new > change; rm gone; echo n > fresh; echo x > sub/more; cat keep; mkdir d; \
                chmod 700 /data; echo h >> /etc/hosts; rm -r sub; mkdir sub; echo t > /t/in-tmpfs";
    let mut spec = bench.spec(["sh", "-c", line]);
    spec.tmpfs.push(Tmpfs::new("/t"));
    spec.cwd = "/new/place".into();
    let running = bench.boot(&spec);
    assert_eq!(
        running.writes().unwrap_or_default().iter().filter(|w| w.path.starts_with(b"/new")).count(),
        0
    );
    let exit = running.wait(crate::common::LONG).unwrap().unwrap();
    assert_eq!(exit.code, Some(0), "{}", running.logs().stderr_text());
    let writes: BTreeMap<_, _> =
        running.writes().unwrap().into_iter().map(|w| (w.path_lossy(), (w.kind, w.is_dir))).collect();
    let expected = [
        ("/app/change", WriteKind::Modified, false),
        ("/app/d", WriteKind::Created, true),
        ("/app/fresh", WriteKind::Created, false),
        ("/app/gone", WriteKind::Deleted, false),
        ("/app/sub", WriteKind::Replaced, true),
        ("/data", WriteKind::Modified, true),
    ];
    let expected: BTreeMap<_, _> =
        expected.into_iter().map(|(path, kind, dir)| (path.to_owned(), (kind, dir))).collect();
    assert_eq!(writes, expected);
    // The image itself is as it was.
    assert_eq!(fs::read_to_string(bench.root.join("app/change")).unwrap(), "old");
    assert!(!bench.root.join("t").exists());
}

#[test]
fn trees_are_stacked_with_the_last_on_top() {
    let Some(bench) = Bench::new("stacked trees") else { return };
    let mut lowers = vec![bench.root.clone()];
    for number in 0..30 {
        let tree = bench.scratch.join(&format!("tree,{number}:x"));
        fs::create_dir_all(&tree).unwrap();
        fs::write(tree.join("who"), number.to_string()).unwrap();
        fs::write(tree.join(format!("only-{number}")), "").unwrap();
        lowers.push(tree);
    }
    let mut spec = bench.spec(["sh", "-c", "cat /who; ls / | cat"]);
    spec.rootfs = Rootfs { lowers };
    let (_, out, _) = bench.finish(&spec);
    assert!(out.starts_with("29"), "{out}");
    assert_eq!(out.matches("only-").count(), 30);
}

#[test]
fn binds_land_inside_the_image_through_its_absolute_links() {
    let Some(bench) = Bench::new("binds") else { return };
    let before = mounts();
    fs::create_dir_all(bench.root.join("var")).unwrap();
    // There is no /run in the image: the link dangles until its target is made, inside.
    symlink("/run", bench.root.join("var/run")).unwrap();
    let marker = format!("seaworthy-marker-{}", std::process::id());
    let secret = bench.scratch.join("secret");
    fs::write(&secret, "s3cret").unwrap();
    let volume = bench.scratch.join("volume");
    fs::create_dir_all(&volume).unwrap();
    let target = format!("/var/run/{marker}/token");
    let line = format!("cat {target}; echo x > {target}; echo kept > /vol/file; ls /run");
    let mut spec = bench.spec(["sh", "-c", &line]);
    spec.read_only = true;
    spec.binds.push(Bind { source: secret.clone(), target: target.clone().into(), read_only: true });
    spec.binds.push(Bind { source: volume.clone(), target: "/vol".into(), read_only: false });
    let running = bench.boot(&spec);
    let (_, out, err) = crate::common::finish(&running);
    assert_eq!(out, format!("s3cret{marker}\n"), "{err}");
    assert!(err.contains("Read-only"), "{err}");
    assert_eq!(running.writes().unwrap(), []);
    assert_eq!(fs::read_to_string(volume.join("file")).unwrap(), "kept\n");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "s3cret");
    assert!(!std::path::Path::new("/run").join(&marker).exists());
    assert_eq!(mounts(), before);
}

#[test]
fn an_impossible_specification_names_what_is_wrong() {
    let Some(bench) = Bench::new("specifications") else { return };
    let mut spec = bench.spec(["true"]);
    spec.binds.push(Bind { source: "/no/such".into(), target: "/x".into(), read_only: true });
    assert!(bench.runtime.boot(&spec).unwrap_err().to_string().contains("/no/such"));
    let mut spec = bench.spec(["true"]);
    spec.tmpfs.push(Tmpfs::new("relative"));
    assert!(bench.runtime.boot(&spec).unwrap_err().to_string().contains("relative"));
    let mut spec = bench.spec(["true"]);
    spec.rootfs.lowers.insert(0, "/no/tree".into());
    assert!(bench.runtime.boot(&spec).unwrap_err().to_string().contains("/no/tree"));
    let mut spec = bench.spec(["true"]);
    spec.binds.push(Bind { source: bench.root.clone(), target: "/etc/passwd".into(), read_only: true });
    assert!(bench.runtime.boot(&spec).unwrap_err().to_string().contains("/etc/passwd"));
}
