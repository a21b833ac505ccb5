//! Images booted beside the one under test, and what is expected of it, on the sandbox and on a Docker Engine.

use crate::engines::Docker;
use crate::support::{failed, program, run, skipped, words};
use seaworthy_oci::Digest;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A layout of one layer: a static busybox as `/bin/sh` and more, and the given files.
pub(crate) fn layout(dir: &Path, busybox: &Path, files: &[(&str, u32, &str)], config: &Value) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut put = |path: &str, mode: u32, content: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, path, content).unwrap();
    };
    put("bin/busybox", 0o755, &fs::read(busybox).unwrap());
    for (path, mode, content) in files {
        put(path, *mode, content.as_bytes());
    }
    for name in ["sh", "httpd", "wget", "sleep", "cat", "id", "mkdir", "nc", "touch", "env", "kill"] {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, format!("bin/{name}"), "busybox").unwrap();
    }
    for name in ["tmp/", "etc/", "dev/", "proc/", "sys/"] {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o1777);
        header.set_size(0);
        tar.append_data(&mut header, name, &[][..]).unwrap();
    }
    let layer = tar.into_inner().unwrap();
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |media: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        json!({ "mediaType": media, "digest": digest.to_string(), "size": bytes.len() })
    };
    let layer = put("application/vnd.oci.image.layer.v1.tar", &layer);
    let config = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": config,
        "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
    });
    let config = put("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let media = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({ "schemaVersion": 2, "mediaType": media, "config": config, "layers": [layer] });
    let manifest = put(media, manifest.to_string().as_bytes());
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    fs::write(dir.join("index.json"), json!({ "schemaVersion": 2, "manifests": [manifest] }).to_string())
        .unwrap();
}

