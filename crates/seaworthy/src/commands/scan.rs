//! `seaworthy scan IMAGE|SBOM`.

use crate::advisories;
use crate::cli::{Global, ScanArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages;
use seaworthy_advisories::Subject;
use seaworthy_facts::{Facts, ImageFacts};
use seaworthy_finding::{ExitCode, Family, StageReport, StageStatus};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// An SBOM larger than this is none.
const SBOM_LIMIT: u64 = 1 << 30;

/// Holds the packages of an image or of an SBOM against the database of advisories.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &ScanArgs) -> Result<ExitCode, Failure> {
    output::targets(global)?;
    let root = Path::new(".");
    let mut config = Config::load(global, root)?;
    if args.only_fixed {
        config.policy.scan.only_fixed = Some(true);
    }
    let vex = advisories::vex(&config, root, &args.vex)?;
    // What is asked first is answered first: a missing database needs no look at the image.
    let file = advisories::place(&args.db);
    let index = advisories::open(&file)?;
    let (subject, image) = subject(shell, global, args)?;
    let base = args.base.as_deref().or(config.policy.scan.base.as_deref());
    if image.is_none()
        && let Some(flag) = [("--base", &args.base), ("--compare-base", &args.compare_base)]
            .into_iter()
            .find(|flag| flag.1.is_some())
    {
        return Err(Failure::new(
            ExitCode::Error,
            format!("`{}` needs an image: an SBOM has no layers", flag.0),
        ));
    }
    let scan = match &index {
        Some(index) => {
            let mut scan = advisories::judge(&subject, index, &vex)?;
            let platform = args.platform.as_deref();
            if let Some(image) = &image {
                advisories::attribute(shell, global, &mut scan, image, base, platform)?;
            }
            if let Some(name) = &args.compare_base {
                advisories::compare(shell, global, &mut scan, index, &vex, name, platform)?;
            }
            scan
        }
        None => advisories::not_run(&subject, &file),
    };
    let facts = Facts { image, scan: Some(scan), ..Facts::default() };
    let mut families = vec![Family::Scan];
    if !config.policy.waiver.is_empty() {
        families.push(Family::Policy);
    }
    let mut report =
        stages::report(global, &config, config.image(), &facts, &families, "scan", &args.subject);
    if index.is_none() {
        // Nothing was looked at: that must never end as fit.
        report.stages.push(StageReport {
            name: "scan".to_owned(),
            status: StageStatus::NotRun,
            summary: format!("there is no database of advisories at `{}`", file.display()),
            ms: 0,
        });
        report.decide();
    }
    let code = output::write(shell, global, &config.policy, &report, root)?;
    if index.is_none() {
        let message = format!("there is no database of advisories at `{}`", file.display());
        return Err(Failure::new(ExitCode::EnvironmentMissing, message).hint(advisories::MAKE));
    }
    Ok(code)
}

/// The packages: of an SBOM where the name is that of a file of JSON or of SPDX's tags, else of an image.
fn subject(
    shell: &Shell,
    global: &Global,
    args: &ScanArgs,
) -> Result<(Subject, Option<ImageFacts>), Failure> {
    let named = args.subject.strip_prefix("sbom:");
    let path = PathBuf::from(named.unwrap_or(&args.subject));
    if named.is_some() || is_sbom(&path) {
        let failed = |error| Failure::file("read", &path, &error);
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(&path).map_err(failed)?;
        opened.take(SBOM_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > SBOM_LIMIT {
            return Err(Failure::new(ExitCode::Error, format!("`{}` is larger than 1 GiB", path.display())));
        }
        let subject =
            seaworthy_advisories::read_sbom(&bytes, &path.display().to_string()).map_err(|error| {
                Failure::new(ExitCode::Error, format!("failed to read `{}`: {error}", path.display()))
                    .hint("name an SBOM: SPDX (JSON or tag-value), CycloneDX JSON or Syft JSON; or an image such as `oci:DIR`")
            })?;
        return Ok((subject, None));
    }
    let image = stages::open_image(shell, global, &args.subject, args.platform.as_deref())?;
    let facts = stages::inspect(&image)?;
    Ok((seaworthy_advisories::of_image(&facts), Some(facts)))
}

/// Whether a file begins like JSON, or like SPDX's tags and values.
fn is_sbom(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    let tagged = || text.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"SPDXVersion:"));
    read.is_ok() && (text.first() == Some(&b'{') || tagged())
}
