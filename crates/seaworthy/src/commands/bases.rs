//! `--bases`: looks up for which platforms there are base images.

use crate::cli::Global;
use crate::config::Config;
use crate::release;
use crate::shell::Shell;
use crate::stages::{self, SOURCES};
use seaworthy_dockerfile::Base;
use seaworthy_facts::{BaseOffer, BasesFacts, ProjectFacts};
use seaworthy_oci::{Index, Platform, Reference, Source, media_type};
use seaworthy_registry::{Access, Client};
use seaworthy_store::{DOCUMENT_LIMIT, Layout, parse_config, parse_index, parse_manifest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Looks up every base image of the Dockerfiles. What is not known of one is said and kept beside its name.
pub(crate) fn look_up(shell: &Shell, global: &Global, config: &Config, project: &ProjectFacts) -> BasesFacts {
    let names: BTreeSet<String> = project
        .dockerfiles
        .iter()
        .flat_map(|docker| docker.tree.stages())
        .filter_map(|stage| match stage.base {
            Base::Image(name) if !name.is_empty() && !name.contains('$') => Some(name),
            _ => None,
        })
        .collect();
    let client = Client::new(release::registry(global, None));
    let none = BTreeMap::new();
    let stand_ins = config.image().map_or(&none, |image| &image.bases);
    let home = config.base(Path::new(".")).to_owned();
    let images = names.into_iter().map(|name| {
        shell.progress("Looking up", &seaworthy_report::escape(&name));
        let found = match stand_ins.get(&name) {
            Some(value) => stand_in(shell, global, &client, value, &home),
            None => named(&client, &name),
        };
        let offer = found.unwrap_or_else(|problem| {
            let shown = (seaworthy_report::escape(&name), seaworthy_report::escape(&problem));
            shell.note(&format!("the platforms of `{}` are not known: {}", shown.0, shown.1));
            BaseOffer { source: name.clone(), problem: Some(problem), ..BaseOffer::default() }
        });
        (name, offer)
    });
    BasesFacts { host: Platform::host().to_string(), images: images.collect() }
}

/// What the policy puts in a base's place.
fn stand_in(
    shell: &Shell,
    global: &Global,
    client: &Client,
    value: &str,
    home: &Path,
) -> Result<BaseOffer, String> {
    let value = value.strip_prefix("docker-image://").unwrap_or(value);
    let source: Source =
        value.parse().map_err(|error| format!("`{value}` under `bases`: {error}; {SOURCES}"))?;
    match source {
        Source::Registry(reference) => asked(client, &reference, value),
        Source::Layout { path, reference } => laid_out(&home.join(path), reference.as_deref(), value),
        Source::Bare(text) if home.join(&text).join("oci-layout").is_file() => {
            laid_out(&home.join(text), None, value)
        }
        Source::Bare(text) => named(client, &text),
        Source::OciArchive { path, reference } => {
            opened(shell, global, &Source::OciArchive { path: home.join(path), reference }, value)
        }
        Source::DockerArchive { path, reference } => {
            opened(shell, global, &Source::DockerArchive { path: home.join(path), reference }, value)
        }
        Source::Directory { path } => {
            opened(shell, global, &Source::Directory { path: home.join(path) }, value)
        }
        source @ (Source::Storage(_) | Source::Daemon(_)) => opened(shell, global, &source, value),
    }
}

/// Other sources give one image.
fn opened(shell: &Shell, global: &Global, source: &Source, value: &str) -> Result<BaseOffer, String> {
    let image =
        stages::open_image(shell, global, &source.to_string(), None).map_err(|failure| failure.message)?;
    Ok(single(value, &image.platform()))
}

fn single(source: &str, platform: &Platform) -> BaseOffer {
    let platforms = vec![platform.to_string()];
    BaseOffer { source: source.to_owned(), index: false, platforms, problem: None }
}

/// The platforms of an index. An entry that states none is `BuildKit`'s attestation, or cannot be told from the index.
fn several(source: &str, index: &Index) -> Result<BaseOffer, String> {
    let real = |platform: &&Platform| platform.os != "unknown" && platform.architecture != "unknown";
    let platforms: BTreeSet<String> = index
        .manifests
        .iter()
        .filter_map(|entry| entry.platform.as_ref())
        .filter(real)
        .map(ToString::to_string)
        .collect();
    if platforms.is_empty() {
        return Err("its index states no platform".to_owned());
    }
    let platforms = platforms.into_iter().collect();
    Ok(BaseOffer { source: source.to_owned(), index: true, platforms, problem: None })
}

fn laid_out(path: &Path, reference: Option<&str>, value: &str) -> Result<BaseOffer, String> {
    let failed = |error: seaworthy_store::StoreError| error.to_string();
    let layout = Layout::open(path).map_err(failed)?;
    let found = layout.resolve(reference).map_err(failed)?;
    if media_type::is_index(&found.media_type) {
        return several(value, &layout.nested_index(&found).map_err(failed)?);
    }
    let manifest = layout.manifest(&found).map_err(failed)?;
    Ok(single(value, &layout.config(&manifest.config).map_err(failed)?.platform()))
}

fn named(client: &Client, name: &str) -> Result<BaseOffer, String> {
    let reference: Reference = name.parse().map_err(|error| format!("{error}"))?;
    asked(client, &reference, name)
}

fn asked(client: &Client, reference: &Reference, name: &str) -> Result<BaseOffer, String> {
    let repository = client.repository(reference, Access::Pull);
    let failed = |error: seaworthy_registry::Error| {
        if error.is_not_found() {
            return format!("{} has no such image", reference.domain);
        }
        crate::failure::Failure::of("ask the registry", &error).message
    };
    let fetched = repository.manifest(&reference.target()).map_err(failed)?;
    let broken = |error: seaworthy_store::StoreError| error.to_string();
    if media_type::is_index(&fetched.descriptor.media_type) {
        return several(name, &parse_index(&fetched.bytes, &fetched.descriptor).map_err(broken)?);
    }
    let manifest = parse_manifest(&fetched.bytes, &fetched.descriptor).map_err(broken)?;
    let bytes = repository.pull_bytes(&manifest.config, DOCUMENT_LIMIT).map_err(failed)?;
    let config = parse_config(&bytes, &manifest.config.digest).map_err(broken)?;
    Ok(single(name, &config.platform()))
}
