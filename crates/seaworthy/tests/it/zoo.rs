//! A zoo of small services, each with exactly one fault or trait, and what must be said of each; stated beforehand.
//!
//! All are one static program in a single layer. They are booted in the sandbox, and on a Docker Engine where one is there.

use crate::support::{failed, seaworthy, skipped};
use seaworthy_oci::{Descriptor, Digest, Index, media_type};
use seaworthy_store::Layout;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One animal: how its image differs from the plain one, the policy, and the rules that must speak.
struct Animal {
    name: &'static str,
    /// Added to the configuration, as JSON.
    config: &'static str,
    /// `[image.test]` beside `ready` and `grace`.
    policy: &'static str,
    /// The rules with findings, in alphabetical order; all others must be silent.
    says: &'static [&'static str],
    /// What the words of the findings contain.
    words: &'static str,
}

const fn animal(
    name: &'static str,
    config: &'static str,
    policy: &'static str,
    says: &'static [&'static str],
    words: &'static str,
) -> Animal {
    Animal { name, config, policy, says, words }
}

const CHECK: &str = r#"{"Healthcheck": {"Test": ["CMD", "/zoo", "health"], "Interval": 1000000000, "Timeout": 1000000000, "StartPeriod": 5000000000, "Retries": 2}}"#;
const READY: &str = "ready = \"GET /\"\n";

