//! Fixes as files see them: what is not part of a fix stays as it was, and a fix that does not hold is not made.

use crate::support::{Ran, seaworthy};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

fn fix(dir: &Path, args: &[&str]) -> Ran {
    let all = [&["check", "--no-config", "--exit-zero"][..], args].concat();
    Ran::from(seaworthy().args(all).current_dir(dir).output().unwrap()).expect(0)
}

#[test]
fn line_ends_marks_modes_and_links_stay() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real.Dockerfile");
    let text =
        "\u{feff}FROM debian:12 as base\r\nENV  A 1\r\nWORKDIR app  \r\n# \u{1F40B}\u{e9}\r\nCMD [\"/app\"]";
    fs::write(&real, text).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let _ = std::os::unix::fs::chown(&real, Some(10001), Some(10002));
    let owner = |file: &Path| {
        let meta = fs::metadata(file).unwrap();
        (meta.uid(), meta.gid(), meta.mode() & 0o7777)
    };
    let before = owner(&real);
    symlink("real.Dockerfile", dir.path().join("Dockerfile")).unwrap();
    fix(dir.path(), &["Dockerfile", "--fix", "--unsafe-fixes", "--persona", "auditor"]);
    let after = fs::read_to_string(&real).unwrap();
    assert_ne!(after, text);
    assert!(after.starts_with("\u{feff}FROM debian:12 ") && after.ends_with("CMD [\"/app\"]"), "{after:?}");
    assert!(after.contains("WORKDIR /app  \r\n# \u{1F40B}\u{e9}\r\n"), "{after:?}");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after:?}");
    assert_eq!(owner(&real), before);
    assert!(dir.path().join("Dockerfile").is_symlink());
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_is_not_utf8_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = b"FROM debian:12\n# \xff\xfe\nWORKDIR app\n";
    fs::write(dir.path().join("Dockerfile"), bytes).unwrap();
    let ran = fix(dir.path(), &["--fix", "--unsafe-fixes"]);
    assert_eq!(fs::read(dir.path().join("Dockerfile")).unwrap(), bytes);
    assert!(ran.stderr.contains("`Dockerfile` is not changed: it is not UTF-8"), "{}", ran.stderr);
}

#[test]
fn the_patch_is_what_fixing_does() {
    let dir = tempfile::tempdir().unwrap();
    let texts = [
        (
            "Dockerfile",
            "FROM debian:12 as Base\nMAINTAINER a@example.invalid\nENV  A 1\nWORKDIR app\nRUN a \\\n\n  b\nfrom scratch\ncopy --from=Base /a /\n",
        ),
        ("b.Dockerfile", "FROM debian:12\nWORKDIR b"),
        ("compose.yaml", "version: '3'\nservices:\n  a:\n    image: x\n    privileged: true\n"),
    ];
    for (name, text) in texts {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let args = ["--unsafe-fixes", "--persona", "auditor"];
    let all = [&["check", ".", "--no-config", "--diff"][..], &args].concat();
    let patch = Ran::from(seaworthy().args(all).current_dir(&dir).output().unwrap()).expect(1).stdout;
    let other = tempfile::tempdir().unwrap();
    for (name, text) in texts {
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), text, "--diff writes nothing");
        fs::write(other.path().join(name), text).unwrap();
    }
    fs::write(other.path().join("fix.patch"), &patch).unwrap();
    let git = Command::new("git").args(["apply", "fix.patch"]).current_dir(&other).output().unwrap();
    assert!(git.status.success(), "{}\n{patch}", String::from_utf8_lossy(&git.stderr));
    fix(dir.path(), &[&["--fix"][..], &args].concat());
    for (name, text) in texts {
        let fixed = fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(fixed, fs::read_to_string(other.path().join(name)).unwrap(), "{name}");
        assert_ne!(fixed, text, "{name}");
    }
    let again = fix(dir.path(), &[&["--fix"][..], &args].concat());
    assert!(again.stderr.contains("nothing to fix"), "{}", again.stderr);
}

/// A registry that knows one tag and answers nothing but its digest; ends after so many questions.
fn registry(digest: &str, questions: usize) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let digest = digest.to_owned();
    let thread = std::thread::spawn(move || {
        let mut asked = Vec::new();
        while asked.len() < questions {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            loop {
                let mut head = Vec::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    head.push(line.trim_end().to_owned());
                }
                let Some(first) = head.first().cloned() else { break };
                let known = first.starts_with("HEAD /v2/base/manifests/1 ");
                let answer = if known {
                    format!(
                        "200 OK\r\nDocker-Content-Digest: {digest}\r\nContent-Type: application/vnd.oci.image.index.v1+json\r\nContent-Length: 1000"
                    )
                } else {
                    "404 Not Found\r\nContent-Length: 0".to_owned()
                };
                asked.push(first);
                write!(reader.get_mut(), "HTTP/1.1 {answer}\r\n\r\n").unwrap();
                if asked.len() == questions {
                    break;
                }
            }
        }
        asked
    });
    (port, thread)
}

#[test]
fn a_base_image_is_pinned_only_when_asked() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let (port, thread) = registry(&digest, 2);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("Dockerfile");
    let base = format!("127.0.0.1:{port}/base");
    let text = format!(
        "FROM {base}:1 AS a\nFROM {base}:1\nFROM {base}:2\nFROM scratch\nCOPY --from=a /a /a\nUSER 1\n"
    );
    fs::write(&file, &text).unwrap();
    fix(dir.path(), &["--fix"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "without the flag nobody is asked");
    let ran = fix(dir.path(), &["--fix", "--pin"]);
    let pinned = text.replace(&format!("{base}:1"), &format!("{base}:1@{digest}"));
    assert_eq!(fs::read_to_string(&file).unwrap(), pinned, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("`{base}:2` is not pinned")), "{}", ran.stderr);
    let asked = thread.join().unwrap();
    assert_eq!(asked.len(), 2, "a tag is asked for once: {asked:?}");
    let offline = fix(dir.path(), &["--fix", "--pin", "--offline"]);
    assert!(
        offline.stderr.contains("is not pinned") && offline.stderr.contains("nothing to fix"),
        "{}",
        offline.stderr
    );
}
