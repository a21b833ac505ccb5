//! `registry-faults`: pushes and pulls through a proxy that injects one fault, before a real registry on loopback.
//!
//! The directory holds `proxy.py`; `docker-registry` and `python3` are taken from `PATH`. Eight pushes and three pulls
//! have to succeed, with the image complete at the other side; two pulls have to be refused by digest.

use anyhow::Context as _;
use seaworthy_oci::{Descriptor, ImageConfig, Manifest, Platform, Reference, RootFs, media_type};
use seaworthy_registry::{Kind, Options};
use seaworthy_release::{Error, pull, push};
use seaworthy_store::Layout;
use serde_json::{Value, json};
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is done through the proxy, and how it must end.
#[derive(Clone, Copy)]
enum Wanted {
    Push,
    Pull,
    Refuse,
}

const CASES: [(&str, Wanted); 13] = [
    ("rate429", Wanted::Push),
    ("post503", Wanted::Push),
    ("head500", Wanted::Push),
    ("up_reset1", Wanted::Push),
    ("up_reset4", Wanted::Push),
    ("man502", Wanted::Push),
    ("maxbody", Wanted::Push),
    ("token1", Wanted::Push),
    ("get_trunc1", Wanted::Pull),
    ("get_trunc4", Wanted::Pull),
    ("get_corrupt1", Wanted::Pull),
    ("get_corrupt", Wanted::Refuse),
    ("man_swap", Wanted::Refuse),
];

/// A server that ends with the value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs every case against a fresh proxy and a fresh repository; gives (agreeing, all).
pub(super) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let proxy = dir.join("proxy.py");
    anyhow::ensure!(proxy.is_file(), "{} is missing", proxy.display());
    let place = tempfile::tempdir()?;
    let config = place.path().join("config.yml");
    let (_registry, upstream) = start(|port| {
        let data = place.path().join("data");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
            data.display()
        );
        std::fs::write(&config, text)?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config);
        Ok(command)
    })?;
    let mut agree = 0;
    for (mode, wanted) in CASES {
        let (_proxy, port) = start(|port| {
            let mut command = Command::new("python3");
            command.arg(&proxy).args([port.to_string(), upstream.to_string(), mode.to_owned()]);
            Ok(command)
        })?;
        let work = tempfile::tempdir()?;
        match case(mode, wanted, port, upstream, work.path()) {
            Ok(()) => agree += 1,
            Err(error) => {
                let expected = if matches!(wanted, Wanted::Refuse) { "refused by digest" } else { "done" };
                out(json!({ "case": mode, "expected": expected, "got": format!("{error:#}") }));
            }
        }
    }
    Ok((agree, CASES.len()))
}

fn case(mode: &str, wanted: Wanted, port: u16, upstream: u16, work: &Path) -> anyhow::Result<()> {
    let reference = |port: u16| format!("127.0.0.1:{port}/{mode}:1").parse::<Reference>();
    let (direct, faulty) = (reference(upstream)?, reference(port)?);
    let layout = Layout::create(work.join("made"))?;
    let image = image(&layout)?;
    let options = Options::default();
    let got = Layout::create(work.join("got"))?;
    match wanted {
        Wanted::Push => {
            push(&layout, &image, &faulty, &options)?;
            pull(&direct, &got, None, &options).context("it is not complete at the registry")?;
        }
        Wanted::Pull => {
            push(&layout, &image, &direct, &options)?;
            pull(&faulty.with_digest(&image.digest), &got, None, &options)?;
        }
        Wanted::Refuse => {
            push(&layout, &image, &direct, &options)?;
            let Err(error) = pull(&faulty.with_digest(&image.digest), &got, None, &options) else {
                anyhow::bail!("it was taken")
            };
            let by_digest = matches!(&error, Error::Registry { source, .. } if matches!(source.kind, Kind::Digest { .. }));
            anyhow::ensure!(by_digest, "it was refused for another reason: {:#}", anyhow::Error::new(error));
        }
    }
    if !matches!(wanted, Wanted::Refuse) {
        for blob in layout.manifest(&image)?.layers {
            let same =
                std::fs::read(layout.blob_path(&blob.digest))? == std::fs::read(got.blob_path(&blob.digest))?;
            anyhow::ensure!(same, "blob {} differs", blob.digest);
        }
    }
    let left: Vec<_> = std::fs::read_dir(got.path())?.flatten().map(|entry| entry.file_name()).collect();
    let temporary = left.iter().any(|name| name.to_string_lossy().starts_with(".tmp"));
    anyhow::ensure!(!temporary, "a temporary file was left behind");
    Ok(())
}

/// An image of random layers of 12, 6 and 2 MB, so that nothing is found from an earlier case.
fn image(layout: &Layout) -> anyhow::Result<Descriptor> {
    let mut layers = Vec::new();
    for megabytes in [12, 6, 2] {
        let noise = std::fs::File::open("/dev/urandom")?.take(megabytes * 1_000_000);
        layers.push(layout.put_reader(media_type::LAYER_TAR, noise)?);
    }
    let diff_ids = layers.iter().map(|layer| layer.digest.clone()).collect();
    let platform = Platform::host();
    let config = ImageConfig {
        architecture: platform.architecture,
        os: platform.os,
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids },
        ..ImageConfig::default()
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: layout.put(media_type::CONFIG, &serde_json::to_vec(&config)?)?,
        layers,
        subject: None,
        annotations: std::collections::BTreeMap::default(),
    };
    Ok(layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest)?)?)
}

/// Starts a server on a free port and waits until it listens.
fn start(make: impl Fn(u16) -> anyhow::Result<Command>) -> anyhow::Result<(Server, u16)> {
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = make(port)?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = Server(child.with_context(|| format!("{program} does not run"))?);
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && server.0.try_wait()?.is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok((server, port));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    anyhow::bail!("a server does not start")
}
