//! No command repeats a secret: images and projects full of them, looked at in every way, in every format.

use crate::looking::layout;
use crate::support::{Ran, run, seaworthy};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Formats of a report, as `--format` takes them.
const FORMATS: [&str; 10] =
    ["terminal", "concise", "json", "jsonl", "sarif", "junit", "github", "gitlab", "markdown", "html"];

/// A token that is made up, with the checksum its format demands. In two parts, so that nobody takes it for one.
fn token() -> String {
    ["ghp_u8jzPde0IgxLd6Gncf", "BAepfJBd0Kh8024xXH"].concat()
}

const PASSWORD: &str = "tR7xpq-Zx_91mNb2";

/// What is long enough to be worth something to who reads it.
fn holds(text: &str, secret: &str) -> bool {
    text.contains(&secret[..12]) || text.contains(&secret[secret.len() - 12..])
}

/// Where a command repeated a secret.
#[derive(Default)]
struct Leaks(Vec<String>);

impl Leaks {
    fn of(&mut self, what: &str, ran: &Ran) {
        for secret in [&token(), PASSWORD] {
            for (stream, text) in [("output", &ran.stdout), ("messages", &ran.stderr)] {
                for line in text.lines().filter(|line| holds(line, secret)) {
                    let at = line.find(&secret[..12]).or_else(|| line.find(&secret[secret.len() - 12..]));
                    let around: String = line[..at.unwrap_or(0)].chars().rev().take(80).collect();
                    let around: String = around.chars().rev().collect();
                    self.0.push(format!("{what}, {stream}: {around}…"));
                }
            }
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{} lines with secrets:\n{}", self.0.len(), self.0.join("\n"));
    }
}

fn leaky(dir: &Path) -> String {
    let token = token();
    let env = format!("TOKEN={token}\nDB_PASSWORD={PASSWORD}\n");
    let url = format!("https://app:{token}@git.example/app.git");
    layout(
        dir,
        &[
            &[("app/", b"", 0o755, 0), ("app/.env", env.as_bytes(), 0o644, 0)],
            &[("app/.wh..env", b"", 0, 0), ("app/run", env.as_bytes(), 0o755, 0)],
        ],
        json!({
            "architecture": "amd64", "os": "linux",
            "history": [
                { "created_by": format!("RUN |1 TOKEN={token} /bin/sh -c git clone {url} # buildkit") },
                { "created_by": format!("RUN /bin/sh -c echo DB_PASSWORD={PASSWORD} >/app/run # buildkit") },
            ],
            "config": {
                "Env": ["PATH=/bin", format!("GITHUB_TOKEN={token}"), format!("DB_PASSWORD={PASSWORD}")],
                "Cmd": ["/app/run", "--token", token], "User": "1000",
                "Labels": { "org.opencontainers.image.source": url },
                "Healthcheck": { "Test": ["CMD-SHELL", format!("curl -H 'Authorization: Bearer {token}' :8080")] },
            },
        }),
    )
}

#[test]
fn what_looks_into_an_image_names_no_secret() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut leaks = Leaks::default();
    let name = leaky(one.path());
    let other = layout(
        two.path(),
        &[&[("app/run", b"x", 0o755, 0)]],
        json!({ "architecture": "amd64", "os": "linux", "config": { "Env": ["DB_PASSWORD=other"] } }),
    );
    let seen = run(&["inspect", &name, "--no-config", "--exit-zero", "--format", "json"]);
    let count = seen.stdout.matches("\"secret-in-").count();
    assert!(count >= 6, "the secrets are found, or hiding them proves nothing: {count}\n{}", seen.stdout);
    for format in FORMATS {
        let args =
            ["inspect", &name, "--no-config", "--exit-zero", "--persona", "auditor", "--format", format];
        let ran = run(&args);
        assert!(!ran.stdout.is_empty(), "{format}: {}", ran.stderr);
        leaks.of(&format!("inspect --format {format}"), &ran);
    }
    for view in [
        &["--layers"][..],
        &["--tree"],
        &["--waste"],
        &["--files"],
        &["--diff", &other],
        &["-v"],
        &["--layers", "--format", "json"],
    ] {
        let ran = run(&[&["inspect", &name, "--no-config", "--exit-zero"][..], view].concat());
        leaks.of(&format!("inspect {}", view.join(" ")), &ran);
    }
    for format in ["spdx-json", "spdx-tag-value", "cyclonedx-json"] {
        leaks.of(&format!("sbom {format}"), &run(&["sbom", &name, "--no-config", "--format", format]));
    }
    leaks.of("scan", &run(&["scan", &name, "--no-config"]));
    leaks.of("test", &run(&["test", &name, "--no-config", "--exit-zero"]));
    let copy = two.path().join("copy");
    leaks.of("copy", &run(&["copy", &name, &format!("oci:{}", copy.display())]));
    leaks.none();
}

#[test]
fn what_reads_a_project_names_no_secret() {
    let mut leaks = Leaks::default();
    let dir = tempfile::tempdir().unwrap();
    let token = token();
    let write = |name: &str, text: String| {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write(
        "Dockerfile",
        format!(
            "FROM alpine:3.22\nARG GITHUB_TOKEN={token}\nENV DB_PASSWORD {PASSWORD}\nRUN curl -H \"Authorization: token {token}\" https://git.example\nADD https://app:{token}@git.example/x /x\nLABEL key={token}\nUSER 1000\n"
        ),
    );
    write(
        "compose.yaml",
        format!(
            "services:\n  app:\n    build: .\n    environment:\n      DB_PASSWORD: {PASSWORD}\n      - GITHUB_TOKEN={token}\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: {PASSWORD}\n      GITHUB_TOKEN: {token}\n    ports: [\"5432:5432\"]\n"
        ),
    );
    write(
        ".github/workflows/ci.yaml",
        format!(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    env:\n      GITHUB_TOKEN: {token}\n    steps:\n      - run: docker login -u a -p {PASSWORD} registry.example\n"
        ),
    );
    write(
        "README.md",
        format!("```sh\ndocker run -e DB_PASSWORD={PASSWORD} -e T={token} --publsh 80 app\n```\n"),
    );
    let check = |args: &[&str]| {
        let all = [&["check", "--no-config", "--exit-zero", "--persona", "auditor"][..], args].concat();
        Ran::from(seaworthy().args(all).current_dir(dir.path()).output().unwrap())
    };
    let seen = check(&["--format", "json"]).stdout;
    assert!(seen.contains("secret"), "{seen}");
    for format in FORMATS {
        let ran = check(&["--format", format]);
        assert!(!ran.stdout.is_empty(), "{format}: {}", ran.stderr);
        leaks.of(&format!("check --format {format}"), &ran);
    }
    leaks.of("check --baseline", &check(&["--baseline", "known.json", "--write-baseline"]));
    let known = Ran { stdout: fs::read_to_string(dir.path().join("known.json")).unwrap(), ..check(&[]) };
    leaks.of("the baseline", &known);
    leaks.none();
}
