//! `check --bases`: base images looked up in a registry and in layouts, made by crane.

use crate::judges::{Registry, content};
use crate::support::{Ran, program, seaworthy, skipped};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn messages(dir: &Path, args: &[&str]) -> (Ran, Vec<String>, String) {
    let all = [&["check", "--select", "base-platform-mismatch", "--exit-zero", "--format", "json"][..], args];
    let ran = Ran::from(seaworthy().args(all.concat()).current_dir(dir).output().unwrap()).expect(0);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    let found = found.map(|finding| {
        let aliases = finding["aliases"].as_array().unwrap().len();
        format!("{}: {} ({aliases})", finding["location"]["line"], finding["message"].as_str().unwrap())
    });
    let found = found.collect();
    let check = report["checks"].as_array().unwrap().iter();
    let mut check = check.filter(|check| check["rule"] == "base-platform-mismatch");
    let status = check.next().unwrap()["status"].as_str().unwrap().to_owned();
    (ran, found, status)
}

#[test]
fn base_images_for_other_platforms_are_found() {
    let (Some(server), Some(crane)) = (program("docker-registry"), program("crane")) else {
        skipped("needs docker-registry and crane");
        return;
    };
    let (registry, home) = (Registry::start(&server), tempfile::tempdir().unwrap());
    let dir = home.path();
    let crane = |args: &[&str]| content(dir, &crane, args);
    let base = registry.named("base");
    fs::write(dir.join("file"), "x").unwrap();
    let packed = std::process::Command::new("tar").args(["-cf", "f.tar", "file"]).current_dir(dir).status();
    assert!(packed.unwrap().success());
    let tar = dir.join("f.tar");
    for arch in ["arm64", "s390x"] {
        crane(&["append", "-f", tar.to_str().unwrap(), "-t", &format!("{base}:one")]);
        crane(&[
            "mutate",
            "--set-platform",
            &format!("linux/{arch}"),
            "-t",
            &format!("{base}:{arch}"),
            &format!("{base}:one"),
        ]);
    }
    let (arm, z) = (format!("{base}:arm64"), format!("{base}:s390x"));
    crane(&["index", "append", "-t", &format!("{base}:both"), "-m", &arm, "-m", &z]);
    crane(&["pull", "--format", "oci", &arm, dir.join("layout").to_str().unwrap()]);
    let text = format!(
        "FROM --platform=linux/arm64 {base}:arm64\nFROM --platform=linux/amd64 {base}:arm64\nFROM {base}:both\nFROM --platform=linux/aarch64 {base}:both\nFROM {base}:none\nFROM scratch\nFROM example.invalid/kept:1\nUSER 1\n"
    );
    fs::write(dir.join("Dockerfile"), text).unwrap();
    fs::write(
        dir.join("seaworthy.toml"),
        "[[image]]\nname = \"example.invalid/app\"\nplatforms = [\"linux/s390x\"]\nbases = { \"example.invalid/kept:1\" = \"oci:layout\" }\n",
    )
    .unwrap();
    let (_, found, status) = messages(dir, &[]);
    assert_eq!((found, status.as_str()), (Vec::new(), "not-applicable"), "nobody is asked without the flag");
    let (ran, found, status) = messages(dir, &["--bases"]);
    let expected = [
        format!("2: `{base}:arm64` is an image for `linux/arm64`, and the build is for `linux/amd64` (1)"),
        "7: `example.invalid/kept:1` is an image for `linux/arm64`, and the build is for `linux/s390x` (1)"
            .to_owned(),
    ];
    assert_eq!((found, status.as_str()), (expected.to_vec(), "warn"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("the platforms of `{base}:none` are not known")), "{}", ran.stderr);
    let text = fs::read_to_string(dir.join("seaworthy.toml")).unwrap().replace("s390x", "ppc64le");
    fs::write(dir.join("seaworthy.toml"), text).unwrap();
    let (_, found, _) = messages(dir, &["--bases"]);
    let index =
        format!("3: `{base}:both` has no image for `linux/ppc64le`, only for linux/arm64, linux/s390x (0)");
    assert!(found.contains(&index), "{found:?}");
    let (ran, found, _) = messages(dir, &["--bases", "--offline"]);
    assert_eq!(found.len(), 1, "a layout needs no network: {found:?}");
    assert!(ran.stderr.contains("not known"), "{}", ran.stderr);
}
