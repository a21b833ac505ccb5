//! Against a real engine, where one is reachable: an image made here is loaded, and its containers do everything a trial
//! asks for. Without an engine one line says so.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where a helper fails, and says what it skips"
)]

use seaworthy_engine::{
    Bind, ChangeKind, Container, ContainerSpec, Engine, ErrorKind, ExecSpec, HealthOverride, NetworkMode,
};
use seaworthy_oci::{ContainerConfig, Digest, ImageConfig, Platform, RootFs};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// A program for every question the tests ask. It is static, so the image needs nothing else.
const PROBE: &str = r#"
use std::io::{Read, Write};
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("serve") => {
            println!("out {}", std::env::var("MODE").unwrap_or_default());
            eprintln!("err");
            if let Ok(text) = std::fs::read_to_string("/run/secret") { println!("secret {text}"); }
            println!("write {:?}", std::fs::write("/new-file", "x").map_err(|error| error.kind()));
            println!("tmp {:?}", std::fs::write("/tmp/x", "x").map_err(|error| error.kind()));
            let listener = std::net::TcpListener::bind("0.0.0.0:8080").unwrap();
            for stream in listener.incoming() { let _ = stream.unwrap().write_all(b"hello"); }
        }
        Some("get") => {
            let mut text = String::new();
            std::net::TcpStream::connect(&words[1]).unwrap().read_to_string(&mut text).unwrap();
            println!("{text}");
        }
        Some("eat") => {
            let mut all = Vec::new();
            loop { all.push(vec![1u8; 1 << 20]); }
        }
        Some("exit") => {
            eprintln!("leaving");
            std::process::exit(words[1].parse().unwrap());
        }
        Some("sleep") => std::thread::sleep(std::time::Duration::from_secs(60)),
        _ => println!("{:?} {}", words, std::fs::read_to_string("/proc/self/status").unwrap_or_default()),
    }
}
"#;

/// Tests share the one image; the engine would race with itself loading it twice.
static LOADING: Mutex<()> = Mutex::new(());

const IMAGE: &str = "seaworthy-engine-test:probe";

fn engine() -> Option<Engine> {
    match Engine::connect() {
        Ok(engine) => {
            let guard = LOADING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if engine.image(IMAGE).unwrap().is_none() {
                load(&engine);
            }
            drop(guard);
            Some(engine)
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
            assert!(error.hint().is_some());
            println!("skipped: no container engine ({error})");
            None
        }
    }
}

fn load(engine: &Engine) {
    let home = tempfile::tempdir().unwrap();
    let (source, binary) = (home.path().join("probe.rs"), home.path().join("probe"));
    fs::write(&source, PROBE).unwrap();
    let mut compiler = Command::new("rustc");
    compiler.args(["-O", "-C", "target-feature=+crt-static", "-o"]).arg(&binary).arg(&source);
    assert!(compiler.status().unwrap().success());

    let mut layer = tar::Builder::new(Vec::new());
    for directory in ["tmp", "run"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o1777);
        header.set_size(0);
        layer.append_data(&mut header, directory, std::io::empty()).unwrap();
    }
    append(&mut layer, "probe", 0o755, &fs::read(&binary).unwrap());
    let layer = layer.into_inner().unwrap();
    let config = ImageConfig {
        architecture: Platform::host().architecture,
        os: "linux".to_owned(),
        config: ContainerConfig {
            entrypoint: vec!["/probe".to_owned()],
            cmd: vec!["serve".to_owned()],
            env: vec!["MODE=image".to_owned()],
            ..ContainerConfig::default()
        },
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: vec![Digest::of(&layer)] },
        ..ImageConfig::default()
    };
    let manifest =
        serde_json::json!([{ "Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"] }]);
    let mut archive = tar::Builder::new(Vec::new());
    append(&mut archive, "config.json", 0o644, &serde_json::to_vec(&config).unwrap());
    append(&mut archive, "layer.tar", 0o644, &layer);
    append(&mut archive, "manifest.json", 0o644, manifest.to_string().as_bytes());
    let archive = archive.into_inner().unwrap();
    let loaded = engine.load(&mut archive.as_slice()).unwrap();
    // Podman puts its own host before short names.
    assert!(loaded[0].name.ends_with(IMAGE), "{loaded:?}");
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, mode: u32, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, path, bytes).unwrap();
}

fn spec() -> ContainerSpec {
    ContainerSpec { image: IMAGE.to_owned(), run: Engine::new_run_id(), ..ContainerSpec::default() }
}

fn started(engine: &Engine, spec: &ContainerSpec) -> Container {
    let container = engine.create_container(spec).unwrap();
    container.start().unwrap();
    container
}

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|word| (*word).to_owned()).collect()
}

