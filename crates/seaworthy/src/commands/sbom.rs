//! `seaworthy sbom IMAGE`.

use crate::cli::{Global, SbomArgs};
use crate::failure::Failure;
use crate::output;
use crate::release;
use crate::shell::Shell;
use crate::stages;
use seaworthy_facts::{ImageFacts, PackageFact};
use seaworthy_finding::ExitCode;
use seaworthy_oci::Digest;
use seaworthy_packages::sbom::{self, Bom, Comparison};
use seaworthy_release::Destination;
use seaworthy_report::cyclonedx::{self, Spec};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Most packages of a kind of difference that are shown on a screen.
const SHOWN: usize = 40;

/// A form that can be written.
#[derive(Clone, Copy)]
enum Form {
    Spdx,
    SpdxTagValue,
    CycloneDx(Spec),
}

impl Form {
    fn of(formats: &[String]) -> Result<Self, Failure> {
        let [one] = formats else {
            return match formats {
                [] => Ok(Self::Spdx),
                more => Err(unknown(&more.join(","))),
            };
        };
        Ok(match one.as_str() {
            "spdx" | "spdx-json" | "json" => Self::Spdx,
            "spdx-tag-value" | "spdx-tv" | "tag-value" => Self::SpdxTagValue,
            "cyclonedx" | "cyclonedx-json" | "cyclonedx-1.6" => Self::CycloneDx(Spec::V1_6),
            "cyclonedx-1.5" => Self::CycloneDx(Spec::V1_5),
            other => return Err(unknown(other)),
        })
    }
}

fn unknown(format: &str) -> Failure {
    Failure::new(ExitCode::Error, format!("`--format {format}` is no SBOM format"))
        .hint("write `--format spdx`, `spdx-tag-value`, `cyclonedx` or `cyclonedx-1.5`")
}

/// Writes the SBOM of an image, or holds one against it.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &SbomArgs) -> Result<ExitCode, Failure> {
    if let Some(against) = &args.verify {
        return verify(shell, global, args, against);
    }
    let form = Form::of(&global.format)?;
    let image = stages::open_image(shell, global, &args.image, args.platform.as_deref())?;
    let mut facts = stages::inspect(&image)?;
    for file in &args.merge {
        let bom = valid(file)?;
        let (known, added) = merge(&mut facts.packages, &bom);
        let name = file.display();
        shell.progress(
            "Merged",
            &format!("{name}: {known} packages are in the image, {added} are only stated"),
        );
    }
    let (created, version) = (created(&facts), env!("CARGO_PKG_VERSION"));
    let document = match form {
        Form::Spdx => seaworthy_report::spdx::document(&facts, &created, "", version),
        Form::SpdxTagValue => seaworthy_report::spdx::tag_value(&facts, &created, "", version),
        Form::CycloneDx(spec) => cyclonedx::document_as(spec, &facts, &created, "", version),
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

/// `SOURCE_DATE_EPOCH` where the environment sets it, else the image's own time.
fn created(facts: &ImageFacts) -> String {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse::<i64>().ok());
    epoch
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map(|time| time.to_string())
        .or_else(|| facts.config.created.clone())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

/// Reads an SBOM that must be valid.
fn valid(file: &Path) -> Result<Bom, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::file("read", file, &error))?;
    let refuse = |why: String| {
        Failure::new(ExitCode::Error, format!("failed to read the SBOM `{}`: {why}", file.display()))
    };
    let bom = sbom::read(&bytes).map_err(|error| refuse(error.to_string()))?;
    let problems = sbom::check(&bytes).map_err(|error| refuse(error.to_string()))?;
    match problems.as_slice() {
        [] => Ok(bom),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            Err(refuse(format!("it is no valid {} {}: {first}{more}", bom.format, bom.version)))
        }
    }
}

/// Adds what an SBOM states to what the image shows: how many of its packages are known, how many are only stated.
fn merge(packages: &mut Vec<PackageFact>, bom: &Bom) -> (usize, usize) {
    let key =
        |package: &PackageFact| (package.kind.clone(), package.name.to_lowercase(), package.version.clone());
    let mut by_key: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        by_key.entry(key(package)).or_default().push(at);
    }
    let (mut known, mut added) = (0, 0);
    for stated in bom.packages.iter().filter(|package| !package.kind.is_empty() && !package.name.is_empty()) {
        if let Some(places) = by_key.get(&key(stated)) {
            known += 1;
            for at in places {
                let package = &mut packages[*at];
                package.license = package.license.take().or_else(|| stated.license.clone());
                for (name, sum) in &stated.checksums {
                    package.checksums.entry(name.clone()).or_insert_with(|| sum.clone());
                }
            }
        } else {
            added += 1;
            // Nothing in the image proves it: it has no evidence.
            packages.push(PackageFact { evidence: String::new(), owner: None, ..stated.clone() });
        }
    }
    (known, added)
}

