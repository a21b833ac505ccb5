//! `seaworthy verify`.

use crate::cli::{Global, VerifyArgs};
use crate::failure::Failure;
use crate::release;
use crate::shell::Shell;
use seaworthy_finding::ExitCode;
use seaworthy_release::Error;
use std::fmt::Write as _;

/// Verifies that a key signed an image, and says what exactly is proved.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let key = release::public_key(&args.key)?;
    let (place, target) = release::place(&args.image)?;
    let options = release::registry(global, release::plain_host(&place, args.plain_http));
    let target = release::target(&place, &target)?;
    let verified = seaworthy_release::verify(&place, &target, &key, &options).map_err(|error| {
        let failure = release::explain("verify the image", &error);
        // An image that is not proved is a finding; a place that cannot be read is an error.
        match error {
            Error::NoSignature { .. } | Error::WrongKey { .. } | Error::BadDigest { .. } => {
                failure.code(ExitCode::Findings)
            }
            _ => failure,
        }
    })?;
    if global.format.iter().any(|format| format == "json") {
        let attestations: Vec<_> = verified.attestations.iter().map(|one| &one.predicate_type).collect();
        let value = serde_json::json!({
            "schema": seaworthy_finding::SCHEMA,
            "digest": verified.digest,
            "mediaType": verified.media_type,
            "key": verified.key,
            "signatures": verified.signatures.iter().map(|one| &one.manifest).collect::<Vec<_>>(),
            "attestations": attestations,
            "rejected": verified.rejected.len(),
        });
        shell
            .out(&serde_json::to_string_pretty(&value).map_err(|error| Failure::of("write JSON", &error))?)?;
        return Ok(ExitCode::Clean);
    }
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}\n  signed by the key with fingerprint {}", verified.digest, verified.key);
    for attestation in &verified.attestations {
        let _ = writeln!(text, "  attested: {}", attestation.predicate_type);
    }
    if !verified.rejected.is_empty() {
        let _ = writeln!(text, "  {} attached and not proved by this key", verified.rejected.len());
    }
    shell.out(&text)?;
    Ok(ExitCode::Clean)
}