/// A name may carry what tells two images of the same program apart, after a `+`.
const ZOO: [Animal; 69] = [
    // What is well made is left alone.
    animal("healthy", "{}", READY, &[], ""),
    animal("healthy+port", "{}", "", &[], ""),
    animal("healthy+check", CHECK, "", &[], ""),
    animal("healthy+thorough", CHECK, "ready = \"GET /\"\nthorough = true\n", &[], ""),
    animal("healthy+no-port", r#"{"ExposedPorts": null}"#, "", &["undeclared-port"], "8080"),
    animal("healthy+environment", r#"{"Env": ["BIG=@100000"]}"#, READY, &[], ""),
    animal("execs", "{}", READY, &[], ""),
    animal("reaps", "{}", READY, &[], ""),
    animal("drains", "{}", DRAIN, &[], ""),
    animal("quit-only", r#"{"StopSignal": "SIGQUIT"}"#, READY, &[], ""),
    animal("closes-stdin", "{}", READY, &[], ""),
    animal("reads-stdin", "{}", READY, &[], ""),
    animal("ipv6-only", "{}", READY, &[], ""),
    animal("other-protocol", "{}", "", &[], ""),
    animal("looks-up", "{}", READY, &[], ""),
    animal("requires", r#"{"Env": ["ZOO_KEY=k"]}"#, "ready = \"GET /\"\nrequired = [\"ZOO_KEY\"]\n", &[], ""),
    animal(
        "checks-number",
        "{}",
        "ready = \"GET /\"\nthorough = true\nenv = { ZOO_SIZE = \"12\" }\n",
        &[],
        "",
    ),
    animal("writes-tmp", "{}", "ready = \"GET /\"\ntmpfs = [\"/tmp\"]\n", &[], ""),
    animal("writes-data", r#"{"Volumes": {"/data": {}}}"#, "ready = \"GET /\"\nthorough = true\n", &[], ""),
    animal("healthy+setuid", r#"{"Volumes": null}"#, READY, &[], ""),
    animal("i386", r#"{"Entrypoint": ["/i386"], "Cmd": null, "ExposedPorts": null}"#, "", &[], ""),
    // Stopping.
    animal("ignores-term", "{}", READY, &["unhandled-stop-signal"], "no handler"),
    animal("no-handler", "{}", READY, &["unhandled-stop-signal"], "no handler"),
    animal("exit-143", "{}", READY, &["unhandled-stop-signal"], "143"),
    animal("slow-stop", "{}", READY, &["unhandled-stop-signal"], "grace"),
    animal("quit-only+term", "{}", READY, &["unhandled-stop-signal"], "SIGTERM"),
    animal(
        "shell",
        r#"{"Entrypoint": ["/bin/sh", "-c", "/zoo healthy"], "Cmd": null}"#,
        READY,
        &["unhandled-stop-signal"],
        "exec form",
    ),
    animal("drops-requests", "{}", DRAIN, &["dropped-request"], "under way"),
    animal("ignores-int", "{}", "ready = \"GET /\"\nthorough = true\n", &["unhandled-interrupt"], "SIGINT"),
    // Processes.
    animal("zombies", "{}", READY, &["zombie-processes"], "3 processes"),
    animal("orphans", "{}", READY, &["zombie-processes"], "init"),
    animal("fork-bomb", "{}", READY, &["process-limit-reached"], "512"),
    animal("busy", "{}", READY, &["busy-idle"], "%"),
    animal("daemonises", "{}", READY, &["not-ready"], "foreground"),
    animal("exits", "{}", READY, &["not-ready"], "no configuration"),
    animal("crashes", "{}", READY, &["not-ready"], "killed by signal"),
    animal("never-ready", "{}", "ready = \"GET /\"\nready-timeout = \"1s\"\n", &["not-ready"], "no port"),
    animal("absent", r#"{"Entrypoint": ["/absent"]}"#, READY, &["not-ready"], "/absent"),
    // Privileges.
    animal("healthy+root", r#"{"User": "0:0"}"#, READY, &["root-process"], "uid 0"),
    animal(
        "binds-80",
        r#"{"ExposedPorts": {"80/tcp": {}}}"#,
        "ready = \"GET :80/\"\n",
        &["needs-capability"],
        "NET_BIND_SERVICE",
    ),
    animal(
        "binds-80+root",
        r#"{"User": "0:0", "ExposedPorts": {"80/tcp": {}}}"#,
        "ready = \"GET :80/\"\n",
        &["needs-capability", "root-process"],
        "NET_BIND_SERVICE",
    ),
    animal("drops-to-user", r#"{"User": "0:0"}"#, READY, &["needs-capability"], "SETGID"),
    animal(
        "drops-to-user+granted",
        r#"{"User": "0:0"}"#,
        "ready = \"GET /\"\ncap-add = [\"SETUID\", \"SETGID\"]\n",
        &[],
        "",
    ),
    animal(
        "only-10001",
        "{}",
        "ready = \"GET /\"\nthorough = true\n",
        &["arbitrary-user-fails"],
        "1234567890",
    ),
    // Files.
    animal("logs-to-file", "{}", READY, &["hidden-write", "log-file-in-container"], "/var/log/app.log"),
    animal("needs-to-write", "{}", READY, &["hidden-write", "read-only-root-fails"], "`/state`: with that"),
    animal(
        "healthy+volume",
        r#"{"Volumes": {"/roots": {}}}"#,
        READY,
        &["unwritable-fresh-volume"],
        "10001:10001",
    ),
    animal(
        "stale-lock",
        r#"{"Volumes": {"/data": {}}}"#,
        "ready = \"GET /\"\nthorough = true\n",
        &["restart-fails"],
        "same volumes",
    ),
    // Ports.
    animal("second-port", "{}", READY, &["undeclared-port"], "9999/tcp"),
    animal("second-port-late", "{}", READY, &["undeclared-port"], "9999/tcp"),
    animal("udp-port", "{}", READY, &["undeclared-port"], "9999/udp"),
    animal(
        "healthy+unused",
        r#"{"ExposedPorts": {"8080/tcp": {}, "9090/tcp": {}}}"#,
        READY,
        &["unused-expose"],
        "9090",
    ),
    animal("loopback", "{}", READY, &["loopback-only-port"], "127.0.0.1"),
    animal("mute", "{}", "", &["silent-port"], "says nothing"),
    animal("mute+asked", "{}", "ready = \"GET /\"\nready-timeout = \"2s\"\n", &["not-ready"], "in time"),
    animal("hangs-later", "{}", READY, &["stops-answering"], "and then no more"),
    // Health.
    animal("late", LATE, READY, &["late-healthcheck"], "calls it unhealthy"),
    animal("healthy+false", FALSE, READY, &["unhealthy-healthcheck"], "exit 1"),
    animal("healthy+missing", MISSING, READY, &["unhealthy-healthcheck"], "/absent"),
    animal("healthy+blind", BLIND, READY, &["blind-healthcheck"], "SIGSTOP"),
    animal("healthy+killer", KILLER, READY, &["unhealthy-healthcheck"], "end"),
    // Leaks, limits, logs, the network, settings.
    animal("leaks-descriptors", "{}", READY, &["descriptor-leak"], "descriptors"),
    animal("leaks-memory", "{}", READY, &["memory-leak"], "for each"),
    animal("eats-memory", "{}", SMALL, &["not-ready", "out-of-memory"], "memory"),
    animal("eats-memory-in-a-worker", "{}", SMALL, &["out-of-memory"], "lives on"),
    animal("floods-log", "{}", READY, &["log-flood"], "a second"),
    animal("calls-home", "{}", READY, &["egress-attempt"], "outside"),
    animal("needs-network", "{}", READY, &["not-ready"], "192.0.2.1"),
    animal("logs-password", "{}", READY, &["password-in-log"], "PASSWORD"),
];

const MORE: [Animal; 4] = [
    animal(
        "logs-secret",
        "{}",
        "ready = \"GET /\"\nenv = { ZOO_TOKEN = { generate = true } }\n",
        &["secret-in-log"],
        "[variable ZOO_TOKEN]",
    ),
    animal(
        "requires-silently",
        r#"{"Env": ["ZOO_KEY=k"]}"#,
        "ready = \"GET /\"\nrequired = [\"ZOO_KEY\"]\n",
        &["unnamed-variable"],
        "ZOO_KEY",
    ),
    animal(
        "hangs-without",
        r#"{"Env": ["ZOO_KEY=k"]}"#,
        "ready = \"GET /\"\nrefuse-within = \"1s\"\nrequired = [\"ZOO_KEY\"]\n",
        &["silent-default"],
        "neither",
    ),
    animal(
        "healthy+wrong",
        "{}",
        "ready = \"GET /\"\nthorough = true\nenv = { ZOO_SIZE = \"12\" }\n",
        &["accepts-wrong-value"],
        "ZOO_SIZE",
    ),
];

const DRAIN: &str = "ready = \"GET /\"\ndrain = { request = \"POST /\", body = \"0123456789\" }\n";
const SMALL: &str = "ready = \"GET /\"\nmemory = \"48MiB\"\n";
const LATE: &str = r#"{"Healthcheck": {"Test": ["CMD", "/zoo", "health"], "Interval": 500000000, "Timeout": 500000000, "StartPeriod": 500000000, "Retries": 2}}"#;
const FALSE: &str =
    r#"{"Healthcheck": {"Test": ["CMD", "/zoo", "false"], "Interval": 500000000, "Retries": 2}}"#;
const MISSING: &str = r#"{"Healthcheck": {"Test": ["CMD", "/absent"], "Interval": 500000000, "Retries": 2}}"#;
const BLIND: &str =
    r#"{"Healthcheck": {"Test": ["CMD", "/zoo", "true"], "Interval": 500000000, "Retries": 2}}"#;
const KILLER: &str =
    r#"{"Healthcheck": {"Test": ["CMD", "/zoo", "kill-parent"], "Interval": 500000000, "Retries": 2}}"#;

/// The compiled program, its layer, and a layout with an image for each animal.
struct Zoo {
    home: tempfile::TempDir,
}

impl Zoo {
    /// Compiles and packs; nothing where there is no static C library.
    fn build() -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("zoo");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo/zoo.rs");
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let compiled = Command::new(compiler)
            .args(["--edition", "2024", "-C", "opt-level=s", "-C", "target-feature=+crt-static"])
            .args(["-C", "panic=abort", "-C", "strip=symbols", "-o"])
            .args([&program, &source])
            .output()
            .unwrap();
        if !compiled.status.success() {
            skipped(&format!("the zoo does not compile: {}", String::from_utf8_lossy(&compiled.stderr)));
            return None;
        }
        let layer = layer(&fs::read(&program).unwrap());
        let layout = Layout::create(home.path().join("layout")).unwrap();
        let blob = layout.put(media_type::LAYER_TAR, &layer).unwrap();
        let mut images: Vec<Descriptor> = Vec::new();
        for animal in ZOO.iter().chain(&MORE) {
            let config = layout.put(media_type::CONFIG, &configuration(animal, &layer)).unwrap();
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": media_type::MANIFEST,
                "config": config,
                "layers": [blob],
            });
            let bytes = serde_json::to_vec(&manifest).unwrap();
            let mut descriptor = layout.put(media_type::MANIFEST, &bytes).unwrap();
            descriptor.annotations.insert("org.opencontainers.image.ref.name".to_owned(), tag(animal));
            images.push(descriptor);
        }
        let index = serde_json::to_vec(&Index::of(images)).unwrap();
        fs::write(home.path().join("layout/index.json"), index).unwrap();
        for animal in ZOO.iter().chain(&MORE) {
            let project = home.path().join("projects").join(tag(animal));
            fs::create_dir_all(&project).unwrap();
            let policy = format!(
                "[[image]]\nname = \"zoo\"\n[image.test]\ngrace = \"1s\"\nready-timeout = \"8s\"\n{}",
                animal.policy
            );
            let policy = if animal.policy.contains("ready-timeout") {
                policy.replace("ready-timeout = \"8s\"\n", "")
            } else {
                policy
            };
            fs::write(project.join("seaworthy.toml"), policy).unwrap();
        }
        Some(Self { home })
    }

    /// What is wrong with the report on one animal; nothing when it says just what it must.
    fn judge(&self, animal: &Animal, engine: &str) -> Option<String> {
        let image = format!("oci:{}:{}", self.home.path().join("layout").display(), tag(animal));
        let project = self.home.path().join("projects").join(tag(animal));
        let output = seaworthy()
            .args(["test", &image, "--engine", engine, "--format", "json", "--project"])
            .arg(&project)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let wrong = |what: String| Some(format!("{} on {engine}: {what}", animal.name));
        let Ok(report) = serde_json::from_str::<Value>(&text) else {
            return wrong(format!("no report: {}", String::from_utf8_lossy(&output.stderr)));
        };
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let open = findings.iter().filter(|finding| finding["status"] == "open");
        let mut says: Vec<&str> = open.filter_map(|finding| finding["rule"].as_str()).collect();
        says.sort_unstable();
        says.dedup();
        let words: String = animal.says.iter().map(|rule| crate::support::words(&report, rule)).collect();
        let run = &report["facts"]["run"];
        // A service that its own check may end at any moment fails what is looked at then, too.
        let doomed = animal.name == "healthy+killer" && animal.says.iter().all(|rule| says.contains(rule));
        if says != animal.says && !doomed {
            return wrong(format!("says {says:?}, expected {:?}\n{run:#}\n{words}", animal.says));
        }
        if !words.contains(animal.words) {
            return wrong(format!("`{}` is not in the words:\n{words}", animal.words));
        }
        // What is well made has no red check either.
        (animal.says.is_empty() && !failed(&report).is_empty())
            .then(|| format!("{} on {engine}: red: {:?}", animal.name, failed(&report)))
    }

    /// Judges every animal, some at a time.
    fn visit(&self, engine: &str) {
        let only = std::env::var("SEAWORTHY_ZOO").ok();
        let chosen: Vec<&Animal> = ZOO
            .iter()
            .chain(&MORE)
            .filter(|animal| only.as_ref().is_none_or(|name| tag(animal) == *name))
            .collect();
        let next = AtomicUsize::new(0);
        let wrong: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let begun = std::time::Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(animal) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let begun = std::time::Instant::now();
                        wrong.lock().unwrap().extend(self.judge(animal, engine));
                        println!("{:>6} ms {}", begun.elapsed().as_millis(), animal.name);
                    }
                });
            }
        });
        println!("{} animals on {engine} in {:.1} s", chosen.len(), begun.elapsed().as_secs_f64());
        let wrong = wrong.into_inner().unwrap();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n\n"));
    }
}

/// A reference that holds the animal's name.
fn tag(animal: &Animal) -> String {
    animal.name.replace('+', "-")
}

/// The configuration of an animal: the plain one with its changes.
fn configuration(animal: &Animal, layer: &[u8]) -> Vec<u8> {
    let program = animal.name.split('+').next().unwrap();
    let mut config = json!({
        "User": "10001:10001",
        "Entrypoint": ["/zoo"],
        "Cmd": [program],
        "ExposedPorts": {"8080/tcp": {}},
    });
    let changes: Value = serde_json::from_str(animal.config).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        config[key] = value.clone();
    }
    if let Some(entry) = config.pointer_mut("/Env/0")
        && let Some((name, length)) = entry.as_str().unwrap().split_once("=@")
    {
        *entry = json!(format!("{name}={}", "x".repeat(length.parse().unwrap())));
    }
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let whole = json!({
        "architecture": architecture,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(layer)]},
        "history": [],
    });
    serde_json::to_vec(&whole).unwrap()
}

