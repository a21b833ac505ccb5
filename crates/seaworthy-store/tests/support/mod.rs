//! Makes tars and images by hand, honest and hostile ones.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests; each uses a part"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use seaworthy_oci::{Descriptor, Digest, History, ImageConfig, Manifest, RootFs, media_type};
use seaworthy_store::Layout;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A tar in the making.
#[derive(Clone, Default)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }

    /// A header with a right checksum; sizes and names are not looked at.
    pub fn header(flag: u8, path: &[u8], link: &[u8], mode: u32, size: u64, owner: (u32, u32)) -> [u8; 512] {
        let mut block = [0u8; 512];
        block[..path.len().min(100)].copy_from_slice(&path[..path.len().min(100)]);
        block[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
        block[108..115].copy_from_slice(format!("{:07o}", owner.0).as_bytes());
        block[116..123].copy_from_slice(format!("{:07o}", owner.1).as_bytes());
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[136..147].copy_from_slice(b"00000000000");
        block[156] = flag;
        block[157..157 + link.len().min(100)].copy_from_slice(&link[..link.len().min(100)]);
        block[257..263].copy_from_slice(b"ustar\0");
        block[263..265].copy_from_slice(b"00");
        seal(&mut block);
        block
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn entry(self, flag: u8, path: &[u8], link: &[u8], mode: u32, content: &[u8]) -> Self {
        self.owned(flag, path, link, mode, content, (0, 0))
    }

    pub fn owned(
        mut self,
        flag: u8,
        path: &[u8],
        link: &[u8],
        mode: u32,
        content: &[u8],
        owner: (u32, u32),
    ) -> Self {
        let mut records = Vec::new();
        if path.len() > 100 {
            records.push(pax(b"path", path));
        }
        if link.len() > 100 {
            records.push(pax(b"linkpath", link));
        }
        if !records.is_empty() {
            self = self.meta(b'x', &records.concat());
        }
        self.0.extend_from_slice(&Self::header(flag, path, link, mode, content.len() as u64, owner));
        self.content(content)
    }

    pub fn content(mut self, content: &[u8]) -> Self {
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn meta(mut self, flag: u8, content: &[u8]) -> Self {
        self.0.extend_from_slice(&Self::header(flag, b"meta", b"", 0o644, content.len() as u64, (0, 0)));
        self.content(content)
    }

    pub fn file(self, path: &str, content: &[u8]) -> Self {
        self.entry(b'0', path.as_bytes(), b"", 0o644, content)
    }

    pub fn dir(self, path: &str) -> Self {
        self.entry(b'5', path.as_bytes(), b"", 0o755, b"")
    }

    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(b'2', path.as_bytes(), target.as_bytes(), 0o777, b"")
    }

    pub fn hard(self, path: &str, target: &str) -> Self {
        self.entry(b'1', path.as_bytes(), target.as_bytes(), 0o644, b"")
    }

    pub fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// Puts the checksum into a header.
pub fn seal(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// A PAX record.
pub fn pax(key: &[u8], value: &[u8]) -> Vec<u8> {
    let body = key.len() + value.len() + 3;
    let mut length = body + 1;
    while length != body + length.to_string().len() {
        length = body + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A layer's media type, blob and diff id.
pub struct Blob {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
    pub diff_id: Digest,
}

pub fn plain(tar: Vec<u8>) -> Blob {
    Blob { media_type: media_type::LAYER_TAR, diff_id: Digest::of(&tar), bytes: tar }
}

pub fn zipped(tar: &[u8]) -> Blob {
    Blob { media_type: media_type::LAYER_GZIP, bytes: gzip(tar), diff_id: Digest::of(tar) }
}

/// Stores an image under a name; `edit` may spoil the configuration.
pub fn store(
    layout: &Layout,
    name: &str,
    layers: &[Blob],
    edit: impl FnOnce(&mut ImageConfig),
) -> Descriptor {
    let mut config = ImageConfig {
        created: Some("2026-01-01T00:00:00Z".to_owned()),
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
        history: (0..layers.len())
            .map(|at| History { created_by: Some(format!("step {at}")), ..History::default() })
            .collect(),
        ..ImageConfig::default()
    };
    edit(&mut config);
    let config = layout.put(media_type::CONFIG, &serde_json::to_vec(&config).unwrap()).unwrap();
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers: layers.iter().map(|layer| layout.put(layer.media_type, &layer.bytes).unwrap()).collect(),
        subject: None,
        annotations: BTreeMap::new(),
    };
    let descriptor = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap()).unwrap();
    layout.set_ref(name, descriptor.clone()).unwrap();
    descriptor
}

/// A layout with one image of some layers, opened.
pub fn image(folder: &Path, layers: &[Blob]) -> seaworthy_store::Image {
    let layout = Layout::create(folder).unwrap();
    store(&layout, "1", layers, |_| ());
    seaworthy_store::open(
        &seaworthy_oci::Source::Layout { path: folder.to_owned(), reference: Some("1".to_owned()) },
        None,
    )
    .unwrap()
}

/// A folder of the shared corpus; nothing, and a line, where the machine has none.
pub fn corpus(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SEAWORTHY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let path = root.join(part);
    if !path.exists() {
        println!("skipped: no corpus/{part}");
        return None;
    }
    Some(path)
}