const APP: &str = "#!/bin/sh
trap 'exit 0' TERM
[ -n \"$DB_URL\" ] || { echo 'DB_URL is missing' >&2; exit 1; }
httpd -f -p 8080 -h /www &
echo serving
wait
";
const HEALTH: &str = "#!/bin/sh
printf 'Content-Type: application/json\\r\\n\\r\\n'
wget -q -O - \"$DB_URL/data.json\"
";
// Slow at its start, as databases are, and writing where it likes.
const DB: &str = "#!/bin/sh
sleep 1
echo \"{\\\"token\\\": \\\"$TOKEN\\\", \\\"items\\\": [{\\\"id\\\": 3}]}\" >/srv/data.json
exec httpd -f -p 9000 -h /srv
";

/// An app, and a database that it asks at every request.
fn system(dir: &Path, busybox: &Path) {
    let config = json!({
        "Env": ["PATH=/bin"], "User": "1000:1000", "Cmd": ["/app.sh"], "ExposedPorts": { "8080/tcp": {} },
    });
    let files = [("app.sh", 0o755, APP), ("www/cgi-bin/health", 0o755, HEALTH)];
    layout(&dir.join("app"), busybox, &files, &config);
    let config = json!({
        "Env": ["PATH=/bin"], "Cmd": ["/db.sh"], "ExposedPorts": { "9000/tcp": {} },
    });
    layout(&dir.join("db"), busybox, &[("db.sh", 0o755, DB), ("srv/index.html", 0o644, "")], &config);
}

const POLICY: &str = r#"
[[image]]
bases = { "database:1" = "oci:db" }
[image.test]
ready = "GET :8080/cgi-bin/health"
required = ["DB_URL"]
env = { DB_URL = "http://${services.db.host}:${services.db.port}" }
services.db = { image = "database:1", env = { TOKEN = { generate = true } }, ready = "tcp :9000" }
[[image.test.http]]
request = "GET /cgi-bin/health"
body-contains = "${services.db.env.TOKEN}"
json = { "items[0].id" = 3, "items.length()" = 1 }
[[image.test.command]]
run = "id -u"
output-matches = "^1000$"
[[image.test.command]]
run = ["cat", "/nowhere"]
exit-code = 1
output-contains = "No such file"
"#;

fn tested(dir: &Path, engine: &str, policy: &str) -> Value {
    fs::write(dir.join("seaworthy.toml"), policy).unwrap();
    let report = dir.join("report.json");
    let _ = fs::remove_file(&report);
    let project = dir.to_str().unwrap();
    let ran = run(&[
        "test",
        &format!("oci:{project}/app"),
        "--project",
        project,
        "--engine",
        engine,
        "--format",
        &format!("json={}", report.display()),
    ]);
    let text = fs::read_to_string(&report).unwrap_or_else(|error| panic!("{error}\n{}", ran.stderr));
    serde_json::from_str(&text).unwrap()
}

/// The system on every engine that is here.
fn engines(check: impl Fn(&str, &Path)) {
    let Some(busybox) = program("busybox") else { return skipped("no busybox (package busybox-static)") };
    let dir = tempfile::tempdir().unwrap();
    system(dir.path(), &busybox);
    check("sandbox", dir.path());
    if let Some(_docker) = Docker::take() {
        check("docker", dir.path());
    }
}

#[test]
fn a_service_is_reached_by_its_name_and_expectations_are_met() {
    engines(|engine, dir| {
        let report = tested(dir, engine, POLICY);
        assert_eq!(failed(&report), Vec::<String>::new(), "{engine}\n{report:#}");
        let run = &report["facts"]["run"];
        assert_eq!(run["ready"]["value"]["boot"]["ready"], true, "{engine}: {run:#}");
        assert_eq!(run["missing"]["value"][0]["boot"]["exit"]["code"], 1, "{engine}: {run:#}");
        assert_eq!(run["sockets"]["value"].as_array().unwrap().len(), 1, "{engine}: {run:#}");
        let commands = run["commands"]["value"].as_array().unwrap();
        assert!(commands.iter().all(|command| command["failures"] == json!([])), "{engine}: {commands:#?}");
    });
}

#[test]
fn what_is_not_as_expected_is_said_with_what_came_instead() {
    engines(|engine, dir| {
        let wrong = POLICY.replace("\"items[0].id\" = 3", "\"items[0].id\" = 4").replace("^1000$", "^0$");
        let report = tested(dir, engine, &wrong);
        assert_eq!(failed(&report), ["failed-expectation"], "{engine}");
        let words = words(&report, "failed-expectation");
        for word in ["`items[0].id` is 3, expected 4", "`id -u`", "does not match `^0$`"] {
            assert!(words.contains(word), "{engine}: `{word}` is not said:\n{words}");
        }
    });
}

#[test]
fn a_service_that_does_not_come_up_is_no_verdict_on_the_image() {
    engines(|engine, dir| {
        let broken = POLICY.replace("ready = \"tcp :9000\"", "ready = \"tcp :9999\", ready-timeout = \"2s\"");
        let report = tested(dir, engine, &broken);
        assert_eq!(failed(&report), Vec::<String>::new(), "{engine}");
        let ready = report["facts"]["run"]["ready"].to_string();
        assert!(ready.contains("the service `db` was not ready within 2.0 s"), "{engine}: {ready}");
    });
}

#[test]
fn a_wrong_name_is_an_error_with_the_nearest_one() {
    let Some(busybox) = program("busybox") else { return skipped("no busybox (package busybox-static)") };
    let dir = tempfile::tempdir().unwrap();
    system(dir.path(), &busybox);
    let project = dir.path().to_str().unwrap();
    let image = format!("oci:{project}/app");
    for (from, to, word) in [
        ("services.db.host", "services.db.hots", "did you mean `${services.db.host}`?"),
        ("items[0].id", "items[zero].id", "neither a number nor quoted"),
        ("^1000$", "^(1000$", "no regular expression"),
        ("output-matches", "output-match", "did you mean `output-matches`?"),
        ("services.db = ", "services.db2 = ", "did you mean `${services.db2.host}`?"),
        ("\"oci:db\"", "\"oci:nowhere\"", "the service `db`: failed to open the image"),
    ] {
        fs::write(dir.path().join("seaworthy.toml"), POLICY.replacen(from, to, 1)).unwrap();
        let ran = run(&["test", &image, "--project", project]).expect(2);
        assert!(ran.stderr.contains(word), "{to}: `{word}` is not said:\n{}", ran.stderr);
    }
}
