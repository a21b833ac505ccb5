//! Publishing and keys, shared by `ship` and the single commands.

use crate::cli::{Global, KeylessArgs};
use crate::config::Config;
use crate::failure::Failure;
use crate::shell::Shell;
use crate::stages;
use crate::workdir::WorkDir;
use seaworthy_facts::ReleaseFacts;
use seaworthy_finding::ExitCode;
use seaworthy_oci::Source;
use seaworthy_registry::{Options as RegistryOptions, PlainHttp};
use seaworthy_release::keyless::{Identity, Keyless, Match};
use seaworthy_release::{Destination, PrivateKey, PublicKey, PublishOptions};
use seaworthy_store::{Image, Layout};
use std::path::Path;

/// What is to be published, where to and how.
pub(crate) struct Publication<'a> {
    pub(crate) image: &'a Image,
    pub(crate) to: &'a str,
    pub(crate) tags: Vec<String>,
    pub(crate) sbom: Option<Vec<u8>>,
    pub(crate) key: Result<Option<PrivateKey>, Failure>,
    pub(crate) sign_wanted: bool,
    /// The registry to speak plain HTTP to, beside those on this machine.
    pub(crate) plain_http: Option<String>,
}

/// Publishes an image and reads it back.
pub(crate) fn publish(
    shell: &Shell,
    global: &Global,
    publication: Publication<'_>,
) -> Result<ReleaseFacts, Failure> {
    let key = publication.key?;
    let (destination, _) = place(publication.to)?;
    let sbom_wanted = publication.sbom.is_some();
    let options = PublishOptions {
        tags: publication.tags,
        sbom: publication.sbom,
        sign: key.as_ref(),
        mount_from: same_registry(publication.image, &destination),
        registry: registry(global, publication.plain_http),
        ..PublishOptions::default()
    };
    let image = publication.image;
    shell.detail("sending what is missing, then reading everything back");
    // What is sent is sent from a layout; another kind of source is brought into one first.
    let work;
    let layout = match &image.source {
        Source::Layout { path, .. } => {
            Layout::open(path).map_err(|error| stages::store_failure("open the layout", &error))?
        }
        _ => {
            work = WorkDir::new("publish")?;
            let layout = Layout::create(work.path()).map_err(|error| Failure::of("make a layout", &error))?;
            image.save(&layout, None).map_err(|error| Failure::of("read the image", &error))?;
            layout
        }
    };
    let released = seaworthy_release::publish(&layout, &image.descriptor, &destination, &options);
    let mut facts = released.map_err(|error| explain("publish the image", &error))?;
    facts.sign_wanted |= publication.sign_wanted;
    facts.sbom_wanted |= sbom_wanted;
    Ok(facts)
}

/// How a destination may be named.
const PLACES: &str = "name a registry reference, such as `ghcr.io/acme/app:1.0`, or `oci:DIR`";

/// A destination and what it names there: `oci:DIR[:REF]` or a registry reference.
pub(crate) fn place(text: &str) -> Result<(Destination, String), Failure> {
    let source: Source =
        text.parse().map_err(|error| Failure::of("read the destination", &error).hint(PLACES))?;
    match source {
        Source::Layout { path, reference } => {
            Ok((Destination::Layout { path }, reference.unwrap_or_default()))
        }
        Source::Registry(reference) => {
            let target = reference.target();
            Ok((Destination::Registry(reference), target))
        }
        Source::Bare(name) => {
            let reference: seaworthy_oci::Reference =
                name.parse().map_err(|error| Failure::of("read the destination", &error).hint(PLACES))?;
            let target = reference.target();
            Ok((Destination::Registry(reference), target))
        }
        other => {
            Err(Failure::new(ExitCode::Error, format!("`{other}` is no place to publish to")).hint(PLACES))
        }
    }
}

/// The image's own repository, where it lies in the registry it goes to: the blobs are then mounted, not sent.
fn same_registry(image: &Image, destination: &Destination) -> Vec<String> {
    match (&image.source, destination) {
        (Source::Registry(from), Destination::Registry(to)) if from.domain == to.domain => {
            vec![from.path.clone()]
        }
        _ => Vec::new(),
    }
}

/// What a place is asked for: the name that was given, else the only image of a layout.
pub(crate) fn target(place: &Destination, named: &str) -> Result<String, Failure> {
    match place {
        Destination::Layout { path } if named.is_empty() => {
            let layout =
                Layout::open(path).map_err(|error| stages::store_failure("open the layout", &error))?;
            let image =
                layout.resolve(None).map_err(|error| stages::store_failure("choose the image", &error))?;
            Ok(image.digest.to_string())
        }
        Destination::Layout { .. } | Destination::Registry(_) => Ok(named.to_owned()),
    }
}

