//! `seaworthy inspect IMAGE`.

use crate::cli::{Global, InspectArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages;
use seaworthy_facts::{Facts, ImageFacts};
use seaworthy_finding::{ExitCode, Family, format_bytes, format_ms};
use std::fmt::Write as _;
use std::path::Path;

/// Looks at every byte of an image.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &InspectArgs) -> Result<ExitCode, Failure> {
    let targets = output::targets(global)?;
    let root = args.project.as_deref().unwrap_or(Path::new("."));
    let config = Config::load(global, root)?;
    let image = stages::open_image(shell, global, &args.image, args.platform.as_deref())?;
    let facts = stages::inspect(&image)?;
    let project = args.project.as_deref().map(stages::collect).transpose()?;
    if output::on_terminal(&targets) && shell.quiet < 2 {
        shell.out(&summary(&facts))?;
    }
    if args.files {
        let mut text = String::new();
        for file in &facts.files {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{:04o} {:>5}:{:<5} {:>12} {} {}",
                file.mode,
                file.uid,
                file.gid,
                file.size,
                file.layer,
                seaworthy_report::escape(&file.path)
            );
        }
        shell.out(&text)?;
    }
    let mut families = vec![Family::Image];
    if project.is_some() {
        families.push(Family::Claim);
    }
    let facts = Facts { project, image: Some(facts), ..Facts::default() };
    let report = stages::report(global, &config, config.image(), &facts, &families, "inspect", &args.image);
    output::write(shell, global, &config.policy, &report, root)
}

/// The image in a few lines: what it is, and what each layer costs.
pub(crate) fn summary(facts: &ImageFacts) -> String {
    let mut text = String::new();
    let created = facts.config.created.as_deref().unwrap_or("not stated");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{}\n  digest      {}\n  platform    {}   created {created}",
        seaworthy_report::escape(&facts.source),
        facts.digest,
        facts.platform
    );
    let _ = writeln!(
        text,
        "  size        {} compressed, {} unpacked, {} files, {} packages, efficiency {:.1} % (read in {})",
        format_bytes(facts.compressed),
        format_bytes(facts.unpacked),
        facts.files.len(),
        facts.packages.len(),
        facts.efficiency * 100.0,
        format_ms(facts.ms)
    );
    let _ = writeln!(text, "  layers      compressed    unpacked      wasted  made by");
    for layer in &facts.layers {
        let by: String = seaworthy_report::escape(&layer.created_by).chars().take(70).collect();
        let _ = writeln!(
            text,
            "  {}  {:>10}  {:>10}  {:>10}  {by}",
            layer.digest.strip_prefix("sha256:").and_then(|hex| hex.get(..10)).unwrap_or(&layer.digest),
            format_bytes(layer.compressed),
            format_bytes(layer.unpacked),
            format_bytes(layer.wasted)
        );
    }
    text
}
