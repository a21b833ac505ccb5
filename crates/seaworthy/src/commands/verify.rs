//! `seaworthy verify`.

use crate::cli::{Global, VerifyArgs};
use crate::failure::Failure;
use crate::release;
use crate::shell::Shell;
use seaworthy_finding::ExitCode;
use seaworthy_release::{Error, Trust};
use std::fmt::Write as _;

/// Verifies that a key signed an image, and says what exactly is proved.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let key = args.key.as_deref().map(release::public_key).transpose()?;
    let keyless = release::keyless(&args.keyless)?;
    let trust = match (&key, &keyless) {
        (Some(key), _) => Trust::Key(key),
        (None, Some((keyless, identity))) => Trust::Identity(keyless, identity),
        (None, None) => {
            return Err(Failure::new(ExitCode::Error, "whose signature is wanted is not said")
                .hint("name a `--key`, or a `--certificate-identity` and a `--certificate-oidc-issuer`"));
        }
    };
    let (place, target) = release::place(&args.image)?;
    let options = release::registry(global, release::plain_host(&place, args.plain_http));
    let target = release::target(&place, &target)?;
    let verified = seaworthy_release::verify(&place, &target, trust, &options).map_err(|error| {
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
            "signer": verified.signer.as_ref().map(|signer| serde_json::json!({
                "subject": signer.subject, "issuer": signer.issuer, "signedAt": signer.signed_at,
            })),
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
    let _ = writeln!(text, "{}", verified.digest);
    if let Some(key) = &verified.key {
        let _ = writeln!(text, "  signed by the key with fingerprint {key}");
    }
    if let Some(signer) = &verified.signer {
        let shown = seaworthy_report::escape;
        let (subject, issuer) = (shown(&signer.subject), shown(&signer.issuer));
        let at = signer.signed_at.as_deref().map_or(String::new(), |at| format!(", at {at}"));
        let _ = writeln!(text, "  signed by {subject}, as {issuer} vouched{at}");
    }
    for attestation in &verified.attestations {
        let _ = writeln!(text, "  attested: {}", attestation.predicate_type);
    }
    if !verified.rejected.is_empty() {
        let _ = writeln!(text, "  {} attached and not proved by this", verified.rejected.len());
    }
    shell.out(&text)?;
    Ok(ExitCode::Clean)
}
