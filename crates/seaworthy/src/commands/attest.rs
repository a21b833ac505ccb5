//! `seaworthy attest`.

use crate::cli::{AttestArgs, Global};
use crate::failure::Failure;
use crate::release;
use crate::shell::Shell;
use seaworthy_finding::ExitCode;

/// Attests something about an image that is published already.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &AttestArgs) -> Result<ExitCode, Failure> {
    let kind = match args.kind.as_str() {
        "spdx" | "spdxjson" => seaworthy_release::PREDICATE_SPDX,
        "cyclonedx" => "https://cyclonedx.org/bom",
        uri if uri.contains("://") => uri,
        other => {
            return Err(Failure::new(ExitCode::Error, format!("`{other}` is no predicate type"))
                .hint("write `spdxjson`, `cyclonedx` or a URI"));
        }
    };
    let text =
        std::fs::read(&args.predicate).map_err(|error| Failure::file("read", &args.predicate, &error))?;
    let predicate: serde_json::Value = serde_json::from_slice(&text).map_err(|error| {
        Failure::new(
            ExitCode::Error,
            format!("failed to read `{}`: it is no JSON: {error}", args.predicate.display()),
        )
    })?;
    let key = release::private_key(&args.key)?;
    let (place, target) = release::place(&args.image)?;
    let options = release::registry(global, release::plain_host(&place, args.plain_http));
    let target = release::target(&place, &target)?;
    let attached = seaworthy_release::attest(&place, &target, kind, &predicate, &key, &options)
        .map_err(|error| release::explain("attest the image", &error))?;
    shell.progress(
        "Attested",
        &format!("{kind} of {} with the key {}", args.image, key.public().fingerprint()),
    );
    shell.out(attached.as_str())?;
    Ok(ExitCode::Clean)
}
