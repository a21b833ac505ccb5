//! Looking at an image: every view as text and as JSON, two images compared, and the browser in a real terminal.

use crate::support::{run, skipped};
use seaworthy_oci::Digest;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A layer of files: path, content, mode, owner. A path that ends in `/` is a directory.
pub(crate) type Files<'a> = &'a [(&'a str, &'a [u8], u32, u64)];

fn tar(files: Files<'_>) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content, mode, owner) in files {
        let mut header = tar::Header::new_gnu();
        let folder = path.ends_with('/');
        header.set_entry_type(if folder { tar::EntryType::Directory } else { tar::EntryType::Regular });
        header.set_mode(*mode);
        header.set_uid(*owner);
        header.set_gid(*owner);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

/// Writes an image of plain layers into a layout. `config` is completed by the layers.
pub(crate) fn layout(dir: &Path, layers: &[Files<'_>], config: Value) -> String {
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        (digest.to_string(), bytes.len())
    };
    let (mut listed, mut diff_ids) = (Vec::new(), Vec::new());
    for files in layers {
        let (digest, size) = put(&tar(files));
        listed.push(
            json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": size }),
        );
        diff_ids.push(digest);
    }
    let mut config = config;
    config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
    let (digest, size) = put(config.to_string().as_bytes());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": listed,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size },
    });
    let (digest, size) = put(manifest.to_string().as_bytes());
    let index = json!({ "schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size }] });
    fs::write(dir.join("index.json"), index.to_string()).unwrap();
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    format!("oci:{}", dir.display())
}

/// An image of up to three layers as builders record them.
pub(crate) fn image(dir: &Path, layers: &[Files<'_>], env: &[&str]) -> String {
    let made = [
        "/bin/sh -c #(nop) ADD file:1 in /",
        "COPY . /app # buildkit",
        "RUN /bin/sh -c chown -R 1000 /app # buildkit",
    ];
    let mut history: Vec<Value> =
        made[..layers.len()].iter().map(|made| json!({ "created_by": made })).collect();
    history.insert(1, json!({ "created_by": "/bin/sh -c #(nop)  CMD [\"sh\"]", "empty_layer": true }));
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "2026-11-20T07:20:48Z", "history": history,
        "config": { "Env": env, "Cmd": ["/app/run"], "User": "1000" },
    });
    layout(dir, layers, config)
}

const BIG: &[u8] = &[b'x'; 40_000];
const BASE: Files<'_> =
    &[("etc/", b"", 0o755, 0), ("etc/conf", b"a=1\n", 0o644, 0), ("usr/lib.so", BIG, 0o644, 0)];
const APP: Files<'_> = &[
    ("app/", b"", 0o755, 0),
    ("app/run", BIG, 0o755, 0),
    ("app/key.pem", b"nothing secret", 0o600, 0),
    ("var/lib/apt/lists/x_Packages", &[b'p'; 5000], 0o644, 0),
];
const CHOWN: Files<'_> =
    &[("app/", b"", 0o755, 1000), ("app/run", BIG, 0o755, 1000), ("app/.wh.key.pem", b"", 0, 0)];

#[test]
fn every_view_says_where_the_bytes_are() {
    let dir = tempfile::tempdir().unwrap();
    let name = image(dir.path(), &[BASE, APP, CHOWN], &["A=1"]);
    let look = |args: &[&str]| {
        let mut all = vec!["inspect", &name, "--no-config"];
        all.extend(args);
        run(&all).expect(0).stdout
    };
    let layers = look(&["--layers"]);
    assert!(
        layers.contains("base  ADD file:1 in /") && layers.contains("yours RUN chown -R 1000 /app"),
        "{layers}"
    );
    let tree = look(&["--tree", "--depth", "1"]);
    let rows: Vec<&str> = tree.lines().map(str::trim).collect();
    assert!(rows[0].starts_with("85.0 kB /") && rows[0].ends_with("4 files"), "{tree}");
    assert!(rows[1].contains("47 % ├─ app/") || rows[1].contains("47 % ├─ usr/"), "{tree}");
    let below = look(&["--path", "/app"]);
    assert!(below.contains("/app  1 files") && !below.contains("lib.so"), "{below}");
    let waste = look(&["--waste"]);
    assert!(waste.contains("40.0 kB stored again to change the owner"), "{waste}");
    assert!(
        waste.contains("14 B deleted later") && waste.contains("5.0 kB package manager's cache"),
        "{waste}"
    );
    assert!(waste.contains("80.0 kB wasted as dive counts it"), "{waste}");
    let files = look(&["--files", "*.pem"]);
    assert!(files.contains("/app/key.pem  hidden by layer 3") && files.contains("deleted here"), "{files}");
    assert!(files.contains(&Digest::of(b"nothing secret").hex()[..12]), "{files}");
}

#[test]
fn the_summary_fits_one_screen() {
    let dir = tempfile::tempdir().unwrap();
    let name = image(dir.path(), &[BASE, APP, CHOWN], &["A=1"]);
    let ran = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["inspect", &name, "--no-config"])
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.lines().count() <= 24, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.starts_with("oci:")), "{text}");
    assert!(text.contains("40.0 kB hidden, 5.0 kB caches"), "{text}");
}

