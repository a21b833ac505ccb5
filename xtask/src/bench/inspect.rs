//! `inspect`: one pass over every byte of an image.

use std::path::Path;

use super::Bench;
use super::figures::{Field, Kind, Role, Table};
use super::layouts::{self, Filler};
use super::measure::Call;
use super::peers::{MISSING, find};

/// Unpacked bytes of the real layers.
const BYTES: u64 = 300_000_000;
/// Files of the layer of small files.
const FILES: u64 = 100_000;

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let cache = bench.folder("layouts")?;
    let (bytes, files) = if bench.quick { (BYTES / 10, FILES / 10) } else { (BYTES, FILES) };
    let megabytes = bytes / 1_000_000;
    let one = layouts::cached(&cache, &format!("usr-{megabytes}"), 6, || {
        let files = layouts::files_of_usr(bytes)?;
        Ok(vec![Box::new(move |tar: &mut layouts::Tar<'_>| layouts::real_files(tar, &files)) as Filler])
    })?;
    let two = layouts::cached(&cache, &format!("usr-{megabytes}-halves"), 6, || {
        let files = halves(layouts::files_of_usr(bytes)?);
        Ok(files
            .into_iter()
            .map(|half| Box::new(move |tar: &mut layouts::Tar<'_>| layouts::real_files(tar, &half)) as Filler)
            .collect())
    })?;
    let small = layouts::cached(&cache, &format!("small-{files}"), 6, || {
        Ok(vec![Box::new(move |tar: &mut layouts::Tar<'_>| layouts::small_files(tar, files)) as Filler])
    })?;
    Ok(vec![
        against_peers(bench, &one, &format!("one layer, {megabytes} MB of real files, gzip -6")),
        parallel(bench, &two, &format!("two equal layers, {megabytes} MB together")),
        against_peers(bench, &small, &format!("one layer of {files} small files")),
    ])
}

/// Divides files into two lists of about the same number of bytes.
fn halves(mut files: Vec<(std::path::PathBuf, u64)>) -> [Vec<(std::path::PathBuf, u64)>; 2] {
    files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut halves = [Vec::new(), Vec::new()];
    let mut sums = [0, 0];
    for (path, size) in files {
        let lighter = usize::from(sums[1] < sums[0]);
        sums[lighter] += size;
        halves[lighter].push((path, size));
    }
    halves
}

fn seaworthy(bench: &Bench, image: &str) -> Call {
    Call::new(&bench.seaworthy, &["inspect", "--no-config", "--quiet", image]).findings_allowed()
}

fn against_peers(bench: &Bench, layout: &Path, case: &str) -> Table {
    let path = layout.display().to_string();
    let mut field = Field::default();
    let own = bench.own_program.clone();
    let floor = Call::new(&own, &["floor", &path]);
    field.add("floor: inflate, two SHA-256, headers", Role::Floor, move || floor.cost());
    let call = seaworthy(bench, &format!("oci:{path}:latest"));
    field.add("Seaworthy", Role::Own, move || call.cost());
    match find("syft") {
        None => field.absent("syft", Role::Peer, MISSING),
        Some(syft) => {
            let call = Call::new(&syft, &["scan", "--output", "json", &format!("oci-dir:{path}")])
                .env("SYFT_CHECK_FOR_APP_UPDATE", "false");
            field.add("syft (packages only)", Role::Peer, move || call.cost());
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
            let call = Call::new(&skopeo, &["inspect", &format!("oci:{path}:latest")]);
            field.add("skopeo inspect (manifest only, opens no layer)", Role::Peer, move || call.cost());
        }
    }
    Table {
        bench: "inspect",
        case: case.to_owned(),
        note: "Budget: at most 1.3 × the floor's CPU, at least 5 × less CPU than syft, memory at most 64 MiB and the \
               file index."
            .to_owned(),
        kinds: vec![Kind::Cpu, Kind::Wall, Kind::Rss],
        rows: field.run(bench.rounds(5)),
    }
}

fn parallel(bench: &Bench, layout: &Path, case: &str) -> Table {
    let path = layout.display().to_string();
    let mut field = Field::default();
    let floor = Call::new(&bench.own_program, &["floor", &path]);
    field.add("floor, one thread", Role::Floor, move || floor.cost());
    let call = seaworthy(bench, &format!("oci:{path}:latest"));
    let single = call.clone().on_core(0);
    field.add("Seaworthy, every core", Role::Own, move || call.cost());
    field.add("Seaworthy, one core", Role::Own, move || single.cost());
    Table {
        bench: "inspect",
        case: case.to_owned(),
        note: "Budget: on two cores at least 1.8 × faster than on one.".to_owned(),
        kinds: vec![Kind::Wall, Kind::Cpu, Kind::Rss],
        rows: field.run(bench.rounds(5)),
    }
}

/// The same image as an archive of Docker's, beside the layout.
fn docker_archive(layout: &Path) -> anyhow::Result<std::path::PathBuf> {
    let archive = layout.with_extension("docker.tar");
    if !archive.is_file() {
        let source =
            seaworthy_oci::Source::Layout { path: layout.to_owned(), reference: Some("latest".to_owned()) };
        let image = seaworthy_store::open(&source, None)?;
        let fresh = layout.with_extension("docker.new");
        seaworthy_store::write_docker_archive(&image, &fresh, Some("seaworthy-bench:latest"))?;
        std::fs::rename(fresh, &archive)?;
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn halves_weigh_about_the_same_and_lose_nothing() {
        let files = (0..101_u64).map(|n| (format!("f{n}").into(), n * n)).collect::<Vec<_>>();
        let total: u64 = files.iter().map(|file| file.1).sum();
        let [a, b] = halves(files);
        assert_eq!(a.len() + b.len(), 101);
        let sum = |half: &[(std::path::PathBuf, u64)]| half.iter().map(|file| file.1).sum::<u64>();
        assert_eq!(sum(&a) + sum(&b), total);
        assert!(sum(&a).abs_diff(sum(&b)) < total / 100);
    }
}
