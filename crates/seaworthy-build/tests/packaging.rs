//! Packages small crates for real: the same digest from another directory and under another umask, a layout that an
//! outside judge accepts, a binary that runs with nothing but the image, and errors that say what to do.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where a helper fails, and says what it skips"
)]

use flate2::read::{GzDecoder, ZlibDecoder};
use object::{Object as _, ObjectSection as _};
use seaworthy_build::rust::{RustOptions, SECTION, package};
use seaworthy_build::{BuildError, ErrorKind, Progress};
use seaworthy_facts::{BuildFacts, GitFact};
use seaworthy_finding::{Command as Words, HealthConfig, ImageConfig as ImagePolicy, RustConfig};
use seaworthy_oci::{ImageConfig, Manifest};
use seaworthy_store::Layout;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const MAIN: &str = r#"
use std::panic::Location;
fn main() {
    println!("{} from {} at {}", helper::word!(), helper_lib::name(), Location::caller().file());
    println!("uid line: {}", std::fs::read_to_string("/etc/passwd").unwrap_or_default().lines().last().unwrap_or(""));
    if std::env::args().any(|word| word == "panic") { None::<u8>.expect("asked to"); }
}
"#;

/// A workspace of four packages without any download: a procedural macro, a library used both at build time and linked
/// in, one that only its tests use, and the service.
fn fixture(root: &Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"service\"\nversion = \"1.2.3\"\nedition = \"2024\"\ndescription = \"Answers\"\nlicense = \"MIT\"\n\
         [[bin]]\nname = \"service\"\npath = \"src/main.rs\"\n\
         [dependencies]\nhelper = { path = \"helper\" }\nhelper-lib = { path = \"helper-lib\" }\nunused = { path = \"unused\", optional = true }\n\
         [build-dependencies]\nbuild-only = { path = \"build-only\" }\n\
         [dev-dependencies]\ntest-only = { path = \"test-only\" }\n[workspace]\n",
    );
    write("src/main.rs", MAIN);
    write("build.rs", "fn main() { println!(\"cargo::rerun-if-changed={}\", build_only::FILE); }");
    for (name, extra, code) in [
        (
            "helper",
            "[lib]\nproc-macro = true\n",
            "#[proc_macro] pub fn word(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"\\\"hello\\\"\".parse().unwrap() }",
        ),
        ("helper-lib", "", "pub fn name() -> &'static str { \"lib\" }"),
        ("unused", "", "compile_error!(\"not asked for\");"),
        ("build-only", "", "pub const FILE: &str = \"build.rs\";"),
        ("test-only", "", ""),
    ] {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{extra}");
        write(&format!("{name}/Cargo.toml"), &manifest);
        write(&format!("{name}/src/lib.rs"), code);
    }
    write("assets/page.html", "<p>hello</p>");
    let mut lock = Command::new("cargo");
    lock.current_dir(root).args(["generate-lockfile", "--offline"]);
    assert!(lock.output().unwrap().status.success());
}

fn rust_config() -> RustConfig {
    RustConfig {
        expose: vec!["8080".to_owned()],
        env: BTreeMap::from([("MODE".to_owned(), "x".to_owned())]),
        files: BTreeMap::from([("/srv/www".to_owned(), "assets".to_owned())]),
        labels: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        without_labels: vec!["description".to_owned()],
        healthcheck: Some(HealthConfig {
            cmd: Words::Exec(vec!["/usr/local/bin/service".to_owned(), "health".to_owned()]),
            interval: Some(10_000),
            timeout: Some(3_000),
            start_period: None,
            retries: Some(3),
        }),
        ..RustConfig::default()
    }
}

fn git() -> GitFact {
    GitFact {
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        commit_time: 1_700_000_000,
        remote: Some("https://example.invalid/service".to_owned()),
        ..GitFact::default()
    }
}

fn run(project: &Path, layout: &Path, rust: &RustConfig) -> Result<BuildFacts, BuildError> {
    let (policy, git) = (ImagePolicy::default(), git());
    let options = RustOptions {
        project,
        config: &policy,
        rust,
        git: Some(&git),
        layout,
        tag: "v1",
        source_date_epoch: None,
        offline: true,
        cancelled: None,
    };
    package(&options, &mut |_: Progress| {})
}

