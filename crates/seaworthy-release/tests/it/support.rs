//! A small image, a registry, and the judges.

use seaworthy_oci::{Descriptor, Digest, ImageConfig, Manifest, Platform, RootFs, media_type};
use seaworthy_store::Layout;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// An image of two layers in a fresh layout.
pub(crate) fn image(dir: &Path, salt: &str) -> (Layout, Descriptor) {
    image_for(dir, salt, Platform::host())
}

/// The same for a platform.
pub(crate) fn image_for(dir: &Path, salt: &str, platform: Platform) -> (Layout, Descriptor) {
    let layout = Layout::create(dir.join(format!("image-{salt}"))).unwrap();
    let (mut layers, mut diff_ids) = (Vec::new(), Vec::new());
    for (name, text) in [("etc/motd", "hello"), ("app", salt)] {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        let tar = tar.into_inner().unwrap();
        diff_ids.push(Digest::of(&tar));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).unwrap();
        layers.push(layout.put(media_type::LAYER_GZIP, &gzip.finish().unwrap()).unwrap());
    }
    let config = ImageConfig {
        architecture: platform.architecture,
        os: platform.os,
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids },
        ..ImageConfig::default()
    };
    let config = layout.put(media_type::CONFIG, &serde_json::to_vec(&config).unwrap()).unwrap();
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers,
        subject: None,
        annotations: std::collections::BTreeMap::default(),
    };
    let image = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap()).unwrap();
    layout.set_ref("built", image.clone()).unwrap();
    (layout, image)
}

/// A small SPDX document.
pub(crate) fn sbom() -> Vec<u8> {
    br#"{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"app","documentNamespace":"https://example.invalid/app","creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: test"]},"packages":[]}"#.to_vec()
}

/// A judge's program, where the machine has it.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let peers = std::env::var_os("SEAWORTHY_PEERS").map(|dir| PathBuf::from(dir).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = peers
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|dir| dir.join(name))
        .find(|file| file.exists());
    if found.is_none() {
        println!("skipped: {name} is not on this machine");
    }
    found
}

/// Runs a judge in an empty home.
pub(crate) fn run(home: &Path, program: &Path, args: &[&str]) -> Output {
    let output = Command::new(program)
        .args(args)
        .env("HOME", home)
        .env("DOCKER_CONFIG", home)
        .env("COSIGN_PASSWORD", "pw")
        .env_remove("REGISTRY_AUTH_FILE")
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    println!(
        "{} {}: {}\n{}",
        program.display(),
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Runs a judge that must be content; its standard output.
pub(crate) fn must(home: &Path, program: &Path, args: &[&str]) -> String {
    let output = run(home, program, args);
    assert!(output.status.success(), "{} {} was not content", program.display(), args.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A docker-registry on loopback, ended with the value.
pub(crate) struct Registry {
    child: Child,
    pub(crate) port: u16,
    _dir: tempfile::TempDir,
}

impl Registry {
    /// Starts one; `None`, with a line, where the machine has no registry.
    pub(crate) fn start() -> Option<Self> {
        let program = tool("docker-registry")?;
        let dir = tempfile::tempdir().unwrap();
        // Another process may take the port between the look and the start, so it is tried a few times.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut config =
                String::from("version: 0.1\nlog: {level: error}\nstorage:\n  delete: {enabled: true}\n");
            writeln!(config, "  filesystem: {{rootdirectory: {}}}", dir.path().join("data").display())
                .unwrap();
            writeln!(config, "http: {{addr: '127.0.0.1:{port}'}}").unwrap();
            let file = dir.path().join("config.yml");
            std::fs::File::create(&file).unwrap().write_all(config.as_bytes()).unwrap();
            let mut child = Command::new(&program)
                .arg("serve")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let until = Instant::now() + Duration::from_secs(10);
            while Instant::now() < until && child.try_wait().unwrap().is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(Self { child, port, _dir: dir });
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("docker-registry does not start");
    }

    /// A repository on it.
    pub(crate) fn repository(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