/// How registries are spoken to.
pub(crate) fn registry(global: &Global, plain_http: Option<String>) -> RegistryOptions {
    RegistryOptions {
        offline: global.offline,
        plain_http: plain_http.map_or(PlainHttp::Auto, |host| PlainHttp::Also(vec![host])),
        ..RegistryOptions::default()
    }
}

/// The host of a destination when plain HTTP was asked for.
pub(crate) fn plain_host(place: &Destination, wanted: bool) -> Option<String> {
    match place {
        Destination::Registry(reference) if wanted => Some(reference.domain.clone()),
        Destination::Registry(_) | Destination::Layout { .. } => None,
    }
}

/// The password of a private key: `COSIGN_PASSWORD`, empty when it is not set.
pub(crate) fn password() -> Vec<u8> {
    std::env::var_os("COSIGN_PASSWORD").map(std::os::unix::ffi::OsStringExt::into_vec).unwrap_or_default()
}

/// Reads a private key.
pub(crate) fn private_key(file: &Path) -> Result<PrivateKey, Failure> {
    PrivateKey::load(file, &password()).map_err(|error| explain("read the private key", &error))
}

/// Reads a public key.
pub(crate) fn public_key(file: &Path) -> Result<PublicKey, Failure> {
    PublicKey::load(file).map_err(|error| explain("read the public key", &error))
}

/// The key the policy signs with; made on first use when the policy says so.
pub(crate) fn policy_key(
    shell: &Shell,
    config: &Config,
    project: &Path,
) -> Result<Option<PrivateKey>, Failure> {
    let Some(sign) = &config.policy.publish.sign else { return Ok(None) };
    let Some(key) = &sign.key else {
        return Err(Failure::new(ExitCode::Error, "`publish.sign` in seaworthy.toml names no key")
            .hint("write `sign = { key = \"cosign.key\" }`"));
    };
    let file = config.base(project).join(key);
    if !file.exists() {
        if !sign.generate {
            return Err(Failure::new(
                ExitCode::Error,
                format!("the signing key `{}` does not exist", file.display()),
            )
            .hint(
                "`seaworthy keygen` makes one; `sign = { key = …, generate = true }` makes it on first use",
            ));
        }
        if let Some(dir) = file.parent() {
            std::fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, &error))?;
        }
        let prefix = file.with_extension("");
        seaworthy_release::write_pair(&prefix, &password())
            .map_err(|error| explain("make the signing key", &error))?;
        shell.note(&format!(
            "made the signing key `{}`; keep it, and publish `{}`",
            file.display(),
            prefix.with_extension("pub").display()
        ));
    }
    private_key(&file).map(Some)
}

/// Who must have signed without a key, and whom to trust; nothing where no identity is named.
pub(crate) fn keyless(args: &KeylessArgs) -> Result<Option<(Keyless, Identity)>, Failure> {
    let choose = |exact: &Option<String>, pattern: &Option<String>| match (exact, pattern) {
        (Some(text), _) => Ok(Some(Match::Exact(text.clone()))),
        (None, Some(pattern)) => regex::Regex::new(pattern)
            .map(|pattern| Some(Match::Pattern(pattern)))
            .map_err(|error| Failure::of(&format!("read the expression `{pattern}`"), &error)),
        (None, None) => Ok(None),
    };
    let subject = choose(&args.certificate_identity, &args.certificate_identity_regexp)?;
    let issuer = choose(&args.certificate_oidc_issuer, &args.certificate_oidc_issuer_regexp)?;
    let (subject, issuer) = match (subject, issuer) {
        (None, _) => return Ok(None),
        (Some(subject), Some(issuer)) => (subject, issuer),
        // A name means nothing without who vouches for it: anybody can be called so somewhere.
        (Some(_), None) => {
            return Err(Failure::new(ExitCode::Error, "who vouched for the signer is not said")
                .hint("name it: `--certificate-oidc-issuer https://token.actions.githubusercontent.com`"));
        }
    };
    let root = args
        .trusted_root
        .as_ref()
        .map(|file| std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error)));
    let keyless = Keyless::new(root.transpose()?.as_deref())
        .map_err(|error| Failure::of("read the trusted root", &error))?;
    Ok(Some((keyless, Identity { subject, issuer })))
}

/// A release error with its hint.
pub(crate) fn explain(what: &str, error: &seaworthy_release::Error) -> Failure {
    let failure = Failure::of(what, error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
