//! Builds a Dockerfile with a real BuildKit, where one is reachable. No registry is: the base image is a Rust crate
//! packaged here, given through `bases` as a layout.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where a helper fails, and says what it skips"
)]

use seaworthy_build::docker::{DockerOptions, build, find_buildx};
use seaworthy_build::rust::{RustOptions, package};
use seaworthy_build::{BuildError, ErrorKind, Progress};
use seaworthy_engine::{ContainerSpec, Engine};
use seaworthy_facts::BuildFacts;
use seaworthy_finding::{ImageConfig as ImagePolicy, RustConfig};
use seaworthy_oci::{Source, media_type};
use seaworthy_store::Layout;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn ready() -> bool {
    if let Err(error) = find_buildx() {
        assert_eq!(error.kind(), ErrorKind::EnvironmentMissing);
        println!("skipped: {error}");
        return false;
    }
    if let Err(error) = Engine::connect() {
        println!("skipped: {error}");
        return false;
    }
    true
}

/// A base image whose one program writes a file.
fn base(home: &Path) {
    let crate_root = home.join("base-crate");
    fs::create_dir_all(crate_root.join("src")).unwrap();
    let manifest = "[package]\nname = \"tool\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(crate_root.join("Cargo.toml"), manifest).unwrap();
    let main = "fn main() { let to = std::env::args().nth(1).expect(\"a path\"); println!(\"writing {to}\"); \
                std::fs::write(to, \"made\").expect(\"writable\"); }";
    fs::write(crate_root.join("src/main.rs"), main).unwrap();
    let mut lock = Command::new("cargo");
    lock.current_dir(&crate_root).args(["generate-lockfile", "--offline"]);
    assert!(lock.output().unwrap().status.success());
    let options = RustOptions {
        project: &crate_root,
        config: &ImagePolicy::default(),
        rust: &RustConfig {
            user: Some("0:0".to_owned()),
            ca_certificates: Some(false),
            ..RustConfig::default()
        },
        git: None,
        layout: &home.join("base"),
        tag: "v1",
        source_date_epoch: Some(1),
        offline: true,
        cancelled: None,
    };
    package(&options, &mut |_| {}).unwrap();
}

fn run(home: &Path, dockerfile: &str, no_cache: bool) -> Result<(BuildFacts, Vec<Progress>), BuildError> {
    let path = home.join("Dockerfile");
    fs::write(&path, dockerfile).unwrap();
    let bases = BTreeMap::from([("example.invalid/tool:1".to_owned(), "oci:base:v1".to_owned())]);
    let options = DockerOptions {
        dockerfile: &path,
        context: &home.join("context"),
        target: None,
        build_args: &BTreeMap::from([("NAME".to_owned(), "given".to_owned())]),
        platform: None,
        bases: &bases,
        base_directory: home,
        secrets: &[],
        git: None,
        source_date_epoch: Some(1_700_000_000),
        no_cache,
        layout: &home.join("layout"),
        tag: "built",
        cancelled: None,
    };
    let mut events = Vec::new();
    let facts = build(&options, &mut |event| events.push(event))?;
    Ok((facts, events))
}

const DOCKERFILE: &str = r#"FROM example.invalid/tool:1
ARG NAME=default
COPY page.html /srv/page.html
RUN ["/usr/local/bin/tool", "/made"]
LABEL name=$NAME
"#;

