//! dockle's checkpoints, an image for each: what its documentation says of such an image, we say under its code, and of
//! an image without that fault nothing. dockle itself is not to be had as a package.

use crate::looking::{Files, layout};
use crate::support::run;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/app:/bin/false\n";
const GROUP: &[u8] = b"root:x:0:\napp:x:1000:\n";
const SHADOW: &[u8] = b"root:*:19000:0:99999:7:::\napp:!:19000:0:99999:7:::\n";

/// A checkpoint's image: what differs from the sound one.
struct Case {
    name: &'static str,
    /// Keys of the configuration's `config`, replaced.
    config: Value,
    /// Entries of the history, added.
    history: &'static [&'static str],
    /// Files, added or replaced: path, content, mode.
    files: &'static [(&'static str, &'static [u8], u32)],
    tag: &'static str,
    expected: &'static [&'static str],
}

impl Default for Case {
    fn default() -> Self {
        Self { name: "sound", config: json!({}), history: &[], files: &[], tag: "1.0", expected: &[] }
    }
}

fn run_of(name: &'static str, history: &'static [&'static str], expected: &'static [&'static str]) -> Case {
    Case { name, history, expected, ..Case::default() }
}

fn file(
    name: &'static str,
    files: &'static [(&'static str, &'static [u8], u32)],
    expected: &'static [&'static str],
) -> Case {
    Case { name, files, expected, ..Case::default() }
}

fn codes(case: &Case) -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let mut files: Vec<(&str, &[u8], u32, u64)> = vec![
        ("etc/passwd", PASSWD, 0o644, 0),
        ("etc/group", GROUP, 0o644, 0),
        ("etc/shadow", SHADOW, 0o640, 0),
        ("app/run", b"#!/bin/sh\n", 0o755, 0),
    ];
    for (path, content, mode) in case.files {
        files.retain(|known| known.0 != *path);
        files.push((path, content, *mode, 0));
    }
    let layers: [Files<'_>; 1] = [&files];
    let mut config = json!({
        "User": "1000:1000", "Cmd": ["/app/run"], "Env": ["PATH=/bin"],
        "ExposedPorts": { "8080/tcp": {} }, "Healthcheck": { "Test": ["CMD", "/app/run", "health"] },
    });
    for (key, value) in case.config.as_object().unwrap() {
        config[key] = value.clone();
    }
    // A base begins with the one `ADD` that is no fault.
    let mut history = vec![json!({ "created_by": "/bin/sh -c #(nop) ADD file:0a1b in / " })];
    let more = case.history.iter().map(|text| json!({ "created_by": text, "empty_layer": true }));
    history.extend(more);
    let name = layout(
        dir.path(),
        &layers,
        json!({ "architecture": "amd64", "os": "linux", "created": "2026-11-20T07:20:48Z",
                "history": history, "config": config }),
    );
    // The name of an image in a layout is an annotation.
    let index = dir.path().join("index.json");
    let mut listed: Value = serde_json::from_str(&std::fs::read_to_string(&index).unwrap()).unwrap();
    listed["manifests"][0]["annotations"] = json!({ "org.opencontainers.image.ref.name": case.tag });
    std::fs::write(&index, listed.to_string()).unwrap();
    let name = format!("{name}:{}", case.tag);
    let ran =
        run(&["inspect", &name, "--no-config", "--persona", "auditor", "--exit-zero", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let found = report["findings"].as_array().unwrap().iter();
    let aliases = found.flat_map(|finding| finding["aliases"].as_array().unwrap());
    let codes = aliases.map(|alias| alias.as_str().unwrap().to_owned());
    codes.filter(|code| code.starts_with("CIS-DI-") || code.starts_with("DKL-")).collect()
}

#[test]
fn every_checkpoint_has_its_image() {
    let cases = [
        Case::default(),
        Case {
            name: "no user",
            config: json!({ "User": "" }),
            expected: &["CIS-DI-0001"],
            ..Case::default()
        },
        Case {
            name: "root",
            config: json!({ "User": "root" }),
            expected: &["CIS-DI-0001"],
            ..Case::default()
        },
        Case {
            name: "no health check",
            config: json!({ "Healthcheck": null }),
            expected: &["CIS-DI-0006"],
            ..Case::default()
        },
        Case {
            name: "health check switched off",
            config: json!({ "Healthcheck": { "Test": ["NONE"] } }),
            expected: &["CIS-DI-0006"],
            ..Case::default()
        },
        run_of("update alone", &["RUN /bin/sh -c apt-get update # buildkit"], &["CIS-DI-0007"]),
        run_of(
            "update and install",
            &[
                "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends jq && rm -rf /var/lib/apt/lists/* # buildkit",
            ],
            &[],
        ),
        file("setuid", &[("usr/bin/su", b"x", 0o4755)], &["CIS-DI-0008"]),
        file("setgid", &[("usr/bin/wall", b"x", 0o2755)], &["CIS-DI-0008"]),
        run_of("ADD", &["ADD app.txt /app/ # buildkit"], &["CIS-DI-0009"]),
        run_of("ADD, classic builder", &["/bin/sh -c #(nop) ADD dir:0a1b in /app "], &["CIS-DI-0009"]),
        Case {
            name: "secret in a variable",
            config: json!({ "Env": ["PATH=/bin", "MYSQL_PASSWORD=tR7xpq-Zx_91mNb2"] }),
            expected: &["CIS-DI-0010"],
            ..Case::default()
        },
        file("private key", &[("root/.ssh/id_rsa", b"-", 0o600)], &["CIS-DI-0010"]),
        Case {
            name: "no health check, and no port to check",
            config: json!({ "Healthcheck": null, "ExposedPorts": {} }),
            ..Case::default()
        },
        run_of("sudo", &["RUN /bin/sh -c sudo make install # buildkit"], &["DKL-DI-0001"]),
        Case {
            name: "sensitive volume",
            config: json!({ "Volumes": { "/proc": {} } }),
            expected: &["DKL-DI-0002"],
            ..Case::default()
        },
        run_of(
            "dist-upgrade",
            &[
                "RUN /bin/sh -c apt-get update && apt-get dist-upgrade -y && rm -rf /var/lib/apt/lists/* # buildkit",
            ],
            &["DKL-DI-0003"],
        ),
        run_of("apk with cache", &["RUN /bin/sh -c apk add curl # buildkit"], &["DKL-DI-0004"]),
        run_of("apk without", &["RUN /bin/sh -c apk add --no-cache curl # buildkit"], &[]),
        run_of(
            "apt lists left",
            &["RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit"],
            &["DKL-DI-0005"],
        ),
        Case { name: "latest", tag: "latest", expected: &["DKL-DI-0006"], ..Case::default() },
        file(
            "empty password",
            &[("etc/shadow", b"root::19000:0:99999:7:::\napp:!:19000:0:99999:7:::\n", 0o640)],
            &["DKL-LI-0001"],
        ),
        file(
            "two with one number",
            &[(
                "etc/passwd",
                b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/false\nbob:x:1000:1000::/:/bin/false\n",
                0o644,
            )],
            &["DKL-LI-0002"],
        ),
        file(
            "a name twice",
            &[(
                "etc/passwd",
                b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/false\napp:x:1001:1000::/:/bin/false\n",
                0o644,
            )],
            &["DKL-LI-0002"],
        ),
        file("Dockerfile", &[("app/Dockerfile", b"FROM scratch\n", 0o644)], &["DKL-LI-0003"]),
        file("compose file", &[("app/docker-compose.yml", b"services: {}\n", 0o644)], &["DKL-LI-0003"]),
        file("history of git", &[("app/.git/HEAD", b"ref: refs/heads/main\n", 0o644)], &["DKL-LI-0003"]),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let found = codes(case);
            let expected: BTreeSet<String> = case.expected.iter().map(|&code| code.to_owned()).collect();
            (found != expected).then(|| format!("{}: {found:?}, expected {expected:?}", case.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