#[test]
fn views_are_in_the_json_too() {
    let dir = tempfile::tempdir().unwrap();
    let name = image(dir.path(), &[BASE, APP, CHOWN], &["A=1"]);
    let args =
        ["inspect", &name, "--no-config", "--tree", "--waste", "--files", "/app/**", "--format", "json"];
    let report: Value = serde_json::from_str(&run(&args).stdout).unwrap();
    assert_eq!(report["schema"], "seaworthy/1");
    let facts = &report["facts"];
    assert_eq!(facts["tree"]["bytes"], 85_004);
    assert_eq!(facts["dive"]["wasted"], 80_014);
    assert_eq!(facts["image"]["hidden"], 40_014);
    assert_eq!(facts["image"]["base"]["layers"], 1);
    assert_eq!(facts["image"]["waste_by_cause"]["rechowned"]["bytes"], 40_000);
    let fates: Vec<_> = facts["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (file["path"].as_str().unwrap(), file["layer"].as_u64().unwrap(), file["hidden_by"].as_u64())
        })
        .collect();
    assert_eq!(
        fates,
        [
            ("/app/key.pem", 1, Some(2)),
            ("/app/key.pem", 2, None),
            ("/app/run", 1, Some(2)),
            ("/app/run", 2, None)
        ]
    );
}

#[test]
fn two_images_are_compared() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old_name = image(old.path(), &[BASE, APP], &["A=1"]);
    let new_name = image(new.path(), &[BASE, APP, CHOWN], &["A=2", "B=3"]);
    let text = run(&["inspect", &old_name, "--diff", &new_name, "--no-config"]).expect(0).stdout;
    for part in ["Env A", "- 1", "+ 2", "Env B", "removed: 1 entries", "/app/key.pem", "0:0 → 1000:1000"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let same = run(&["inspect", &old_name, "--diff", &old_name, "--no-config"]).expect(0).stdout;
    assert!(same.contains("no file and no part of the configuration differs"), "{same}");
    let base = run(&["inspect", &new_name, "--base", &old_name, "--layers", "--no-config"]).expect(0).stdout;
    assert!(base.contains("base    2 oci:") && base.contains("yours   1"), "{base}");
}

#[test]
fn the_limits_of_dive_hold() {
    let dir = tempfile::tempdir().unwrap();
    let name = image(&dir.path().join("image"), &[BASE, APP, CHOWN], &["A=1"]);
    let project = dir.path().to_str().unwrap();
    let inspect = || run(&["inspect", &name, "--project", project, "--format", "json"]);
    let rule = |ran: &crate::support::Ran| {
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        let ours = findings.into_iter().filter(|finding| finding["rule"] == "inefficient-layers");
        ours.map(|finding| finding["aliases"][0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(rule(&inspect()).is_empty());
    let limits = "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 70kB # more is too much\n  highestUserWastedPercent: \"disabled\"\n";
    fs::write(dir.path().join(".dive-ci"), limits).unwrap();
    let ran = inspect();
    assert_eq!(rule(&ran), ["highestWastedBytes", "lowestEfficiency"], "{}", ran.stdout);
    assert_eq!(ran.code, 1);
    fs::write(
        dir.path().join("seaworthy.toml"),
        "[rules]\n\"inefficient-layers\" = { efficiency = 0.5, wasted = \"1MB\" }\n",
    )
    .unwrap();
    assert!(rule(&inspect()).is_empty(), "the policy goes before dive's file");
}

/// Browses an image in a pseudo-terminal.
fn browse(name: &str, keys: &str, end: &str) -> Option<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/browse.py");
    let program = env!("CARGO_BIN_EXE_seaworthy");
    let output = Command::new("python3")
        .args([script, keys, end, program, "inspect", name, "--no-config", "--browse"])
        .output()
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn the_browser_walks_a_real_terminal_and_gives_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let name = image(dir.path(), &[BASE, APP, CHOWN], &["A=1"]);
    // Only what changed is written, so whole sentences are not to be found. Down, open, waste and its first file, a search, help.
    let Some(seen) = browse(&name, "j\\rw\\r/key\\r\\x1b?", "q") else {
        skipped("no python3 for a pseudo-terminal");
        return;
    };
    for fact in ["entered", "left", "raw", "restored"] {
        assert_eq!(seen[fact], true, "{fact}: {seen}");
    }
    assert_eq!(seen["status"], 0);
    let text = seen["text"].as_str().unwrap();
    for part in ["3 layers", "stored for noth", "search:", "key.pem", " keys "] {
        assert!(text.contains(part), "{part}: {text:?}");
    }
    for signal in ["TERM", "HUP"] {
        let seen = browse(&name, "j", signal).unwrap();
        assert_eq!((&seen["left"], &seen["restored"]), (&json!(true), &json!(true)), "{signal}: {seen}");
        assert_eq!(seen["status"], 130, "{signal}: {seen}");
    }
}

#[test]
fn without_a_terminal_the_browser_refuses_politely() {
    let dir = tempfile::tempdir().unwrap();
    let name = image(dir.path(), &[BASE], &[]);
    let ran = run(&["inspect", &name, "--browse", "--no-config"]).expect(2);
    assert!(ran.stderr.contains("needs a terminal") && ran.stderr.contains("--tree"), "{}", ran.stderr);
}
