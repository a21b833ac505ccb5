//! Twelve small faults, each put into the example, and each must turn exactly the right checks red, with words that name the cause.

use crate::support::{Project, failed, program, run, shipped, skipped, words};
use seaworthy_oci::{Descriptor, Digest, History, Index, Manifest, media_type};
use seaworthy_store::Layout;
use std::fs;
use std::io::Write as _;

const POLICY: &str = "seaworthy.toml";
const SERVER: &str = "src/server.rs";
const STARTED: &str = "    let (drain, draining) = watch::channel(false);\n";

/// Ships the example with edits and expects exactly these checks to fail, and these words in their findings.
#[track_caller]
fn mutant(edits: &[(&str, &str, &str)], red: &[&str], says: &[&str]) {
    let project = Project::take();
    changed(&project, edits, red, says);
}

#[track_caller]
fn changed(project: &Project, edits: &[(&str, &str, &str)], red: &[&str], says: &[&str]) {
    for (file, from, to) in edits {
        project.edit(file, from, to);
    }
    project.commit();
    let ran = project.ship(&[]).expect(1);
    let report = project.report();
    assert_eq!(failed(&report), red, "\n{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(report["verdict"], "not-fit");
    let text: String = red.iter().map(|rule| words(&report, rule)).collect();
    for word in says {
        assert!(text.contains(word), "`{word}` is not said:\n{text}");
        assert!(ran.stdout.contains(red[0]), "`{}` is not on the screen:\n{}", red[0], ran.stdout);
    }
}

/// A line of source after the service has said that it listens.
fn after_start(line: &str) -> String {
    format!("    {line}\n{STARTED}")
}

#[test]
fn m01_runs_as_root() {
    let edits = [
        (POLICY, "user = \"10001:10001\"", "user = \"0:0\""),
        (POLICY, "uid = 10001\ngid = 10001\n", "uid = 0\ngid = 0\n"),
    ];
    mutant(&edits, &["root-process", "runs-as-root"], &["root", "uid 0"]);
}

#[test]
fn m02_shell_form_swallows_the_stop_signal() {
    let Some(busybox) = program("busybox").filter(|file| is_static(file)) else {
        skipped("no static busybox (package busybox-static)");
        return;
    };
    let project = Project::take();
    fs::copy(busybox, project.path.join("busybox")).unwrap();
    let shell =
        "entrypoint = \"/usr/local/bin/password-api serve; exit $?\"\nfiles = { \"/bin/sh\" = \"busybox\" }";
    changed(
        &project,
        &[(POLICY, "cmd = [\"serve\"]", shell)],
        &["unhandled-stop-signal"],
        &["SIGTERM", "shell", "exec form"],
    );
}

#[test]
fn m03_secret_in_a_deleted_file() {
    // The image gets two layers more: one with the secret, one that deletes its file.
    let copy = tempfile::tempdir().unwrap();
    crate::support::copy(&shipped().join("image"), copy.path());
    let layout = Layout::open(copy.path()).unwrap();
    let image = layout.resolve(None).unwrap();
    let mut manifest: Manifest = serde_json::from_slice(&layout.read(&image).unwrap()).unwrap();
    let mut config: seaworthy_oci::ImageConfig =
        serde_json::from_slice(&layout.read(&manifest.config).unwrap()).unwrap();
    // Made here, so that no scanner of this repository finds it.
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n".repeat(12);
    let key = format!("-----BEGIN {0} KEY-----\n{body}-----END {0} KEY-----\n", "PRIVATE");
    for (name, content, by) in [
        ("opt/app/server.key", key.as_bytes(), "COPY server.key /opt/app/"),
        ("opt/app/.wh.server.key", b"".as_slice(), "RUN rm /opt/app/server.key"),
    ] {
        let tar = tar_of(name, content);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&tar).unwrap();
        manifest.layers.push(layout.put(media_type::LAYER_GZIP, &gzip.finish().unwrap()).unwrap());
        config.rootfs.diff_ids.push(Digest::of(&tar));
        config.history.push(History { created_by: Some(by.to_owned()), ..History::default() });
    }
    manifest.config = layout.put(media_type::CONFIG, &serde_json::to_vec(&config).unwrap()).unwrap();
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let changed: Descriptor = layout.put(media_type::MANIFEST, &bytes).unwrap();
    let index = Index::of(vec![changed]);
    fs::write(copy.path().join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();

    let ran = run(&["inspect", &format!("oci:{}", copy.path().display()), "--no-config", "--format", "json"])
        .expect(1);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(failed(&report), ["secret-in-layer"], "{}", ran.stdout);
    let text = words(&report, "secret-in-layer");
    for word in ["/opt/app/server.key", "private key", "delet"] {
        assert!(text.to_lowercase().contains(word), "`{word}` is not said:\n{text}");
    }
    assert!(!ran.stdout.contains("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"), "the secret itself is shown");
}

#[test]
fn m04_a_required_variable_gets_a_silent_default() {
    let edit = (
        "src/config.rs",
        "let text = env.text(name)?.ok_or(ConfigError::Missing(name))?;\n    text.parse().map_err(|_| ConfigError::Invalid {\n        name,\n        expected: \"an IP",
        "let text = env.text(name)?.unwrap_or_else(|| \"0.0.0.0\".to_owned());\n    text.parse().map_err(|_| ConfigError::Invalid {\n        name,\n        expected: \"an IP",
    );
    mutant(&[edit], &["silent-default"], &["USNPW_API_HOST", "README.md"]);
}

#[test]
fn m05_an_undeclared_port() {
    let line = after_start("std::mem::forget(std::net::TcpListener::bind((\"0.0.0.0\", 9999)));");
    mutant(&[(SERVER, STARTED, &line)], &["undeclared-port"], &["9999", "EXPOSE"]);
}

#[test]
fn m06_writes_outside_the_tmpfs() {
    let line = after_start("let _ = std::fs::write(\"/home/app/history.db\", \"history\");");
    mutant(&[(SERVER, STARTED, &line)], &["hidden-write"], &["/home/app/history.db"]);
}

#[test]
fn m07_a_wrong_health_path() {
    let edit = ("src/health.rs", "write_all(b\"GET /healthz ", "write_all(b\"GET /health ");
    mutant(&[edit], &["unhealthy-healthcheck"], &["password-api health", "did not answer 200"]);
}

#[test]
fn m08_logs_the_token() {
    let line = after_start(
        "logging::out(&format!(\"using {:?}\", std::env::var(\"USNPW_API_TOKEN_FILE\").ok().map(std::fs::read_to_string)));",
    );
    let project = Project::take();
    changed(&project, &[(SERVER, STARTED, &line)], &["secret-in-log"], &["/run/secrets/api_token"]);
    let text = fs::read_to_string(project.out().join("report.json")).unwrap()
        + &fs::read_to_string(project.out().join("report.html")).unwrap();
    assert!(text.contains("[file /run/secrets/api_token]"), "the line is shown with the token replaced");
    // A generated token has 48 hexadecimal characters; digests and fingerprints have 64.
    let tokens = text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 48).count();
    assert_eq!(tokens, 0, "a report shows the token");
}

