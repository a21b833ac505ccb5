//! A real docker-registry behind the fault-injecting proxy of the corpus (`$SEAWORTHY_CORPUS/registry-faults`).
//!
//! Each fault is one test: what a peer survives sometimes, this client has to survive always.

use seaworthy_oci::{Descriptor, Manifest, Reference, media_type};
use seaworthy_registry::{Access, Client, Kind, Options, Upload};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A registry, a proxy with one fault before it, and an image's parts.
struct Stage {
    _registry: Process,
    _proxy: Process,
    direct: Reference,
    faulty: Reference,
    blobs: Vec<(Descriptor, Vec<u8>)>,
    manifest: (Descriptor, Vec<u8>),
    _dir: tempfile::TempDir,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn listening(process: &mut Process, port: u16) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until && process.0.try_wait().unwrap().is_none() {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn start(make: impl Fn(u16) -> Command) -> (Process, u16) {
    for _ in 0..5 {
        let port = free_port();
        let mut process = Process(
            make(port).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(),
        );
        if listening(&mut process, port) {
            return (process, port);
        }
    }
    panic!("a server does not start");
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.exists())
}

/// Bytes that nobody has seen before.
fn noise(megabytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(megabytes << 20);
    while bytes.len() < megabytes << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

fn stage(mode: &str) -> Option<Stage> {
    let corpus = std::env::var_os("SEAWORTHY_CORPUS").map(PathBuf::from);
    let script = corpus.map(|dir| dir.join("registry-faults/proxy.py")).filter(|file| file.exists());
    let parts = (script, on_path("docker-registry"), on_path("python3"));
    let (Some(script), Some(registry), Some(python)) = parts else {
        println!("skipped: needs SEAWORTHY_CORPUS, docker-registry and python3");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let (registry, upstream) = start(|port| {
        let file = dir.path().join(format!("{port}.yml"));
        let data = dir.path().join("data");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
            data.display()
        );
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(&registry);
        command.arg("serve").arg(file);
        command
    });
    let (proxy, port) = start(|port| {
        let mut command = Command::new(&python);
        command.arg(&script).args([port.to_string(), upstream.to_string(), mode.to_owned()]);
        command
    });
    let blob = |bytes: Vec<u8>| (Descriptor::of(media_type::LAYER_TAR, &bytes), bytes);
    let layers: Vec<_> = [(12, 11), (6, 12), (2, 13)].map(|(size, seed)| blob(noise(size, seed))).into();
    let mut config =
        blob(br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.to_vec());
    config.0.media_type = media_type::CONFIG.to_owned();
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: config.0.clone(),
        layers: layers.iter().map(|(descriptor, _)| descriptor.clone()).collect(),
        subject: None,
        annotations: std::collections::BTreeMap::default(),
    };
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let manifest = (Descriptor::of(media_type::MANIFEST, &bytes), bytes);
    let mut blobs = layers;
    blobs.push(config);
    let reference = |port: u16| format!("127.0.0.1:{port}/a/b:1").parse().unwrap();
    let (direct, faulty) = (reference(upstream), reference(port));
    Some(Stage { _registry: registry, _proxy: proxy, direct, faulty, blobs, manifest, _dir: dir })
}

fn client() -> Client {
    Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() })
}

impl Stage {
    fn push(&self, to: &Reference) {
        let client = client();
        let repository = client.repository(to, Access::Push);
        let uploads: Vec<Upload<'_>> = self
            .blobs
            .iter()
            .map(|(descriptor, bytes)| Upload {
                descriptor: descriptor.clone(),
                source: Box::new(bytes.clone()),
            })
            .collect();
        let summary =
            repository.push_blobs(&uploads, &[]).unwrap_or_else(|error| panic!("{error}: {:?}", error.kind));
        assert_eq!(summary.sent, 4);
        repository.put_manifest(Some("1"), &self.manifest.0, &self.manifest.1).unwrap();
    }