/// The binary inside the image, and the configuration.
fn open(layout: &Path) -> (Layout, Manifest, ImageConfig, Vec<u8>) {
    let layout = Layout::open(layout).unwrap();
    let descriptor = layout.resolve(Some("v1")).unwrap();
    let manifest = layout.manifest(&descriptor).unwrap();
    let config = layout.config(&manifest.config).unwrap();
    let mut archive =
        tar::Archive::new(GzDecoder::new(layout.blob(manifest.layers.last().unwrap()).unwrap()));
    let mut binary = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with("service") {
            entry.read_to_end(&mut binary).unwrap();
        }
    }
    (layout, manifest, config, binary)
}

#[test]
fn the_same_sources_give_the_same_digest_anywhere() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (home.path().join("one"), home.path().join("another/deeper/place"));
    fixture(&first);
    let facts = run(&first, &home.path().join("layout"), &rust_config()).unwrap();
    assert!(!facts.steps[0].cached, "{facts:?}");
    let again = run(&first, &home.path().join("layout-again"), &rust_config()).unwrap();
    assert_eq!(again.digest, facts.digest);
    assert!(again.steps[0].cached && !again.steps[1].cached, "{again:?}");
    let third = run(&first, &home.path().join("layout"), &rust_config()).unwrap();
    assert!(third.steps.iter().all(|step| step.cached), "{third:?}");
    assert_eq!((facts.source_date_epoch, facts.epoch_source.as_str()), (Some(1_700_000_000), "git commit"));

    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    fixture(&second);
    let moved = run(&second, &home.path().join("layout-moved"), &rust_config());
    rustix::process::umask(before);
    let moved = moved.unwrap();
    assert_eq!(moved.digest, facts.digest, "another directory and umask: {moved:?}");

    let (_, manifest, config, binary) = open(&home.path().join("layout"));
    config_is_as_asked(&config, &manifest);
    dependencies_are_recorded(&binary);
    let own = home.path().to_string_lossy().into_owned();
    assert!(!binary.windows(own.len()).any(|window| window == own.as_bytes()), "a build path leaked");
    assert!(!facts.notes.iter().any(|note| note.contains("path it was built at")), "{facts:?}");
    judge(&home.path().join("layout"));
    run_alone(home.path(), &home.path().join("layout"));
}

fn config_is_as_asked(config: &ImageConfig, manifest: &Manifest) {
    assert_eq!(config.config.entrypoint, ["/usr/local/bin/service"]);
    assert_eq!(config.config.user, "65532:65532");
    assert_eq!(config.config.env[0].split('=').next(), Some("PATH"));
    assert_eq!(config.config.env_value("MODE"), Some("x"));
    assert!(config.config.exposed_ports.contains_key("8080/tcp"));
    assert_eq!(config.config.stop_signal.as_deref(), Some("SIGTERM"));
    assert_eq!(config.config.healthcheck.as_ref().unwrap().interval, 10_000_000_000);
    assert_eq!(config.created.as_deref(), Some("2023-11-14T22:13:20Z"));
    let label = |name: &str| config.config.labels.get(name).map(String::as_str);
    assert_eq!(label("org.opencontainers.image.title"), Some("service"));
    assert_eq!(label("org.opencontainers.image.version"), Some("1.2.3"));
    assert_eq!(label("org.opencontainers.image.licenses"), Some("MIT"));
    assert_eq!(label("org.opencontainers.image.source"), Some("https://example.invalid/service"));
    assert_eq!(label("org.opencontainers.image.description"), None);
    assert_eq!(label("team"), Some("a"));
    assert_eq!(config.history.len(), manifest.layers.len());
    assert_eq!(config.rootfs.diff_ids.len(), manifest.layers.len());
}

/// Reads the section back as a scanner does.
fn dependencies_are_recorded(binary: &[u8]) {
    let file = object::File::parse(binary).unwrap();
    let section = file.section_by_name(SECTION).expect("the section is there");
    let mut json = String::new();
    ZlibDecoder::new(section.data().unwrap()).read_to_string(&mut json).unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows: Vec<(&str, &str, bool, String)> = value["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["name"].as_str().unwrap(),
                row["kind"].as_str().unwrap_or("runtime"),
                row["root"].as_bool().unwrap_or(false),
                row["dependencies"].to_string(),
            )
        })
        .collect();
    let expected = [
        ("build-only", "build", false, "null"),
        ("helper", "build", false, "null"),
        ("helper-lib", "runtime", false, "null"),
        ("service", "runtime", true, "[0,1,2]"),
    ];
    assert_eq!(rows, expected.map(|(name, kind, root, edges)| (name, kind, root, edges.to_owned())));
    assert!(value["packages"].as_array().unwrap().iter().all(|row| row["source"] == "local"));
}

