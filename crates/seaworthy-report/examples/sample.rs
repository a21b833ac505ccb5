//! Writes a sample report in every format, and both SBOM formats, into a directory.

#[path = "../tests/it/sample.rs"]
mod sample;

use seaworthy_report::{Format, Options, cyclonedx, render, spdx};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::path::PathBuf::from(std::env::args_os().nth(1).ok_or("usage: sample DIRECTORY")?);
    let report = sample::report();
    let options = Options { sources: &sample::source, ..Options::default() };
    for format in Format::ALL {
        std::fs::write(dir.join(format!("report.{format}")), render(&report, format, &options)?)?;
    }
    let colored = Options { color: true, ..options };
    std::fs::write(dir.join("report.ansi"), render(&report, Format::Terminal, &colored)?)?;
    let image = sample::image();
    std::fs::write(
        dir.join("image.spdx.json"),
        spdx::document(&image, &report.created, "", &report.version),
    )?;
    std::fs::write(
        dir.join("image.cdx.json"),
        cyclonedx::document(&image, &report.created, "", &report.version),
    )?;
    Ok(())
}
