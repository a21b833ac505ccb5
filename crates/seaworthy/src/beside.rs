//! The images of the policy's services, opened and looked at before anything is booted.

use crate::cli::Global;
use crate::failure::Failure;
use crate::shell::Shell;
use crate::stages;
use seaworthy_facts::ImageFacts;
use seaworthy_finding::TestConfig;
use seaworthy_store::Image;
use seaworthy_trial::Beside;
use std::collections::BTreeMap;
use std::path::Path;

/// A service's image.
pub(crate) struct ServiceImage {
    /// The service's name.
    pub(crate) name: String,
    /// Its image.
    pub(crate) image: Image,
    /// What the image's bytes show, secrets left out.
    pub(crate) facts: ImageFacts,
}

/// Opens the image of every service. A name of `bases` stands for what is written there; paths are relative to the
/// policy.
pub(crate) fn open(
    shell: &Shell,
    global: &Global,
    test: &TestConfig,
    bases: &BTreeMap<String, String>,
    base: &Path,
) -> Result<Vec<ServiceImage>, Failure> {
    let one = |(name, config): (&String, &seaworthy_finding::ServiceConfig)| {
        let text = source(&config.image, bases, base);
        let image = stages::open_image(shell, global, &text, None).map_err(|failure| {
            let bases =
                format!("`bases` of the image in seaworthy.toml says what stands for `{}`", config.image);
            let hint = failure.hint.unwrap_or(bases);
            Failure::new(failure.code, format!("the service `{name}`: {}", failure.message)).hint(hint)
        })?;
        let options =
            seaworthy_inspect::Options { skip_secrets: true, ..seaworthy_inspect::Options::default() };
        let facts = stages::inspect_layers(&image, &options).map(|(facts, _)| facts)?;
        Ok(ServiceImage { name: name.clone(), image, facts })
    };
    test.services.iter().map(one).collect()
}

/// The services as the trial takes them.
pub(crate) fn plan<'a>(images: &'a [ServiceImage], test: &'a TestConfig) -> Vec<Beside<'a>> {
    let one = |service: &'a ServiceImage| {
        let config = test.services.get(&service.name)?;
        Some(Beside { name: &service.name, image: &service.facts, config })
    };
    images.iter().filter_map(one).collect()
}

/// What a service's image is opened from.
pub(crate) fn source(image: &str, bases: &BTreeMap<String, String>, base: &Path) -> String {
    let named = bases.get(image).map_or(image, String::as_str);
    if let Some(rest) = named.strip_prefix("docker-image://") {
        return format!("docker-daemon:{rest}");
    }
    if let Some((kind, path)) = named.split_once(':')
        && matches!(kind, "oci" | "oci-layout" | "oci-archive" | "docker-archive" | "dir")
    {
        let kind = if kind == "oci-layout" { "oci" } else { kind };
        let path = path.trim_start_matches("//");
        return format!("{kind}:{}", base.join(path).display());
    }
    let beside = base.join(named);
    if beside.exists() { beside.display().to_string() } else { named.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_bases_and_paths_of_the_policy_are_resolved() {
        let bases = BTreeMap::from([
            ("postgres:16".to_owned(), "docker-image://standin/postgres:15".to_owned()),
            ("redis:7".to_owned(), "oci:bases/redis".to_owned()),
        ]);
        let of = |image| source(image, &bases, Path::new("/p"));
        assert_eq!(of("postgres:16"), "docker-daemon:standin/postgres:15");
        assert_eq!(of("redis:7"), "oci:/p/bases/redis");
        assert_eq!(of("docker-archive:/tmp/x.tar"), "docker-archive:/tmp/x.tar");
        assert_eq!(of("docker://host/x:1"), "docker://host/x:1");
    }
}
