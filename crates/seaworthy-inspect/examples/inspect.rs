//! Inspects an image and prints a summary, or with `--json` everything: for measurements.

use seaworthy_inspect::{Options, inspect};
use seaworthy_store::Limits;
use seaworthy_store::tape::Walker;
use std::error::Error;
use std::io::Write as _;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let source = args
        .next()
        .ok_or("usage: inspect IMAGE [--json | --no-secrets | --no-packages | --one-thread | --floor]")?;
    let rest: Vec<String> = args.collect();
    let has = |flag: &str| rest.iter().any(|arg| arg == flag);
    let image = seaworthy_store::open(&source.parse()?, None)?;
    if has("--floor") {
        // What no inspection can go below: decompression, both digests, the walk over headers.
        for index in 0..image.manifest.layers.len() {
            let stream = image.layer(index, Limits::default())?;
            let mut walker = Walker::new(stream, "layer", u64::MAX);
            while walker.advance()? {}
            walker.into_tape().finish()?;
        }
        return Ok(());
    }
    let options = Options {
        skip_secrets: has("--no-secrets"),
        skip_packages: has("--no-packages"),
        threads: usize::from(has("--one-thread")),
        ..Options::default()
    };
    let facts = inspect(&image, &options)?;
    let mut out = std::io::stdout().lock();
    if has("--json") {
        serde_json::to_writer_pretty(&mut out, &facts)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(
        out,
        "{}: {} layers, {} bytes, {} unpacked",
        facts.source,
        facts.layers.len(),
        facts.compressed,
        facts.unpacked
    )?;
    writeln!(
        out,
        "{} files, {} packages, {} binaries, {} secrets, {} wasted, efficiency {:.5}, {} ms",
        facts.files.len(),
        facts.packages.len(),
        facts.binaries.len(),
        facts.secrets.len(),
        facts.waste.iter().map(|waste| waste.bytes).sum::<u64>(),
        facts.efficiency,
        facts.ms
    )?;
    for problem in &facts.problems {
        writeln!(out, "problem: {problem}")?;
    }
    for secret in &facts.secrets {
        writeln!(
            out,
            "secret: {} {} {}",
            secret.detector,
            secret.redacted,
            serde_json::to_string(&secret.place)?
        )?;
    }
    Ok(())
}