/// The only layer: the program, also as a shell and as a set-user-id helper, and the directories it is to write to.
fn layer(program: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |path: &str, mode: u32, owner: u64, content: Option<&[u8]>| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(if path == "data" { 0 } else { owner });
        let content = match content {
            Some(content) => {
                header.set_entry_type(tar::EntryType::Regular);
                content
            }
            None => {
                header.set_entry_type(tar::EntryType::Directory);
                &[]
            }
        };
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content).unwrap();
    };
    for (path, mode, owner) in [
        ("bin", 0o755, 0),
        ("tmp", 0o1777, 0),
        ("var", 0o755, 0),
        ("var/log", 0o777, 0),
        ("state", 0o755, 10001),
        ("data", 0o775, 10001),
        ("roots", 0o755, 0),
    ] {
        add(path, mode, owner, None);
    }
    add("zoo", 0o755, 0, Some(program));
    add("bin/sh", 0o755, 0, Some(program));
    add("bin/helper", 0o4755, 0, Some(&I386));
    add("i386", 0o755, 0, Some(&I386));
    tar.into_inner().unwrap()
}

/// A 32-bit program that blocks SIGTERM, waits for it, and exits with status 0: an ELF header, one segment, and code.
const I386: [u8; 128] = [
    0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4, 8, 52,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80,
    4, 8, 0, 0x80, 4, 8, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 5, 0, 0, 0, 0, 16, 0, 0,
    // rt_sigprocmask(SIG_BLOCK, {SIGTERM}, 0, 8)
    0x6a, 0, 0x68, 0, 0x40, 0, 0, 0xb8, 175, 0, 0, 0, 0x31, 0xdb, 0x89, 0xe1, 0x31, 0xd2, 0x6a, 8, 0x5e, 0xcd,
    0x80, // rt_sigtimedwait({SIGTERM}, 0, 0, 8)
    0xb8, 177, 0, 0, 0, 0x89, 0xcb, 0x31, 0xc9, 0xcd, 0x80, // exit(0)
    0x31, 0xc0, 0x40, 0x31, 0xdb, 0xcd, 0x80, 0x90, 0x90, 0x90,
];

#[test]
fn every_animal_is_judged_as_stated() {
    if let Some(zoo) = Zoo::build() {
        zoo.visit("sandbox");
    }
}

#[test]
fn every_animal_is_judged_the_same_on_docker() {
    let there = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        return skipped("no Docker Engine");
    }
    if let Some(zoo) = Zoo::build() {
        zoo.visit("docker");
    }
}

/// Where the layout lies, to boot single animals by hand.
#[test]
#[ignore = "keeps the layout for looking at single animals"]
fn keep() {
    if let Some(zoo) = Zoo::build() {
        println!("{}", zoo.home.keep().display());
    }
}
