//! One pass over the bytes of an image: files, packages, secrets, waste.
//!
//! Each layer is read once, in its own thread: blob digest, decompression, diff id, tar walk, and every visitor that
//! wants a file's content as it streams by. The layers' file tables are then merged as overlayfs would. Nothing is
//! unpacked, and nothing in an image is resolved on the host.

mod base;
mod dive;
mod elf;
mod error;
mod layers;
mod map;
mod merge;
mod packages;
mod pass;
mod problems;
mod secrets;
mod shelf;
mod table;
mod tree;
mod users;
mod visit;

pub use error::InspectError;
pub use layers::{Does, Entry, Layers, Node, Union};

pub use tree::Tree;

use pass::{LayerScan, scan};
use seaworthy_facts::{ImageFacts, LayerFact};
use seaworthy_oci::{ImageConfig, Platform};
use seaworthy_store::{Image, Limits};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How an image is inspected.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds on each layer.
    pub limits: Limits,
    /// Most layers read at once; 0 means one per core, eight at most.
    pub threads: usize,
    /// Leave out the search for secrets.
    pub skip_secrets: bool,
    /// Leave out packages, users and programs: with secrets left out as well, what is left is the bare pass. For
    /// measurements.
    pub skip_packages: bool,
    /// Make the SHA-256 digest of every regular file ([`seaworthy_facts::FileDetail::digest`]). It costs about a fifth
    /// more time, so it is left out unless asked for.
    pub digests: bool,
}

/// Reads an image once and says everything its bytes show.
///
/// # Errors
/// When a layer is missing, is not what its descriptor says, does not unpack, is no tar, or passes a limit. What does
/// not stop the reading is in [`ImageFacts::problems`].
pub fn inspect(image: &Image, options: &Options) -> Result<ImageFacts, InspectError> {
    inspect_layers(image, options).map(|(facts, _)| facts)
}

/// The same, with every entry of every layer.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_layers(image: &Image, options: &Options) -> Result<(ImageFacts, Layers), InspectError> {
    let start = Instant::now();
    let scans = scan_layers(image, options)?;
    let merged = merge::merge(&scans);
    let mut problems = problems::of_image(image);
    problems.extend(merged.problems.iter().cloned());
    problems.extend(problems::of_layers(image, &scans));

    let created_by = created_by(&image.config, scans.len());
    let layers: Vec<LayerFact> = scans
        .iter()
        .zip(&image.manifest.layers)
        .zip(created_by)
        .zip(&merged.wasted)
        .map(|(((scan, descriptor), created_by), wasted)| LayerFact {
            digest: descriptor.digest.to_string(),
            diff_id: scan.end.diff_id.to_string(),
            media_type: descriptor.media_type.clone(),
            compressed: scan.end.compressed,
            unpacked: scan.end.unpacked,
            content: scan.table.content,
            entries: scan.table.entries,
            created_by,
            wasted: *wasted,
        })
        .collect();
    let view = packages::View::new(&scans, &merged);
    let distribution = packages::distribution(&view);
    let (users, groups) = users::read(&view);
    let (secrets, upstream_secrets, mut masks) = if options.skip_secrets {
        Default::default()
    } else {
        secrets::read(image, &scans, &merged, options.limits)
    };
    let elf::Programs { mut binaries, packages: elf_packages, scripts } = elf::read(&view);
    let mut packages = packages::read(&view, distribution.as_ref(), elf_packages, &mut binaries);
    packages.sort();
    packages.dedup();
    let base = base::of(&image.config, &image.manifest.annotations, scans.len());
    let content: u64 = scans.iter().map(|scan| scan.table.content).sum();
    let tables = scans.iter().zip(&merged.hidden_by);
    let map = tables.map(|(scan, hidden_by)| map::of(&scan.table, hidden_by, content)).collect();
    let mut facts = ImageFacts {
        source: image.source.to_string(),
        digest: image.descriptor.digest.to_string(),
        media_type: image.descriptor.media_type.clone(),
        config_digest: image.manifest.config.digest.to_string(),
        platform: image.platform(),
        config: image.config.clone(),
        annotations: image.manifest.annotations.clone(),
        compressed: layers.iter().map(|layer| layer.compressed).sum(),
        unpacked: layers.iter().map(|layer| layer.unpacked).sum(),
        layers,
        files: merged.files,
        waste: merged.waste,
        efficiency: merged.efficiency,
        dive: merged.dive,
        base,
        map,
        secrets,
        distribution,
        upstream_secrets,
        packages,
        binaries,
        users,
        groups,
        scripts,
        problems,
        ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    masks.apply(&mut facts);
    Ok((facts, Layers::new(scans, merged.hidden_by)))
}

/// Reads the layers.
fn scan_layers(image: &Image, options: &Options) -> Result<Vec<LayerScan>, InspectError> {
    each_layer(image, options.threads, |index, ahead| scan(image, index, options, ahead))
}

/// Does something with every layer, several at once, the largest first so that no core waits for it at the end.
fn each_layer<T: Send>(
    image: &Image,
    threads: usize,
    scan: impl Fn(usize, bool) -> Result<T, InspectError> + Sync,
) -> Result<Vec<T>, InspectError> {
    let count = image.manifest.layers.len();
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let workers = if threads == 0 { cores } else { threads }.min(count).max(1);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|index| std::cmp::Reverse(image.manifest.layers[*index].size));
    // A layer that no other one keeps company is decompressed by one thread and looked at by another.
    let sizes = image.manifest.layers.iter().map(|layer| layer.size);
    let total = sizes.fold(0u64, u64::saturating_add);
    let ahead = |index: usize| {
        threads != 1
            && cores > 1
            && (count < cores || image.manifest.layers[index].size > total.div_ceil(cores as u64))
    };
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0..count).map(|_| None).collect::<Vec<_>>());
    let work = || {
        while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = scan(*index, ahead(*index));
            if outcome.is_err() {
                // The others need not start.
                next.store(count, Ordering::Relaxed);
            }
            let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            results[*index] = Some(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut scans = Vec::with_capacity(count);
    let mut missing = false;
    for outcome in results {
        match outcome {
            Some(outcome) => scans.push(outcome?),
            None => missing = true,
        }
    }
    if missing {
        return Err(InspectError::Unread);
    }
    Ok(scans)
}

/// The instruction that made each layer: history entries that are not empty, in order.
fn created_by(config: &ImageConfig, layers: usize) -> Vec<String> {
    let mut texts: Vec<String> = config
        .history
        .iter()
        .filter(|entry| !entry.empty_layer)
        .map(|entry| entry.created_by.clone().or_else(|| entry.comment.clone()).unwrap_or_default())
        .collect();
    texts.resize(layers, String::new());
    texts
}

/// Whether two platforms may be one: a variant counts only where both name one.
fn same_platform(left: &Platform, right: &Platform) -> bool {
    left.serves(right)
}
