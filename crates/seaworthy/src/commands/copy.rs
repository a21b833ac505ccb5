//! `seaworthy copy SOURCE TARGET`.

use crate::cli::{CopyArgs, Global};
use crate::failure::Failure;
use crate::output;
use crate::release::{self, explain};
use crate::shell::Shell;
use seaworthy_finding::ExitCode;
use seaworthy_oci::{Platform, Reference};
use seaworthy_registry::PlainHttp;
use seaworthy_release::{CopyOptions, Destination};
use std::fmt::Write as _;

/// Copies an image with everything attached to it, and reads it back.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &CopyArgs) -> Result<ExitCode, Failure> {
    let json = output::wants_json(global, "copy")?;
    let (source, named) = release::place(&args.source)?;
    let target = release::target(&source, &named)?;
    let (destination, wanted) = release::place(&args.target)?;
    let platform = args.platform.as_deref().map(|text| {
        Platform::parse(text).ok_or_else(|| {
            Failure::new(ExitCode::Error, format!("`{text}` is no platform"))
                .hint("write it as `linux/amd64` or `linux/arm64/v8`")
        })
    });
    let platform = platform.transpose()?;
    let plain =
        [&source, &destination].into_iter().filter_map(|place| release::plain_host(place, args.plain_http));
    let plain: Vec<String> = plain.collect();
    let mut registry = release::registry(global, None);
    if !plain.is_empty() {
        registry.plain_http = PlainHttp::Also(plain);
    }
    let options = CopyOptions {
        tags: tags(args, &destination, &wanted, &source, &target),
        platform,
        bare: args.bare,
        registry,
    };
    shell.progress("Copy", &format!("{} to {}", args.source, args.target));
    let copied = seaworthy_release::copy(&source, &target, &destination, &options)
        .map_err(|error| explain("copy the image", &error))?;
    if let Some(file) = &args.digest_file {
        output::write_file(file, format!("{}\n", copied.digest).as_bytes())?;
    }
    let blobs = copied.blobs;
    if json {
        let value = serde_json::json!({
            "schema": "seaworthy/1",
            "digest": copied.digest.to_string(),
            "manifests": copied.manifests,
            "referrers": copied.referrers,
            "attachment-tags": copied.attachment_tags,
            "tags": copied.tags,
            "blobs": {"sent": blobs.sent, "bytes": blobs.bytes, "present": blobs.present, "mounted": blobs.mounted},
        });
        let text = serde_json::to_string_pretty(&value).map_err(|error| Failure::of("write JSON", &error))?;
        shell.out(&text)?;
    } else {
        let mut text = format!("{}", copied.digest);
        if !copied.tags.is_empty() {
            let _ = write!(text, " as {}", copied.tags.join(", "));
        }
        let _ = write!(
            text,
            "\n{} manifests, {} attachments; blobs: {} sent, {} mounted, {} there already",
            copied.manifests,
            copied.referrers + copied.attachment_tags.len(),
            blobs.sent,
            blobs.mounted,
            blobs.present
        );
        shell.out(&text)?;
    }
    Ok(ExitCode::Clean)
}

/// The tags at the target: those asked for, else the source's own where the target names none.
fn tags(
    args: &CopyArgs,
    destination: &Destination,
    wanted: &str,
    source: &Destination,
    target: &str,
) -> Vec<String> {
    let named = match destination {
        // A reference without a tag still has `latest` as its target.
        Destination::Registry(Reference { tag, .. }) => tag.clone(),
        Destination::Layout { .. } => Some(wanted.to_owned()).filter(|name| !name.is_empty()),
    };
    let own = match source {
        Destination::Registry(Reference { tag, digest: None, .. }) => {
            Some(tag.clone().unwrap_or_else(|| target.to_owned()))
        }
        Destination::Layout { .. } if !target.contains(':') => Some(target.to_owned()),
        _ => None,
    };
    let mut tags: Vec<String> = named.into_iter().chain(args.tag.iter().cloned()).collect();
    if tags.is_empty() {
        tags.extend(own);
    }
    tags
}