/// Holds an SBOM against the image: a file, or the one that is attached to the image.
fn verify(shell: &Shell, global: &Global, args: &SbomArgs, against: &str) -> Result<ExitCode, Failure> {
    let image = stages::open_image(shell, global, &args.image, args.platform.as_deref())?;
    let (name, bom) = if against == "attached" {
        let digest = &image.descriptor.digest;
        match &args.key {
            Some(key) => ("the attested SBOM".to_owned(), attested(global, args, key)?),
            None => {
                ("the attached SBOM, which nobody signed for,".to_owned(), attached(global, args, digest)?)
            }
        }
    } else {
        (format!("`{against}`"), valid(Path::new(against))?)
    };
    let facts = stages::inspect(&image)?;
    let result = sbom::compare(&bom, &facts.packages);
    let other = bom.digest.as_ref().filter(|digest| **digest != facts.digest);
    let holds = result.holds() && other.is_none();
    if global.format.iter().any(|format| format == "json") {
        let purls = |packages: &[PackageFact]| -> Vec<String> { packages.iter().map(label).collect() };
        let versions: Vec<_> = result
            .versions
            .iter()
            .map(|(name, image, sbom)| serde_json::json!({"name": name, "image": image, "sbom": sbom}))
            .collect();
        let value = serde_json::json!({
            "schema": seaworthy_finding::SCHEMA,
            "image": facts.digest,
            "sbom": {"format": bom.format.to_string(), "version": bom.version, "about": bom.digest},
            "agree": result.agree,
            "missing": purls(&result.missing),
            "invented": purls(&result.invented),
            "versions": versions,
            "unjudged": result.unjudged,
            "problems": bom.problems,
            "holds": holds,
        });
        shell
            .out(&serde_json::to_string_pretty(&value).map_err(|error| Failure::of("write JSON", &error))?)?;
    } else {
        let other = other.map(String::as_str);
        shell.out(&screen(&name, &bom, &facts, &result, other))?;
    }
    Ok(if holds { ExitCode::Clean } else { ExitCode::Findings })
}

/// How a difference names a package.
fn label(package: &PackageFact) -> String {
    if package.purl.is_empty() { format!("{} {}", package.kind, package.id()) } else { package.purl.clone() }
}

fn screen(name: &str, bom: &Bom, facts: &ImageFacts, result: &Comparison, other: Option<&str>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name} ({}) against {}", bom.format, facts.source);
    if let Some(other) = other {
        let _ = writeln!(text, "  it is about another image: {other}, this one is {}", facts.digest);
    }
    let _ = writeln!(text, "  {} packages agree", result.agree);
    let mut list = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(text, "  {} {title}", lines.len());
        for line in lines.iter().take(SHOWN) {
            let _ = writeln!(text, "    {}", seaworthy_report::escape(line));
        }
        if lines.len() > SHOWN {
            let _ = writeln!(text, "    … and {} more, see `--format json`", lines.len() - SHOWN);
        }
    };
    list(
        "missing: in the image, not in the SBOM",
        result.missing.iter().map(|one| format!("{} ({})", label(one), one.evidence)).collect(),
    );
    list("invented: in the SBOM, not in the image", result.invented.iter().map(label).collect());
    list(
        "in another version",
        result
            .versions
            .iter()
            .map(|(name, image, sbom)| format!("{name}: {image} in the image, {sbom} in the SBOM"))
            .collect(),
    );
    list("problems of the SBOM", bom.problems.clone());
    if result.unjudged > 0 {
        let _ = writeln!(text, "  {} entries of other kinds are not judged", result.unjudged);
    }
    text
}

/// The place of an image that things can be attached to, and what the image is called there.
fn place(args: &SbomArgs) -> Result<(Destination, String), Failure> {
    let (place, target) = release::place(&args.image).map_err(|_| {
        let message = format!("nothing can be attached to `{}`", args.image);
        Failure::new(ExitCode::Error, message)
            .hint("name an OCI layout, `oci:DIR`, or an image of a registry")
    })?;
    let target = release::target(&place, &target)?;
    Ok((place, target))
}

/// The SBOM that is attached to the image. Nothing proves who made it; the image itself proves what is true of it.
fn attached(global: &Global, args: &SbomArgs, digest: &Digest) -> Result<Bom, Failure> {
    let (place, target) = place(args)?;
    let options = release::registry(global, release::plain_host(&place, args.plain_http));
    let documents = seaworthy_release::attached(&place, &target, digest, &options)
        .map_err(|error| release::explain("look for an attached SBOM", &error))?;
    documents.iter().find_map(|one| sbom::read(&one.bytes).ok()).ok_or_else(|| {
        Failure::new(ExitCode::Findings, format!("no SBOM is attached to {}", args.image)).hint(
            "attach one: `seaworthy attest IMAGE --predicate sbom.json --type spdxjson --key cosign.key`",
        )
    })
}

/// The SBOM that was attested of the image with the key.
fn attested(global: &Global, args: &SbomArgs, key: &Path) -> Result<Bom, Failure> {
    let key = release::public_key(key)?;
    let (place, target) = place(args)?;
    let options = release::registry(global, release::plain_host(&place, args.plain_http));
    let all = seaworthy_release::attestations(&place, &target, &key, &options)
        .map_err(|error| release::explain("look for an attested SBOM", &error))?;
    let found = all.iter().find_map(|one| {
        let text = one.predicate.as_str().map_or_else(|| one.predicate.to_string(), str::to_owned);
        sbom::read(text.as_bytes()).ok()
    });
    found.ok_or_else(|| {
        Failure::new(ExitCode::Findings, format!("no SBOM is attested of {} with this key", args.image)).hint(
            "attest one: `seaworthy attest IMAGE --predicate sbom.json --type spdxjson --key cosign.key`",
        )
    })
}
