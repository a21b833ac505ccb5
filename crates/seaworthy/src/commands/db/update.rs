//! `seaworthy db update`: fetches exports or a ready database.

use crate::advisories;
use crate::cli::{DbUpdateArgs, Global};
use crate::config::Config;
use crate::failure::Failure;
use crate::release;
use crate::shell::Shell;
use seaworthy_advisories::{Index, SourceMeta};
use seaworthy_finding::{ExitCode, format_bytes};
use seaworthy_oci::{Digest, Reference};
use seaworthy_registry::{Access, Client, Error};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// An export larger than this is none.
const LIMIT: u64 = 16 << 30;
/// The most layers of an artifact that are taken.
const LAYERS: usize = 200;

/// Fetches everything, and only then puts the new database in the place of the old one.
pub(super) fn exec(shell: &Shell, global: &Global, args: &DbUpdateArgs) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    let file = advisories::place(&args.db);
    let from = sources(global, args, &file)?;
    let wanted: Option<Digest> = match &args.digest {
        Some(text) => Some(text.parse().map_err(|error| Failure::of("read `--digest`", &error))?),
        None => None,
    };
    if wanted.is_some() && from.len() > 1 {
        return Err(Failure::new(ExitCode::Error, "`--digest` is for one source, and there are several"));
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".downloads");
    let dir = PathBuf::from(name);
    std::fs::create_dir_all(&dir).map_err(|error| Failure::file("make", &dir, &error))?;
    let client = Client::new(release::registry(global, None));
    let mut fetched: Vec<(String, PathBuf)> = Vec::new();
    for source in &from {
        shell.progress("Fetch", &seaworthy_report::escape(source));
        let files = match source.strip_prefix("oci://") {
            Some(reference) => artifact(shell, &client, reference, &dir, wanted.as_ref()),
            None => plain(shell, &client, source, &dir, wanted.as_ref()).map(|file| vec![file]),
        };
        let files = files.inspect_err(|_| {
            // Only what arrived is kept for the next run; an empty directory is not removed in vain.
            let _ = std::fs::remove_dir(&dir);
        })?;
        fetched.extend(files.into_iter().map(|file| (source.clone(), file)));
    }
    let (meta, bytes) = put(shell, &file, &fetched)?;
    // What was fetched is in the database now.
    let _ = std::fs::remove_dir_all(&dir);
    super::tell(shell, &file, &meta, bytes, begun)?;
    Ok(ExitCode::Clean)
}

/// Where from: the command line, the policy, or the sources of the present database.
fn sources(global: &Global, args: &DbUpdateArgs, file: &Path) -> Result<Vec<String>, Failure> {
    let mut from = args.from.clone();
    if from.is_empty() {
        from = Config::load(global, Path::new("."))?.policy.scan.update;
    }
    let is_url =
        |name: &String| ["https://", "http://", "oci://"].iter().any(|start| name.starts_with(start));
    if from.is_empty()
        && let Some(index) = advisories::open(file)?
    {
        from = index.meta().sources.iter().map(|source| source.name.clone()).filter(is_url).collect();
        from.dedup();
    }
    if from.is_empty() {
        return Err(Failure::new(ExitCode::Error, "nothing says where advisories come from")
            .hint("name the URL of an OSV export or `oci://REF`, here or as `update` under `[scan]` in seaworthy.toml"));
    }
    if let Some(other) = from.iter().find(|name| !is_url(name)) {
        return Err(Failure::new(ExitCode::Error, format!("`{other}` is no URL"))
            .hint("write `https://…` or `oci://REF`; files are read by `seaworthy db import`"));
    }
    Ok(from)
}

fn explain(error: &Error) -> Failure {
    let failure = Failure::of("update the database of advisories", error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure.hint(
            "the old database, where there was one, is unchanged; what arrived is kept for the next try",
        ),
    }
}

/// A file by its URL. The name of the file is that of the URL's hash, so that the next run finds what this one began.
fn plain(
    shell: &Shell,
    client: &Client,
    url: &str,
    dir: &Path,
    wanted: Option<&Digest>,
) -> Result<PathBuf, Failure> {
    let name = Digest::of(url.as_bytes());
    let path = dir.join(name.hex().get(..16).unwrap_or_default());
    let got = client.download(url, &path, LIMIT, wanted).map_err(|error| explain(&error))?;
    told(shell, got.bytes, got.resumed, &got.digest);
    Ok(got.path)
}

/// Says what arrived.
fn told(shell: &Shell, bytes: u64, resumed: u64, digest: &Digest) {
    let earlier = match resumed {
        0 => String::new(),
        count => format!(", {} of them by an earlier run", format_bytes(count)),
    };
    shell.detail(&format!("{}{earlier}, {digest}", format_bytes(bytes)));
}

/// The layers of an artifact; every blob's digest is compared.
fn artifact(
    shell: &Shell,
    client: &Client,
    reference: &str,
    dir: &Path,
    wanted: Option<&Digest>,
) -> Result<Vec<PathBuf>, Failure> {
    let reference: Reference =
        reference.parse().map_err(|error| Failure::of("read the artifact's name", &error))?;
    let repository = client.repository(&reference, Access::Pull);
    let found = repository.manifest(&reference.target()).map_err(|error| explain(&error))?;
    if let Some(wanted) = wanted
        && found.descriptor.digest != *wanted
    {
        let message = format!("`{reference}` is {}, not {wanted}", found.descriptor.digest);
        return Err(Failure::new(ExitCode::Error, message));
    }
    let manifest: seaworthy_oci::Manifest = serde_json::from_slice(&found.bytes)
        .map_err(|error| Failure::of("read the artifact's manifest", &error))?;
    let mut files = Vec::new();
    for layer in manifest.layers.iter().take(LAYERS) {
        if layer.size > LIMIT {
            return Err(Failure::new(
                ExitCode::Error,
                format!("layer {} is larger than 16 GiB", layer.digest),
            ));
        }
        let path = dir.join(layer.digest.hex());
        let resumed = repository.resume_blob(layer, &path).map_err(|error| explain(&error))?;
        told(shell, layer.size, resumed, &layer.digest);
        files.push(path);
    }
    if files.is_empty() {
        return Err(Failure::new(ExitCode::Error, format!("`{reference}` has no layers")));
    }
    Ok(files)
}

/// A ready database takes its place as it is; exports become one.
fn put(
    shell: &Shell,
    file: &Path,
    fetched: &[(String, PathBuf)],
) -> Result<(seaworthy_advisories::Meta, usize), Failure> {
    if let [(_, only)] = fetched
        && Index::is_one(only)
    {
        let bytes = std::fs::read(only).map_err(|error| Failure::file("read", only, &error))?;
        let length = bytes.len();
        // Only what is sound takes a place.
        let index = Index::from_bytes(bytes, only).map_err(|error| advisories::failure(&error))?;
        super::put(file, index.bytes())?;
        return Ok((index.meta().clone(), length));
    }
    let paths: Vec<PathBuf> = fetched.iter().map(|(_, path)| path.clone()).collect();
    let imported = super::read(&paths)?;
    let named = |source: &SourceMeta| {
        let own = fetched.iter().find(|(_, path)| path.display().to_string() == source.name);
        SourceMeta { name: own.map_or_else(|| source.name.clone(), |(url, _)| url.clone()), ..source.clone() }
    };
    let sources = imported.report.sources.iter().map(named).collect();
    super::store(shell, file, imported, sources)
}
