//! Files of container-structure-test: files and metadata from the layers, commands in the sandbox.

use crate::services::layout;
use crate::support::{Ran, program, seaworthy, skipped};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// An image with a few files, in `DIR/image`; false where this machine has no static busybox.
fn image(dir: &Path) -> bool {
    let Some(busybox) = program("busybox") else {
        skipped("no busybox");
        return false;
    };
    let image = dir.join("image");
    fs::create_dir(&image).unwrap();
    let files = [
        ("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\napp:x:1000:100::/home/app:/bin/sh\n"),
        ("etc/group", 0o644, "root:x:0:\nusers:x:100:\naudio:x:29:app\n"),
        ("opt/tool", 0o4755, "#!/bin/sh\necho tool 1.2\n"),
        ("usr/share/doc/a/copyright", 0o644, "MIT"),
    ];
    let config = json!({
        "Env": ["PATH=/bin", "HOME_DIR=/opt"], "Entrypoint": ["/absent"], "Cmd": ["serve"], "User": "app",
        "ExposedPorts": {"8080/tcp": {}}, "Labels": {"version": "1.2.3"},
    });
    layout(&image, &busybox, &files, &config);
    true
}

/// Runs the program in a directory, with its cache there.
fn run(dir: &Path, args: &[&str]) -> Ran {
    seaworthy().args(args).current_dir(dir).env("XDG_CACHE_HOME", dir.join("cache")).output().unwrap().into()
}

