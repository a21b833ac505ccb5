//! `seaworthy sbom IMAGE`.

use crate::cli::{Global, SbomArgs};
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages;
use seaworthy_facts::ImageFacts;
use seaworthy_finding::ExitCode;

/// Writes the SBOM of an image: SPDX 2.3, or CycloneDX 1.6 with `--format cyclonedx`.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &SbomArgs) -> Result<ExitCode, Failure> {
    let format = match global.format.as_slice() {
        [] => "spdx",
        [one] if matches!(one.as_str(), "spdx" | "spdx-json" | "json") => "spdx",
        [one] if matches!(one.as_str(), "cyclonedx" | "cyclonedx-json") => "cyclonedx",
        other => {
            return Err(Failure::new(
                ExitCode::Error,
                format!("`--format {}` is no SBOM format", other.join(",")),
            )
            .hint("write `--format spdx` or `--format cyclonedx`"));
        }
    };
    let image = stages::open_image(shell, global, &args.image, args.platform.as_deref())?;
    let facts = stages::inspect(&image)?;
    let document = match format {
        "cyclonedx" => {
            seaworthy_report::cyclonedx::document(&facts, &created(&facts), "", env!("CARGO_PKG_VERSION"))
        }
        _ => spdx(&facts),
    };
    match &args.output {
        Some(file) => {
            output::write_file(file, &document)?;
            shell.progress("Wrote", &format!("the SBOM: {}", file.display()));
        }
        None => shell.out(&String::from_utf8_lossy(&document))?,
    }
    Ok(ExitCode::Clean)
}

/// The SPDX document of an image. Its time is the image's own, so that the same image gives the same document.
pub(crate) fn spdx(facts: &ImageFacts) -> Vec<u8> {
    seaworthy_report::spdx::document(facts, &created(facts), "", env!("CARGO_PKG_VERSION"))
}

fn created(facts: &ImageFacts) -> String {
    facts.config.created.clone().unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}
