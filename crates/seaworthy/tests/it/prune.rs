//! Pruning a real registry: crane makes the images, cosign signs them, and both judge what is left.

use crate::judges::{Registry, content, refuses, with_password};
use crate::support::{Ran, program, run, skipped};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A repository as months of pull requests leave it.
struct Harbour {
    registry: Registry,
    home: TempDir,
    crane: PathBuf,
    cosign: PathBuf,
}

impl Harbour {
    /// `1.0`: an index of A and B, signed. `pr-1`: an index of A and C, signed. `pr-2`: D, signed. `2.0.1` and `pr-3`: E.
    fn new() -> Option<Self> {
        let (Some(server), Some(crane), Some(cosign)) =
            (program("docker-registry"), program("crane"), program("cosign"))
        else {
            skipped("needs docker-registry, crane and cosign");
            return None;
        };
        let harbour =
            Self { registry: Registry::start(&server), home: tempfile::tempdir().unwrap(), crane, cosign };
        let key = harbour.home.path().join("own");
        with_password(&["keygen", key.to_str().unwrap()]).expect(0);
        for name in ["a", "b", "c", "d", "e"] {
            let dir = harbour.home.path().join(name);
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("file"), name).unwrap();
            let tar = harbour.home.path().join(format!("{name}.tar"));
            let args = [Path::new("-C"), &dir, Path::new("-cf"), &tar, Path::new("file")];
            let packed = std::process::Command::new("tar").args(args).status();
            assert!(packed.unwrap().success());
            harbour.crane(&[
                "append",
                "-f",
                tar.to_str().unwrap(),
                "-t",
                &harbour.tag(&format!("made-{name}")),
            ]);
        }
        let digest = |name: &str| harbour.pinned(&format!("made-{name}"));
        for (tag, parts) in [("1.0", ["a", "b"]), ("pr-1", ["a", "c"])] {
            let mut args = vec!["index".to_owned(), "append".to_owned(), "-t".to_owned(), harbour.tag(tag)];
            args.extend(parts.iter().flat_map(|part| ["-m".to_owned(), digest(part)]));
            harbour.crane(&args.iter().map(String::as_str).collect::<Vec<_>>());
        }
        for (from, to) in [("d", "pr-2"), ("e", "2.0.1"), ("e", "pr-3")] {
            harbour.crane(&["tag", &digest(from), to]);
        }
        for tag in ["1.0", "pr-1", "pr-2"] {
            let reference = harbour.pinned(tag);
            let key = format!("{}.key", key.display());
            content(
                harbour.home.path(),
                &harbour.cosign,
                &[
                    "sign",
                    "--key",
                    &key,
                    "--tlog-upload=false",
                    "--use-signing-config=false",
                    "--yes",
                    &reference,
                ],
            );
        }
        // What made the images is no part of the story; their tags go before it begins.
        harbour.prune(&["--delete-tag", "made-*", "--moving", "--yes"]).expect(0);
        Some(harbour)
    }

    fn tag(&self, tag: &str) -> String {
        format!("{}:{tag}", self.registry.named("app"))
    }

    fn pinned(&self, tag: &str) -> String {
        let digest = self.crane(&["digest", &self.tag(tag)]);
        format!("{}@{}", self.registry.named("app"), digest.trim())
    }

    fn crane(&self, args: &[&str]) -> String {
        content(self.home.path(), &self.crane, args)
    }

    fn prune(&self, args: &[&str]) -> Ran {
        run(&[&["prune", &self.registry.named("app"), "--grace", "0m"], args].concat())
    }

    fn verifies(&self, reference: &str) {
        let key = self.home.path().join("own.pub");
        let args = ["verify", "--key", key.to_str().unwrap(), "--insecure-ignore-tlog=true", reference];
        content(self.home.path(), &self.cosign, &args);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

fn plan(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn pull_requests_go_and_releases_stay_whole() {
    let Some(harbour) = Harbour::new() else { return };
    let (pr, shared) = (harbour.pinned("pr-1"), harbour.pinned("1.0"));
    let file = harbour.file("plan.json");
    let written = harbour.prune(&["--delete-tag", "pr-*", "--plan", file.to_str().unwrap()]).expect(0);
    assert!(written.stdout.contains("untag    pr-3"), "{}", written.stdout);
    // The index pr-1 and C, D, and a bundle with its list for each of the two signatures. A is a part of 1.0.
    let deletions = plan(&file)["plan"]["delete"].as_array().unwrap().len();
    assert_eq!(deletions, 7, "{}", written.stdout);
    // A plan deletes nothing.
    harbour.crane(&["validate", "--remote", &pr]);

    let applied =
        run(&["prune", &harbour.registry.named("app"), "--apply", file.to_str().unwrap()]).expect(0);
    assert!(applied.stdout.contains("7 deleted"), "{}", applied.stdout);
    harbour.crane(&["validate", "--remote", &shared]);
    harbour.crane(&["validate", "--remote", &harbour.tag("2.0.1")]);
    harbour.verifies(&shared);
    refuses(harbour.home.path(), &harbour.crane, &["manifest", &pr]);
    let tags = harbour.crane(&["ls", &harbour.registry.named("app")]);
    let mut own: Vec<&str> = tags.lines().filter(|tag| !tag.starts_with("sha256-")).collect();
    own.sort_unstable();
    assert_eq!(own, ["1.0", "2.0.1"]);
    // Only the list of what is attached to 1.0 is left.
    assert_eq!(tags.lines().count(), 3, "{tags}");

    // What is planned again is nothing, and the old plan says that it no longer holds.
    let again = harbour.prune(&["--delete-tag", "pr-*"]).expect(0);
    assert!(again.stdout.contains("0 to delete"), "{}", again.stdout);
    let stale = run(&["prune", &harbour.registry.named("app"), "--apply", file.to_str().unwrap()]).expect(1);
    assert!(stale.stdout.contains("has changed since the plan"), "{}", stale.stdout);
}

#[test]
fn a_tag_that_moved_since_the_plan_keeps_its_image() {
    let Some(harbour) = Harbour::new() else { return };
    let file = harbour.file("plan.json");
    harbour.prune(&["--delete-tag", "pr-2", "--plan", file.to_str().unwrap()]).expect(0);
    // Somebody makes a release of it in the meantime.
    let promoted = harbour.pinned("pr-2");
    harbour.crane(&["tag", &promoted, "3.0.0"]);
    let ran = run(&["prune", &harbour.registry.named("app"), "--apply", file.to_str().unwrap()]).expect(1);
    assert!(ran.stdout.contains("0 deleted"), "{}", ran.stdout);
    harbour.crane(&["validate", "--remote", &harbour.tag("3.0.0")]);
    harbour.verifies(&promoted);
    // A plan of another repository is refused.
    let other =
        run(&["prune", &harbour.registry.named("other"), "--apply", file.to_str().unwrap()]).expect(2);
    assert!(other.stderr.contains("the plan is for"), "{}", other.stderr);
}

#[test]
fn a_digest_that_the_repository_names_stays() {
    let Some(harbour) = Harbour::new() else { return };
    let pinned = harbour.pinned("pr-1");
    let named = harbour.file("deploy");
    fs::create_dir(&named).unwrap();
    fs::write(named.join("app.yaml"), format!("image: {pinned}\n")).unwrap();
    let args = ["--delete-tag", "pr-*", "--protect-from", named.to_str().unwrap(), "--yes"];
    harbour.prune(&args).expect(0);
    harbour.crane(&["validate", "--remote", &pinned]);
    harbour.verifies(&pinned);
    refuses(harbour.home.path(), &harbour.crane, &["manifest", &harbour.tag("pr-2")]);
}