    /// Body bytes the proxy passed on, against those of the image.
    fn factor(&self) -> f64 {
        use std::io::{Read as _, Write as _};
        let mut stream = TcpStream::connect(&self.faulty.domain).unwrap();
        stream.write_all(b"GET /__stats HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = vec![0; 4096];
        let mut length = 0;
        while !text[..length].ends_with(b"}") {
            length += stream.read(&mut text[length..]).unwrap();
        }
        let text = String::from_utf8_lossy(&text[..length]).into_owned();
        println!("{}", text.lines().last().unwrap());
        let json: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let total: u64 = self.blobs.iter().map(|(descriptor, _)| descriptor.size).sum();
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let factor = json["up_bytes"].as_u64().unwrap() as f64 / total as f64;
        factor
    }

    fn check(&self) {
        let client = client();
        let repository = client.repository(&self.direct, Access::Pull);
        assert_eq!(repository.manifest("1").unwrap().bytes, self.manifest.1);
        for (descriptor, bytes) in &self.blobs {
            assert!(repository.pull_bytes(descriptor, 64 << 20).unwrap() == *bytes);
        }
    }
}

fn pushes_through(mode: &str, most: f64) {
    let Some(stage) = stage(mode) else { return };
    stage.push(&stage.faulty);
    stage.check();
    let factor = stage.factor();
    println!("{mode}: {factor:.2} times the bytes");
    assert!(factor <= most, "{mode}: {factor:.2} times the bytes");
}

/// Pulls everything by digest through the proxy; what was refused.
fn pulls(stage: &Stage, dir: &Path) -> Result<(), (Kind, PathBuf)> {
    let client = client();
    let repository = client.repository(&stage.faulty, Access::Pull);
    let file = dir.join("blob");
    let fetched =
        repository.manifest(stage.manifest.0.digest.as_str()).map_err(|e| (e.kind, file.clone()))?;
    assert_eq!(fetched.bytes, stage.manifest.1);
    for (descriptor, bytes) in &stage.blobs {
        let mut out = std::fs::File::create(&file).unwrap();
        repository.pull_blob(descriptor, &mut out).map_err(|error| (error.kind, file.clone()))?;
        assert!(std::fs::read(&file).unwrap() == *bytes);
    }
    Ok(())
}

fn pulls_through(mode: &str) {
    let Some(stage) = stage(mode) else { return };
    stage.push(&stage.direct);
    let dir = tempfile::tempdir().unwrap();
    pulls(&stage, dir.path()).unwrap();
}

fn is_refused(mode: &str) {
    let Some(stage) = stage(mode) else { return };
    stage.push(&stage.direct);
    let dir = tempfile::tempdir().unwrap();
    let (kind, file) = pulls(&stage, dir.path()).unwrap_err();
    assert!(matches!(kind, Kind::Digest { .. }), "{kind}");
    // What was refused is not left for anybody to use.
    assert!(std::fs::metadata(file).map_or(0, |meta| meta.len()) == 0);
}

#[test]
fn nothing_goes_wrong() {
    pushes_through("none", 1.01);
}

#[test]
fn too_many_requests() {
    pushes_through("rate429", 1.01);
}

#[test]
fn unavailable_on_post() {
    pushes_through("post503", 1.01);
}

#[test]
fn errors_on_head() {
    pushes_through("head500", 1.01);
}

#[test]
fn bad_gateway_on_manifest() {
    pushes_through("man502", 1.01);
}

#[test]
fn one_broken_upload() {
    pushes_through("up_reset1", 1.5);
}

#[test]
fn four_broken_uploads() {
    pushes_through("up_reset4", 2.2);
}

#[test]
fn a_limit_on_bodies() {
    pushes_through("maxbody", 1.01);
}

#[test]
fn a_token_that_dies() {
    pushes_through("token1", 1.01);
}

#[test]
fn downloads_that_break_off() {
    pulls_through("get_trunc1");
    pulls_through("get_trunc4");
}

#[test]
fn one_corrupt_download() {
    pulls_through("get_corrupt1");
}

#[test]
fn always_corrupt_downloads() {
    is_refused("get_corrupt");
}

#[test]
fn a_manifest_that_was_exchanged() {
    is_refused("man_swap");
}
