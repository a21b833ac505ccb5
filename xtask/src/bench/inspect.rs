//! `inspect`: one pass over every byte of an image.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::Bench;
use super::figures::{Field, Kind, Role, Table};
use super::layouts::{self, Filler};
use super::measure::Call;
use super::peers::{MISSING, find};

/// Unpacked bytes of the real layers.
const BYTES: u64 = 300_000_000;
/// Files of the layer of small files.
const FILES: u64 = 100_000;

/// The images that are not generated here: `NAME.oci` in the directory of `SEAWORTHY_IMAGES`.
const REAL: [(&str, &str); 4] = [
    ("base", "Debian, one layer"),
    ("python", "Python and 64 requirements, 5 layers"),
    ("node", "Node and 676 packages, 3 layers"),
    ("manyfiles", "300,000 small files in one layer"),
];

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let cache = bench.folder("layouts")?;
    let (bytes, files) = if bench.quick { (BYTES / 10, FILES / 10) } else { (BYTES, FILES) };
    let megabytes = bytes / 1_000_000;
    let mut tables = Vec::new();
    let mut images: Vec<(String, PathBuf)> = Vec::new();
    match std::env::var_os("SEAWORTHY_IMAGES").map(PathBuf::from) {
        Some(folder) => {
            for (name, words) in REAL {
                let layout = folder.join(format!("{name}.oci"));
                if layout.join("index.json").is_file() {
                    images.push((format!("{name}: {words}"), layout));
                }
            }
        }
        None => {
            let one = layouts::cached(&cache, &format!("usr-{megabytes}"), 6, || {
                let files = layouts::files_of_usr(bytes)?;
                Ok(vec![
                    Box::new(move |tar: &mut layouts::Tar<'_>| layouts::real_files(tar, &files)) as Filler
                ])
            })?;
            images.push((format!("one layer, {megabytes} MB of real files"), one));
            let small = layouts::cached(&cache, &format!("small-{files}"), 6, || {
                Ok(vec![
                    Box::new(move |tar: &mut layouts::Tar<'_>| layouts::small_files(tar, files)) as Filler
                ])
            })?;
            images.push((format!("one layer of {files} small files"), small));
        }
    }
    let twenty = layouts::cached(&cache, &format!("usr-{megabytes}-twentieths"), 6, || {
        let files = layouts::files_of_usr(bytes * 4 / 3)?;
        let parts = parts::<20>(files).into_iter();
        Ok(parts
            .map(|part| Box::new(move |tar: &mut layouts::Tar<'_>| layouts::real_files(tar, &part)) as Filler)
            .collect())
    })?;
    images.push((format!("20 equal layers, {} MB together", megabytes * 4 / 3), twenty));
    for (words, layout) in &images {
        tables.push(against_peers(bench, layout, &format!("{words}, gzip"), false));
        match zstd(&cache, layout) {
            Ok(packed) => tables.push(against_peers(bench, &packed, &format!("{words}, zstd"), false)),
            Err(error) => super::tell(&format!("no zstd of {}: {error:#}", layout.display())),
        }
    }
    for (words, layout) in &images {
        tables.push(against_peers(bench, layout, &format!("{words}, gzip, not in the page cache"), true));
    }
    for (words, layout) in &images {
        tables.push(parallel(bench, layout, words));
    }
    Ok(tables)
}

/// The same image with layers of zstd, made by skopeo and kept.
fn zstd(cache: &Path, layout: &Path) -> anyhow::Result<PathBuf> {
    let name = layout.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let packed = cache.join(format!("{name}.zstd"));
    if !packed.join("index.json").is_file() {
        let skopeo = find("skopeo").context("skopeo is not installed")?;
        super::tell(&format!("packing {name} again"));
        let fresh = cache.join(format!("{name}.zstd.new"));
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh)?;
        }
        let status = Command::new(skopeo)
            .args(["copy", "--quiet", "--insecure-policy", "--dest-compress-format", "zstd"])
            .args([format!("oci:{}", layout.display()), format!("oci:{}:latest", fresh.display())])
            .stdin(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "skopeo ended with {status}");
        std::fs::rename(fresh, &packed)?;
    }
    Ok(packed)
}

/// Takes the blobs of a layout out of the page cache.
fn forget(layout: &Path) -> anyhow::Result<()> {
    for blob in std::fs::read_dir(layout.join("blobs/sha256"))? {
        let file = std::fs::File::open(blob?.path())?;
        // Pages that are not written back yet cannot be dropped.
        file.sync_all()?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}

/// Divides files into lists of about the same number of bytes.
fn parts<const N: usize>(mut files: Vec<(PathBuf, u64)>) -> [Vec<(PathBuf, u64)>; N] {
    files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut parts = [const { Vec::new() }; N];
    let mut sums = [0; N];
    for (path, size) in files {
        let lightest = (0..N).min_by_key(|at| sums[*at]).unwrap_or_default();
        sums[lightest] += size;
        parts[lightest].push((path, size));
    }
    parts
}

fn seaworthy(bench: &Bench, image: &str) -> Call {
    Call::new(&bench.seaworthy, &["inspect", "--no-config", "--quiet", image]).findings_allowed()
}

/// Seaworthy, its floor and every peer on one image; `cold` takes its blobs out of the page cache before each.
fn against_peers(bench: &Bench, layout: &Path, case: &str, cold: bool) -> Table {
    let path = layout.display().to_string();
    let mut field = Field::default();
    let own = bench.own_program.clone();
    let cost = move |call: &Call| {
        if cold {
            forget(layout)?;
        }
        call.cost()
    };
    let floor = Call::new(&own, &["floor", &path]);
    field.add("floor: unpack, two SHA-256, headers", Role::Floor, move || cost(&floor));
    let call = seaworthy(bench, &format!("oci:{path}"));
    field.add("Seaworthy", Role::Own, move || cost(&call));
    match find("syft") {
        None => field.absent("syft", Role::Peer, MISSING),
        Some(syft) => {
            let call = Call::new(&syft, &["scan", "--output", "json", &format!("oci-dir:{path}")])
                .env("SYFT_CHECK_FOR_APP_UPDATE", "false");
            field.add("syft (packages only)", Role::Peer, move || cost(&call));
        }
    }
    match find("dive") {
        None => field.absent("dive", Role::Peer, MISSING),
        Some(dive) => match docker_archive(layout) {
            Err(error) => field.absent("dive", Role::Peer, &format!("not run: {error:#}")),
            Ok(archive) => {
                let archive = archive.display().to_string();
                let call = Call::new(&dive, &["--source", "docker-archive", "--json", "/dev/null", &archive]);
                field.add("dive (waste only)", Role::Peer, move || call.cost());
            }
        },
    }
    match find("skopeo") {
        None => field.absent("skopeo inspect", Role::Peer, MISSING),
        Some(skopeo) => {
            let call = Call::new(&skopeo, &["inspect", &format!("oci:{path}")]);
            field.add("skopeo inspect (manifest only, opens no layer)", Role::Peer, move || cost(&call));
        }
    }
    Table {
        bench: "inspect",
        case: case.to_owned(),
        note: "Budget: at most 1.3 × the floor's CPU, at least 5 × less CPU than syft, memory at most 64 MiB and the \
               file index."
            .to_owned(),
        kinds: vec![Kind::Cpu, Kind::Wall, Kind::Rss],
        rows: field.run(bench.rounds(if cold { 2 } else { 3 })),
    }
}

fn parallel(bench: &Bench, layout: &Path, case: &str) -> Table {
    let path = layout.display().to_string();
    let mut field = Field::default();
    let floor = Call::new(&bench.own_program, &["floor", &path]);
    field.add("floor, one thread", Role::Floor, move || floor.cost());
    let call = seaworthy(bench, &format!("oci:{path}"));
    let single = call.clone().on_core(0);
    field.add("Seaworthy, every core", Role::Own, move || call.cost());
    field.add("Seaworthy, one core", Role::Own, move || single.cost());
    Table {
        bench: "inspect",
        case: format!("{case}, gzip, on every core and on one"),
        note: "Budget: on two cores at least 1.8 × faster than on one.".to_owned(),
        kinds: vec![Kind::Wall, Kind::Cpu, Kind::Rss],
        rows: field.run(bench.rounds(5)),
    }
}

/// The same image as an archive of Docker's, beside the layout.
fn docker_archive(layout: &Path) -> anyhow::Result<std::path::PathBuf> {
    let archive = layout.with_extension("docker.tar");
    if !archive.is_file() {
        let source = seaworthy_oci::Source::Layout { path: layout.to_owned(), reference: None };
        let image = seaworthy_store::open(&source, None)?;
        let fresh = layout.with_extension("docker.new");
        seaworthy_store::write_docker_archive(&image, &fresh, Some("seaworthy-bench:latest"))?;
        std::fs::rename(fresh, &archive)?;
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_weigh_about_the_same_and_lose_nothing() {
        let files = (0..101_u64).map(|n| (format!("f{n}").into(), n * n)).collect::<Vec<_>>();
        let total: u64 = files.iter().map(|file| file.1).sum();
        let [a, b] = parts::<2>(files);
        assert_eq!(a.len() + b.len(), 101);
        let sum = |part: &[(std::path::PathBuf, u64)]| part.iter().map(|file| file.1).sum::<u64>();
        assert_eq!(sum(&a) + sum(&b), total);
        assert!(sum(&a).abs_diff(sum(&b)) < total / 100);
    }
}
