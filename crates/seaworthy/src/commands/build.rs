//! `seaworthy build`.

use crate::cli::{BuildArgs, Global};
use crate::config::Config;
use crate::failure::Failure;
use crate::shell::Shell;
use crate::stages;
use seaworthy_finding::{ExitCode, ImageConfig, RustConfig, format_ms};
use std::path::Path;

/// Builds the image of a project into an OCI layout and prints where it is.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &BuildArgs) -> Result<ExitCode, Failure> {
    let config = Config::load(global, &args.path)?;
    let project = stages::collect(&args.path)?;
    let mut image = config.image().cloned().unwrap_or_default();
    if let Some(file) = &args.file {
        image.dockerfile = Some(file.display().to_string());
    }
    complete(&mut image, &project, &args.path);
    let layout = match &args.output {
        Some(dir) => dir.clone(),
        None => stages::output_dir(&args.path, None)?.join("image"),
    };
    let tag = args.tag.clone().unwrap_or_else(|| default_tag(&project));
    shell.progress("Build", &args.path.display().to_string());
    let facts = stages::build(shell, global, &args.path, &project, &image, args.engine, &layout, &tag)?;
    for note in &facts.notes {
        shell.note(note);
    }
    shell.progress("Built", &format!("{} in {}", facts.digest, format_ms(facts.ms)));
    if global.format.iter().any(|format| format == "json") {
        let text = serde_json::to_string_pretty(&facts).map_err(|error| Failure::of("write JSON", &error))?;
        shell.out(&text)?;
    } else {
        shell.out(&facts.image)?;
    }
    Ok(ExitCode::Clean)
}

/// A crate without a Dockerfile and without a policy is packaged as it is. A `Cargo.toml` that does not read counts as
/// one too: cargo then says what is wrong with it.
pub(crate) fn complete(image: &mut ImageConfig, project: &seaworthy_facts::ProjectFacts, path: &Path) {
    if image.rust.is_none()
        && image.dockerfile.is_none()
        && project.dockerfiles.is_empty()
        && (project.rust.is_some() || path.join("Cargo.toml").is_file())
    {
        image.rust = Some(RustConfig::default());
    }
}

/// The crate's version, else `dev`.
pub(crate) fn default_tag(project: &seaworthy_facts::ProjectFacts) -> String {
    project
        .rust
        .as_ref()
        .map(|krate| krate.version.clone())
        .filter(|version| !version.is_empty())
        .unwrap_or_else(|| "dev".to_owned())
}