#[test]
fn a_dockerfile_becomes_a_layout_and_the_cache_is_seen() {
    if !ready() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    base(home.path());
    fs::create_dir_all(home.path().join("context")).unwrap();
    fs::write(home.path().join("context/page.html"), "<p>").unwrap();

    let (cold, events) = run(home.path(), DOCKERFILE, true).unwrap();
    let names: Vec<&str> = cold.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].contains("COPY page.html") && names[1].contains("RUN"), "{names:?}");
    assert!(cold.steps.iter().all(|step| !step.cached), "{:?}", cold.steps);
    assert!(events.contains(&Progress::Output("writing /made".to_owned())), "{events:?}");
    assert_eq!(cold.source_date_epoch, Some(1_700_000_000));
    let (warm, _) = run(home.path(), DOCKERFILE, false).unwrap();
    assert!(warm.steps.iter().all(|step| step.cached), "{:?}", warm.steps);
    assert_eq!(warm.digest, cold.digest);

    let layout = Layout::open(home.path().join("layout")).unwrap();
    let descriptor = layout.resolve(Some("built")).unwrap();
    assert_eq!(descriptor.digest.to_string(), cold.digest);
    let manifest = layout.manifest(&descriptor).unwrap();
    assert!(manifest.layers.iter().all(|layer| layer.media_type == media_type::LAYER_GZIP));
    let config = layout.config(&manifest.config).unwrap();
    assert_eq!(config.config.labels.get("name").map(String::as_str), Some("given"));
    assert_eq!(config.created.as_deref(), Some("2023-11-14T22:13:20Z"));
    judge(&home.path().join("layout"));
    let engine = Engine::connect().unwrap();
    assert!(engine.leftover_containers().unwrap().iter().all(|one| !one.image.contains("seaworthy-build")));
}

#[test]
fn a_failing_step_shows_its_line() {
    if !ready() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    base(home.path());
    fs::create_dir_all(home.path().join("context")).unwrap();
    let text = "FROM example.invalid/tool:1\nRUN [\"/usr/local/bin/tool\", \"/no/such/directory\"]\n";
    let error = run(home.path(), text, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BuildFailed);
    let output = error.output().unwrap();
    assert!(output.contains("writing /no/such/directory"), "{output}");
    assert!(output.contains("Dockerfile:2") && output.contains(">>> RUN"), "{output}");

    let error = run(home.path(), "FROM example.invalid/tool:1\nCOPY absent /\n", false).unwrap_err();
    assert!(error.hint().unwrap().contains(".dockerignore"), "{error:?}");
    let error = run(home.path(), "FROM example.invalid/other:1\n", false).unwrap_err();
    assert!(error.hint().unwrap().contains("bases"), "{error:?}");
}

#[test]
fn a_packaged_crate_runs_hardened_on_the_engine() {
    let Ok(engine) = Engine::connect() else {
        println!("skipped: no container engine");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    base(home.path());
    let source = Source::Layout { path: home.path().join("base"), reference: Some("v1".to_owned()) };
    let image = seaworthy_store::open(&source, None).unwrap();
    let run = Engine::new_run_id();
    let name = format!("seaworthy-packaged-test:{run}");
    let archive = home.path().join("image.tar");
    seaworthy_store::write_docker_archive(&image, &archive, Some(&name)).unwrap();
    engine.load(&mut fs::File::open(&archive).unwrap()).unwrap();
    let spec = ContainerSpec {
        image: name.clone(),
        run,
        cmd: Some(vec!["/tmp/made".to_owned()]),
        user: Some("65532:65532".to_owned()),
        read_only: true,
        cap_drop: vec!["ALL".to_owned()],
        no_new_privileges: true,
        tmpfs: BTreeMap::from([("/tmp".to_owned(), "size=1m,mode=1777".to_owned())]),
        ..ContainerSpec::default()
    };
    let container = engine.create_container(&spec).unwrap();
    container.start().unwrap();
    let code = container.wait(Duration::from_secs(30)).unwrap();
    let logs = container.logs(1000).unwrap();
    drop(container);
    engine.remove_image(&name).unwrap();
    assert_eq!((code, logs.stdout.as_slice()), (Some(0), b"writing /tmp/made\n".as_slice()), "{logs:?}");
}

fn judge(layout: &Path) {
    let corpus = std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let script = corpus.join("oci-judge/judge_oci.py");
    if !script.is_file() {
        println!("skipped: no corpus, the layout was not judged");
        return;
    }
    let Ok(output) = Command::new("python3").arg(&script).arg(layout).output() else {
        println!("skipped: python3 is not installed, the layout was not judged");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