fn corpus() -> PathBuf {
    std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from)
}

fn judge(layout: &Path) {
    let script = corpus().join("oci-judge/judge_oci.py");
    let Ok(output) = Command::new("python3").arg(&script).arg(layout).output() else {
        println!("skipped: python3 is not installed, the layout was not judged");
        return;
    };
    if !script.is_file() {
        println!("skipped: no corpus, the layout was not judged");
        return;
    }
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

/// Unpacks the image and starts its entrypoint with nothing else around it.
fn run_alone(home: &Path, layout: &Path) {
    let root = home.join("rootfs");
    let (layout, manifest, config, _) = open(layout);
    for layer in &manifest.layers {
        let mut archive = tar::Archive::new(GzDecoder::new(layout.blob(layer).unwrap()));
        archive.set_preserve_permissions(true);
        archive.unpack(&root).unwrap();
    }
    assert_eq!(fs::read_to_string(root.join("srv/www/page.html")).unwrap(), "<p>hello</p>");
    let output = Command::new("chroot")
        .arg("--userspec=65532:65532")
        .arg(&root)
        .args(&config.config.entrypoint)
        .output();
    let Ok(output) = output else {
        println!("skipped: chroot is not installed");
        return;
    };
    let (text, problem) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if problem.contains("cannot change root directory") {
        println!("skipped: chroot needs root");
        return;
    }
    assert!(output.status.success(), "{problem}");
    assert!(text.contains("hello from lib at src/main.rs"), "{text}");
    assert!(text.contains("app:x:65532:65532"), "{text}");
}

#[test]
fn errors_say_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let (project, layout) = (home.path().join("p"), home.path().join("layout"));
    fixture(&project);

    let mut asked = rust_config();
    asked.bin = Some("servise".to_owned());
    let error = run(&project, &layout, &asked).unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Input, Some("did you mean `service`?")));

    let lock = fs::read_to_string(project.join("Cargo.lock")).unwrap();
    fs::remove_file(project.join("Cargo.lock")).unwrap();
    let error = run(&project, &layout, &rust_config()).unwrap_err();
    assert!(error.hint().unwrap().contains("cargo generate-lockfile"), "{error}");
    fs::write(project.join("Cargo.lock"), lock.replace("1.2.3", "1.2.2")).unwrap();
    let error = run(&project, &layout, &rust_config()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BuildFailed);
    assert!(error.hint().unwrap().contains("Cargo.lock does not fit"), "{error:?}");
    fs::write(project.join("Cargo.lock"), lock).unwrap();

    fs::write(project.join("src/main.rs"), "fn main() { undefined_name() }").unwrap();
    let error = run(&project, &layout, &rust_config()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BuildFailed);
    let output = error.output().unwrap();
    assert!(output.contains("undefined_name") && output.contains("src/main.rs:1:13"), "{output}");
    assert!(!output.contains("Compiling"), "{output}");

    fs::write(project.join("src/main.rs"), "fn main() {}").unwrap();
    fs::create_dir_all(project.join(".cargo")).unwrap();
    let triple = "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"kept\"]\n";
    fs::write(project.join(".cargo/config.toml"), triple).unwrap();
    fs::write(project.join("src/main.rs"), "#[cfg(not(kept))] compile_error!(\"lost\"); fn main() {}")
        .unwrap();
    run(&project, &layout, &rust_config()).expect("the project's own flags are kept");
}

#[test]
fn a_stopped_build_kills_cargo() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("p");
    fixture(&project);
    fs::write(
        project.join("build.rs"),
        "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)); }",
    )
    .unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (policy, rust) = (ImagePolicy::default(), RustConfig::default());
    let options = RustOptions {
        project: &project,
        config: &policy,
        rust: &rust,
        git: None,
        layout: &home.path().join("layout"),
        tag: "v1",
        source_date_epoch: Some(1),
        offline: true,
        cancelled: Some(&stop),
    };
    let started = std::time::Instant::now();
    let result = package(&options, &mut |event| {
        if matches!(&event, Progress::Output(line) if line.contains("Compiling service")) {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(started.elapsed().as_secs() < 50);
}