/// The tests of a file against the image: name, outcome, first error.
fn tested(dir: &Path, name: &str, text: &str, code: i32) -> Vec<(String, String, String)> {
    fs::write(dir.join(name), text).unwrap();
    let ran =
        run(dir, &["test", "oci:image", "--structure", name, "--format", "json", "--command-timeout", "2s"]);
    let report: Value = serde_json::from_str(&ran.expect(code).stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    report["facts"]["structure"]["files"][0]["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| (text(&test["name"]), text(&test["outcome"]), text(&test["errors"][0]["message"])))
        .collect()
}

#[test]
fn files_and_metadata_come_from_the_layers() {
    let dir = tempfile::tempdir().unwrap();
    if !image(dir.path()) {
        return;
    }
    let good = "schemaVersion: '2.0.0'
fileExistenceTests:
- {name: tool, path: $HOME_DIR/tool, permissions: urwxr-xr-x, uid: 0, isExecutableBy: any}
- {name: link, path: /bin/sh, permissions: Lrwxrwxrwx}
- {name: made by the engine, path: /etc/hosts}
- {name: absent, path: /absent, shouldExist: false}
fileContentTests:
- {name: tool, path: /opt/../opt/tool, expectedContents: ['tool \\d\\.\\d'], excludedContents: [secret]}
licenseTests:
- {debian: true}
metadataTest:
  envVars: [{key: HOME_DIR, value: '^/o', isRegex: true}]
  unboundEnvVars: [{key: SECRET}]
  labels: [{key: version, value: 1.2.3}]
  exposedPorts: [8080]
  entrypoint: [/absent]
  cmd: [serve]
  user: app
";
    let results = tested(dir.path(), "good.yaml", good, 0);
    assert_eq!(results.len(), 7);
    assert!(results.iter().all(|(_, outcome, _)| outcome == "passed"), "{results:?}");
    assert_eq!(results[0].0, "File Content Test: tool");
    assert_eq!(results[6].0, "Metadata Test");
    // The second run finds the tree where the first one kept it, and asks for what the first one did not.
    assert!(fs::read_dir(dir.path().join("cache/seaworthy/trees")).unwrap().count() == 1);
    let more = "{\"schemaVersion\": \"2.0.0\", \"fileContentTests\": [{\"name\": \"passwd\", \"path\": \"/etc/passwd\", \
                \"expectedContents\": [\"^root\"]}], \"fileExistenceTests\": [{\"name\": \"sh\", \"path\": \"/bin/sh\"}]}";
    let results = tested(dir.path(), "more.json", more, 0);
    assert!(results.len() == 2 && results.iter().all(|(_, outcome, _)| outcome == "passed"), "{results:?}");
    let bad = "schemaVersion: '2.0.0'
fileExistenceTests:
- {name: ls, path: /opt/tool, permissions: -rwsr-xr-x}
- {name: owner, path: /opt/tool, uid: 7}
metadataTest: {exposedPorts: [8080/tcp]}
";
    let results = tested(dir.path(), "bad.yaml", bad, 1);
    assert!(results.iter().all(|(_, outcome, _)| outcome == "failed"), "{results:?}");
    let shown = run(dir.path(), &["test", "oci:image", "--structure", "bad.yaml"]).expect(1).stdout;
    assert!(shown.contains("write `urwxr-xr-x`") && shown.contains("write `8080`"), "{shown}");
    assert!(shown.contains("bad.yaml:3:44"), "{shown}");
}

#[test]
fn commands_run_in_the_sandbox_and_see_what_setup_wrote() {
    let dir = tempfile::tempdir().unwrap();
    if !image(dir.path()) {
        return;
    }
    let text = "schemaVersion: '2.0.0'
globalEnvVars: [{key: G, value: '$HOME_DIR/g'}]
commandTests:
- {name: user, command: id, args: [-u], expectedOutput: ['(?m)^0$']}
- {name: own, command: sh, args: [-c, 'cat /tmp/made; echo out; echo err >&2; exit 3'],
   setup: [[sh, -c, 'echo made >/tmp/made'], [sh, -c, 'echo again >>/tmp/made; exit 1']],
   exitCode: 3, expectedOutput: ['made\\nagain\\nout'], expectedError: [err], excludedOutput: [err]}
- {name: fresh, command: cat, args: [/tmp/made], exitCode: 1}
- {name: variables, command: sh, args: [-c, 'env'], envVars: [{key: OWN, value: own}],
   expectedOutput: ['G=/opt/g', 'OWN=own', 'HOME=/root']}
- {name: expanded, command: sh, args: [-c, 'echo $HOME_DIR-$NOWHERE-'], expectedOutput: ['^/opt--']}
- {name: absent, command: /no/such}
- {name: hangs, command: sleep, args: ['1000']}
- {name: look, command: env, expectedOutput: ['(?=x)']}
containerRunOptions: {user: root}
";
    let results = tested(dir.path(), "commands.yaml", text, 1);
    if results.iter().any(|(_, outcome, _)| outcome == "not-run") {
        return skipped("the sandbox does not run here");
    }
    let passed = ["user", "own", "fresh", "variables", "expanded"];
    for (name, outcome, why) in &results {
        let expected = passed.iter().any(|passed| name.ends_with(&format!(": {passed}")));
        assert_eq!(outcome == "passed", expected, "{name}: {why}");
    }
    assert!(results[6].2.contains("did not end within 2 s"), "{results:?}");
    assert!(results[7].2.contains("look-around"), "{results:?}");
    let refused = "schemaVersion: '2.0.0'
commandTests: [{name: a, command: env}]
containerRunOptions: {bindMounts: ['/:/host']}
";
    let results = tested(dir.path(), "binds.yaml", refused, 1);
    assert_eq!(results[0].1, "not-run");
    let report = run(dir.path(), &["test", "oci:image", "--structure", "binds.yaml", "--format", "junit"]);
    assert!(report.expect(1).stdout.contains("<testcase name=\"Command Test: a\""));
}

#[test]
fn wrong_files_are_told_without_running_anything() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "a.yaml",
        "schemaVersion: '2.0.0'\nfileExistenceTests:\n- name: x\n  path: /x\n  shouldExst: true\n",
    );
    write("b.yaml", "schemaVersion: '2.0.0'\nmetadataTest:\n  env: []\n  cmd: []\n");
    write(
        "c.json",
        "{\"schemaVersion\": \"1.0.0\", \"commandTests\": [{\"name\": \"a\", \"name\": \"b\", \"command\": [\"x\"]}]}",
    );
    write("d.yml", "schemaVersion: 1.0.0\ncommandTests:\n- {name: a, command: [true]}\n");
    write("none.yaml", "schemaVersion: '2.0.0'\n");
    let files = ["a.yaml", "b.yaml", "c.json", "d.yml"];
    let mut args = vec!["test", "--validate"];
    args.extend(files.iter().flat_map(|file| ["--structure", *file]));
    let told = run(dir.path(), &args).expect(1).stdout;
    assert!(told.contains(
        "a.yaml:5:3: a file existence test has no field `shouldExst`; did you mean `shouldExist`?"
    ));
    assert!(told.contains("did you mean `envVars`?"), "{told}");
    assert!(told.contains("c.json:1:59: the key `name` stands here twice"), "{told}");
    assert!(told.contains("d.yml: 1 test, schema 1.0.0"), "{told}");
    run(dir.path(), &["test", "--validate", "--structure", "d.yml"]).expect(0);
    run(dir.path(), &["test", "--validate", "--structure", "none.yaml"]).expect(3);
    run(dir.path(), &["test", "--validate", "--structure", "absent.yaml"]).expect(2);
    run(dir.path(), &["test", "--validate"]).expect(2);
}
