//! `seaworthy publish IMAGE REF`.

use super::sbom;
use crate::cli::{Global, PublishArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::release::{self, Publication};
use crate::shell::Shell;
use crate::stages;
use seaworthy_facts::Facts;
use seaworthy_finding::{ExitCode, Family};
use std::path::Path;

/// Publishes an image with its SBOM and, with a key, its signature, and reads everything back.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &PublishArgs) -> Result<ExitCode, Failure> {
    output::targets(global)?;
    let config = Config::load(global, Path::new("."))?;
    let image = stages::open_image(shell, global, &args.image, None)?;
    // The bytes are read for the SBOM only: publishing itself needs the digests, which the registry checks.
    let facts = if args.no_sbom { None } else { Some(stages::inspect(&image)?) };
    let key = match &args.key {
        Some(file) => release::private_key(file).map(Some),
        None => Ok(None),
    };
    let (place, _) = release::place(&args.to)?;
    let publication = Publication {
        image: &image,
        to: &args.to,
        tags: args.tag.clone(),
        sbom: facts.as_ref().map(sbom::spdx),
        key,
        sign_wanted: args.key.is_some(),
        plain_http: release::plain_host(&place, args.plain_http),
    };
    shell.progress("Publish", &args.to);
    let released = release::publish(shell, global, publication)?;
    if let Some(file) = &args.digest_file {
        output::write_file(file, format!("{}\n", released.tested).as_bytes())?;
    }
    let facts = Facts { image: facts, release: Some(released), ..Facts::default() };
    let report =
        stages::report(global, &config, config.image(), &facts, &[Family::Release], "publish", &args.to);
    output::write(shell, global, &config.policy, &report, Path::new("."))
}