/// Polls, because a container's output arrives a moment after its start.
fn logs_with(container: &Container, text: &str) -> String {
    let begin = Instant::now();
    loop {
        let logs = container.logs(1 << 16).unwrap();
        let out = String::from_utf8_lossy(&logs.stdout).into_owned();
        if out.contains(text) || begin.elapsed() > Duration::from_secs(20) {
            return out;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_hardened_container_lives_and_ends() {
    let Some(engine) = engine() else { return };
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "s3cret").unwrap();
    let spec = ContainerSpec {
        env: BTreeMap::from([("MODE".to_owned(), "mine".to_owned())]),
        read_only: true,
        cap_drop: words(&["ALL"]),
        no_new_privileges: true,
        tmpfs: BTreeMap::from([("/tmp".to_owned(), "size=1m,mode=1777".to_owned())]),
        binds: vec![Bind {
            source: secret.path().to_owned(),
            target: "/run/secret".to_owned(),
            read_only: true,
        }],
        memory: Some(64 << 20),
        pids: Some(16),
        health: HealthOverride::Off,
        ..spec()
    };
    let container = started(&engine, &spec);
    let out = logs_with(&container, "tmp ");
    assert!(out.contains("out mine"), "{out}");
    assert!(out.contains("secret s3cret"), "{out}");
    assert!(out.contains("write Err(ReadOnlyFilesystem)"), "{out}");
    assert!(out.contains("tmp Ok"), "{out}");
    assert_eq!(container.logs(100).unwrap().stderr, b"err\n");
    assert!(container.logs(3).unwrap().truncated);

    let state = container.state().unwrap();
    assert!(state.running && state.pid > 0 && state.health.is_none(), "{state:?}");
    assert!(container.memory().unwrap().unwrap().used > 0);
    let listed = engine.leftover_containers().unwrap();
    assert!(
        listed.iter().any(|one| one.id == container.id() && one.run == spec.run && one.state == "running")
    );

    // The main process ignores SIGTERM: it is process 1 and has no handler.
    assert!(container.kill("SIGTERM").unwrap());
    assert_eq!(container.wait(Duration::from_millis(300)).unwrap(), None);
    assert!(container.kill("SIGKILL").unwrap());
    assert_eq!(container.wait(Duration::from_secs(20)).unwrap(), Some(137));
    assert!(!container.kill("SIGTERM").unwrap(), "a signal to a dead container is no error");
    assert_eq!(container.memory().unwrap(), None);

    let id = container.id().to_owned();
    drop(container);
    assert!(!engine.leftover_containers().unwrap().iter().any(|one| one.id == id), "the guard removes it");
}

#[test]
fn exit_codes_are_data() {
    let Some(engine) = engine() else { return };
    let container = started(&engine, &ContainerSpec { cmd: Some(words(&["exit", "7"])), ..spec() });
    assert_eq!(container.wait(Duration::from_secs(20)).unwrap(), Some(7));
    assert_eq!(container.logs(100).unwrap().stderr, b"leaving\n");
    assert_eq!(container.state().unwrap().exit_code, 7);
    container.remove().unwrap();
    let missing =
        engine.create_container(&ContainerSpec { entrypoint: Some(words(&["/nothing"])), ..spec() }).unwrap();
    let error = missing.start().unwrap_err();
    assert!(error.to_string().contains("/nothing"), "{error}");
    let error =
        engine.create_container(&ContainerSpec { image: "no/such:image".to_owned(), ..spec() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn commands_run_beside_the_main_process() {
    let Some(engine) = engine() else { return };
    let container = started(&engine, &spec());
    logs_with(&container, "tmp ");
    let run = |line: &[&str], timeout: u64| {
        let spec =
            ExecSpec { argv: words(line), timeout: Duration::from_millis(timeout), ..ExecSpec::default() };
        container.exec(&spec).unwrap()
    };
    let get = run(&["/probe", "get", "127.0.0.1:8080"], 20_000);
    assert_eq!((get.exit_code, get.stdout.as_slice()), (Some(0), b"hello\n".as_slice()));
    assert_eq!(run(&["/probe", "exit", "3"], 20_000).exit_code, Some(3));
    let absent = run(&["/nothing"], 20_000);
    assert!(matches!(absent.exit_code, Some(126 | 127)), "{absent:?}");
    let slow = run(&["/probe", "sleep"], 500);
    assert!(slow.timed_out && slow.exit_code.is_none(), "{slow:?}");

    // A stopped main process neither answers nor hinders commands.
    assert!(container.kill("SIGSTOP").unwrap());
    assert_eq!(run(&["/probe", "exit", "4"], 20_000).exit_code, Some(4));
    assert!(run(&["/probe", "get", "127.0.0.1:8080"], 700).timed_out);
    assert!(container.kill("SIGCONT").unwrap());

    let changes = container.changes().unwrap();
    assert!(
        changes.iter().any(|change| change.path == "/new-file" && change.kind == ChangeKind::Added),
        "{changes:?}"
    );
    assert_eq!(container.read_file("/new-file", 10).unwrap().unwrap(), b"x");
    assert_eq!(container.read_file("/nothing", 10).unwrap(), None);
    if let Some(pid) = container.local_pid().unwrap() {
        assert!(Path::new("/proc").join(pid.to_string()).join("ns/net").exists());
    } else {
        println!("skipped: the engine's processes are not seen here");
    }
}

#[test]
fn memory_is_limited_and_the_kernels_kill_is_seen() {
    let Some(engine) = engine() else { return };
    let spec = ContainerSpec { cmd: Some(words(&["eat"])), memory: Some(16 << 20), ..spec() };
    let container = started(&engine, &spec);
    assert_eq!(container.wait(Duration::from_secs(30)).unwrap(), Some(137));
    let state = container.state().unwrap();
    if engine.info().name == "Podman" {
        println!("skipped: Podman does not see the kernel's kill under control groups version 1");
        return;
    }
    assert!(state.oom_killed, "{state:?}");
}

#[test]
fn two_containers_meet_in_a_network() {
    let Some(engine) = engine() else { return };
    let base = spec();
    let name = format!("seaworthy-test-{}", base.run);
    let network = match engine.create_network(&name, &base.run, true) {
        Ok(network) => network,
        Err(error) => {
            println!("skipped: the engine cannot make networks here ({error})");
            return;
        }
    };
    let of = |alias: &str| NetworkMode::Named {
        network: network.id().to_owned(),
        aliases: vec![alias.to_owned()],
    };
    let server = started(&engine, &ContainerSpec { network: of("server"), ..base.clone() });
    logs_with(&server, "tmp ");
    let addresses = server.state().unwrap().addresses;
    assert_eq!(addresses.len(), 1);
    // Podman needs a plugin for names, which may not be installed.
    let host = if engine.info().name == "Podman" { addresses[&name].as_str() } else { "server" };
    let cmd = Some(words(&["get", &format!("{host}:8080")]));
    let client = started(&engine, &ContainerSpec { network: of("client"), cmd, ..base.clone() });
    assert_eq!(client.wait(Duration::from_secs(20)).unwrap(), Some(0), "{:?}", client.logs(1000));
    assert_eq!(client.logs(100).unwrap().stdout, b"hello\n");
    let shared = NetworkMode::Container(server.id().to_owned());
    let cmd = Some(words(&["get", "127.0.0.1:8080"]));
    let neighbour = started(&engine, &ContainerSpec { network: shared, cmd, ..base });
    assert_eq!(neighbour.wait(Duration::from_secs(20)).unwrap(), Some(0));
    assert!(engine.leftover_networks().unwrap().iter().any(|(known, _)| *known == name));
    drop((neighbour, client, server));
    drop(network);
    assert!(!engine.leftover_networks().unwrap().iter().any(|(known, _)| *known == name));
}

#[test]
fn health_is_the_engines_or_off() {
    let Some(engine) = engine() else { return };
    if engine.info().name == "Podman" {
        println!("skipped: Podman runs health checks only under systemd");
        return;
    }
    let check = seaworthy_oci::Healthcheck {
        test: words(&["CMD", "/probe", "exit", "1"]),
        interval: 200_000_000,
        timeout: 5_000_000_000,
        retries: 1,
        ..seaworthy_oci::Healthcheck::default()
    };
    let container = started(&engine, &ContainerSpec { health: HealthOverride::Other(check), ..spec() });
    let begin = Instant::now();
    loop {
        let health = container.state().unwrap().health.unwrap();
        if health.status == "unhealthy" {
            assert_eq!(health.probes[0].0, 1);
            assert!(health.probes[0].1.contains("leaving"));
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{health:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn images_are_exported_tagged_and_removed() {
    let Some(engine) = engine() else { return };
    engine.ping().unwrap();
    let image = engine.image(IMAGE).unwrap().unwrap();
    assert_eq!(image.os, "linux");
    let other = format!("seaworthy-engine-test-{}", Engine::new_run_id());
    engine.tag(IMAGE, &other, "x").unwrap();
    let mut archive = tar::Archive::new(engine.export(&format!("{other}:x")).unwrap());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().any(|name| name == "manifest.json"), "{names:?}");
    engine.remove_image(&format!("{other}:x")).unwrap();
    engine.remove_image(&format!("{other}:x")).unwrap();
    assert!(engine.image(&format!("{other}:x")).unwrap().is_none());
    let error = engine.load(&mut b"no archive".as_slice()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
}

#[test]
fn nobody_listening_is_unreachable_with_the_address() {
    let address = seaworthy_engine::Address::Tcp("127.0.0.1:9".to_owned(), None);
    let error = Engine::connect_to(&address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
}