#[test]
fn m09_a_user_that_cannot_read_its_token_file() {
    let edit = (POLICY, "user = \"10001:10001\"", "user = \"10002:10002\"");
    mutant(&[edit], &["not-ready"], &["/run/secrets/api_token", "10002", "0400"]);
}

#[test]
fn m10_a_label_is_missing() {
    let edit = (POLICY, "cmd = [\"serve\"]", "cmd = [\"serve\"]\nwithout-labels = [\"description\"]");
    mutant(&[edit], &["missing-label"], &["org.opencontainers.image.description"]);
}

#[test]
fn m11_an_oversized_image() {
    let project = Project::take();
    // Numbers of a simple generator: they do not compress.
    let mut state = 1_u64;
    let data: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(6_000_000)
    .collect();
    fs::write(project.path.join("data.bin"), data).unwrap();
    let edit = (POLICY, "cmd = [\"serve\"]", "cmd = [\"serve\"]\nfiles = { \"/data.bin\" = \"data.bin\" }");
    changed(&project, &[edit], &["oversized-image"], &["5.0 MB", "/data.bin"]);
}

#[test]
fn m12_an_unsigned_publication() {
    let edit = (POLICY, "sign = { key = \"target/seaworthy/cosign.key\", generate = true }\n", "");
    mutant(&[edit], &["unsigned-image"], &["no signature"]);
}

/// A tar with one file and the directories above it.
fn tar_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    tar.append_data(&mut header, name, content).unwrap();
    tar.into_inner().unwrap()
}

/// Whether an ELF file names no interpreter; good enough to tell the two busybox packages apart.
fn is_static(file: &std::path::Path) -> bool {
    fs::read(file)
        .is_ok_and(|bytes| !bytes.windows(16).take(4096).any(|part| part.starts_with(b"/lib64/ld-linux")))
}
