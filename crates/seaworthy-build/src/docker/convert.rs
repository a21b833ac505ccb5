//! Brings what the engine gave into the layout, as an OCI image with compressed layers.
//!
//! `docker save` gives layers unpacked. Kept so, every size and time of a later pull would be wrong, so they are
//! compressed as a push would do.

use crate::BuildError;
use flate2::{Compression as Level, GzBuilder};
use seaworthy_oci::{Descriptor, Manifest, media_type};
use seaworthy_store::{Compression, Image, Layout, Limits, StoreError};
use std::io::{self, Write as _};
use std::path::Path;

/// Copies the image into the layout under the name and returns its manifest's digest.
pub(super) fn import(image: &Image, layout: &Path, tag: &str) -> Result<String, BuildError> {
    let failed = |error: StoreError| BuildError::Store { path: layout.to_owned(), source: Box::new(error) };
    let target = Layout::create(layout).map_err(failed)?;
    let mut layers = Vec::new();
    for index in 0..image.manifest.layers.len() {
        layers.push(import_layer(image, index, &target, layout)?);
    }
    let config = target.put(media_type::CONFIG, &image.config_bytes).map_err(failed)?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers,
        subject: None,
        annotations: image.manifest.annotations.clone(),
    };
    let bytes = serde_json::to_vec(&manifest).expect("internal error: plain data serialises");
    let mut descriptor = target.put(media_type::MANIFEST, &bytes).map_err(failed)?;
    descriptor.platform = Some(image.platform());
    let digest = descriptor.digest.to_string();
    target.set_ref(tag, descriptor).map_err(failed)?;
    Ok(digest)
}

fn import_layer(
    image: &Image,
    index: usize,
    target: &Layout,
    layout: &Path,
) -> Result<Descriptor, BuildError> {
    let failed = |error: StoreError| BuildError::Store { path: layout.to_owned(), source: Box::new(error) };
    let mut stream = image.layer(index, Limits::default()).map_err(failed)?;
    let kind = match stream.compression() {
        Compression::Gzip => media_type::LAYER_GZIP,
        Compression::Zstd => media_type::LAYER_ZSTD,
        Compression::None => {
            let sink = target.sink().map_err(failed)?;
            let mut gzip = GzBuilder::new().mtime(0).write(sink, Level::new(6));
            let copied = io::copy(&mut stream, &mut gzip).and_then(|_| gzip.flush());
            copied.map_err(BuildError::io("compress a layer into", layout))?;
            let sink = gzip.finish().map_err(BuildError::io("compress a layer into", layout))?;
            // What was read is compared with the digest that was promised.
            stream.finish().map_err(failed)?;
            return sink.finish(media_type::LAYER_GZIP).map_err(failed);
        }
    };
    let blob = image.blobs().open(&image.manifest.layers[index]).map_err(failed)?;
    let reader = seaworthy_store::Verified::new(blob, &image.manifest.layers[index], "layer");
    target.put_reader(kind, reader).map_err(failed)
}
