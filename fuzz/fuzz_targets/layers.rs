//! Any bytes as the tars of an image of up to three layers, cut at zero bytes' own place: the pass and the merge hold what
//! the facts promise.

#![no_main]

use seaworthy_inspect::{Options, inspect};
use seaworthy_oci::{Descriptor, Digest, ImageConfig, Manifest, RootFs, Source, media_type};
use seaworthy_store::{Blobs, Image, Limits, StoreError};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

struct Memory(Vec<(Digest, Vec<u8>)>);

impl Blobs for Memory {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        let found = self.0.iter().find(|(digest, _)| *digest == descriptor.digest);
        let missing = || StoreError::MissingBlob { digest: descriptor.digest.clone(), place: self.place() };
        Ok(Box::new(Cursor::new(found.ok_or_else(missing)?.1.clone())))
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((count, rest)) = bytes.split_first() else { return };
    let count = usize::from(count % 3) + 1;
    // Tars are made of blocks: the layers are cut between them.
    let blocks = (rest.len() / 512 / count).max(1) * 512;
    let mut tars: Vec<Vec<u8>> = rest.chunks(blocks).map(<[u8]>::to_vec).collect();
    tars.truncate(count);
    let layers: Vec<Descriptor> = tars.iter().map(|tar| Descriptor::of(media_type::LAYER_TAR, tar)).collect();
    let config = ImageConfig {
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: layers.iter().map(|layer| layer.digest.clone()).collect(),
        },
        ..ImageConfig::default()
    };
    let config = serde_json::to_vec(&config).expect("JSON");
    let blobs = layers.iter().map(|layer| layer.digest.clone()).zip(tars).collect();
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::of(media_type::CONFIG, &config),
        layers,
        subject: None,
        annotations: BTreeMap::new(),
    };
    let manifest = serde_json::to_vec(&manifest).expect("JSON");
    let descriptor = Descriptor::of(media_type::MANIFEST, &manifest);
    let source = Source::Bare("memory".to_owned());
    let image = Image::new(source, descriptor, manifest, config, Arc::new(Memory(blobs))).expect("a sound image");
    let limits = Limits { entries: 5_000, ..Limits::default() };
    let options = Options { limits, threads: 1, digests: true, ..Options::default() };
    let Ok(facts) = inspect(&image, &options) else { return };
    for pair in facts.files.windows(2) {
        assert!(pair[0].path <= pair[1].path, "{:?} before {:?}", pair[0].path, pair[1].path);
    }
    for file in &facts.files {
        assert!(file.path.starts_with('/') && file.layer < facts.layers.len(), "{file:?}");
        let _ = facts.resolve(&file.path);
    }
});
