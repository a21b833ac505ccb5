//! Ecosystems: one name for each, however an export, a package URL or a distribution spells it.

use seaworthy_versions::Scheme;
use std::borrow::Cow;

/// The name an ecosystem has in the index, such as `PyPI`, `Cargo`, `Debian:12` or `Ubuntu:22.04`.
///
/// The package URL decides for the Rust ecosystem, whose own name in OSV is that of a host. Releases lose what does
/// not tell them apart: `Ubuntu:22.04:LTS` is `Ubuntu:22.04`, `Red Hat:enterprise_linux:9::baseos` is `Red Hat:9`.
pub fn canonical(ecosystem: &str, purl: Option<&str>) -> String {
    let ecosystem = ecosystem.trim();
    let (base, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let kind = purl.and_then(|purl| purl.strip_prefix("pkg:")).and_then(|rest| rest.split('/').next());
    if kind == Some("cargo")
        || base.eq_ignore_ascii_case("cargo")
        || base.to_ascii_lowercase().starts_with("crates.")
    {
        return "Cargo".to_owned();
    }
    if base.is_empty() {
        return kind.and_then(of_type).unwrap_or_default().to_owned();
    }
    if release.is_empty() {
        return base.to_owned();
    }
    match base {
        "Ubuntu" => {
            let parts: Vec<&str> = release.split(':').filter(|part| *part != "LTS").collect();
            format!("Ubuntu:{}", parts.join(":"))
        }
        // The support channel says who gets a fix, not where it applies.
        "Red Hat" => match red_hat(release) {
            Some(major) => format!("Red Hat:{major}"),
            None => ecosystem.to_owned(),
        },
        "SUSE" => match suse(release) {
            Some(release) => format!("SUSE:{release}"),
            None => ecosystem.to_owned(),
        },
        _ => ecosystem.to_owned(),
    }
}

/// `enterprise_linux:9::baseos` → `9`.
fn red_hat(release: &str) -> Option<&str> {
    let rest = release.strip_prefix("enterprise_linux:")?;
    let version = rest.split(':').next()?;
    version.split('.').next().filter(|major| !major.is_empty())
}

/// `Linux Enterprise Server 15 SP5` → `15.5`.
fn suse(release: &str) -> Option<String> {
    let mut words = release.split_whitespace().rev();
    let last = words.next()?;
    let number =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let pack = last.strip_prefix("SP").filter(|pack| number(pack));
    match pack {
        Some(pack) => words.next().filter(|word| number(word)).map(|major| format!("{major}.{pack}")),
        None => number(last).then(|| last.to_owned()),
    }
}

/// The ecosystem of a package URL's type, where the type alone tells.
pub(crate) fn of_type(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "pypi" => "PyPI",
        "npm" => "npm",
        "cargo" => "Cargo",
        "golang" => "Go",
        "maven" => "Maven",
        "nuget" => "NuGet",
        "gem" => "RubyGems",
        "composer" => "Packagist",
        "hex" => "Hex",
        "pub" => "Pub",
        "hackage" => "Hackage",
        "cran" => "CRAN",
        "conan" => "ConanCenter",
        "swift" => "SwiftURL",
        "githubactions" => "GitHub Actions",
        "bitnami" => "Bitnami",
        _ => return None,
    })
}

/// The order of an ecosystem's versions; nothing where it is not known, so that only listed versions can match.
pub fn scheme(ecosystem: &str) -> Option<Scheme> {
    match ecosystem {
        "Cargo" | "Linux" => Some(Scheme::SemVer),
        other => Scheme::of_ecosystem(other),
    }
}

/// A package's name as the index knows it: what its ecosystem holds to be the same becomes the same.
pub(crate) fn plain_name<'a>(ecosystem: &str, name: &'a str) -> Cow<'a, str> {
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    match base {
        "PyPI" => pep503(name),
        "NuGet" | "Packagist" | "GitHub Actions" | "SwiftURL" | "Bitnami" => lower(name),
        _ => Cow::Borrowed(name.trim()),
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// PEP 503: lower case, and one hyphen for any run of `-`, `_` and `.`.
fn pep503(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.bytes().all(plain) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for ch in name.chars() {
        if matches!(ch, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(ch.to_ascii_lowercase());
        }
    }
    Cow::Owned(out)
}

/// Whether an ecosystem belongs to a distribution: its versions are not those of upstream.
pub(crate) fn is_distribution(ecosystem: &str) -> bool {
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    matches!(scheme(base), Some(Scheme::Deb | Scheme::Rpm | Scheme::Apk))
}

/// The releases an installed package of a distribution is looked up in: `debian`, `12` → `Debian:12`.
///
/// Nothing where no known advisories are for that distribution.
pub(crate) fn of_distribution(kind: &str, id: &str, version: &str, codename: &str) -> Vec<String> {
    let major = version.split('.').next().unwrap_or(version);
    let minor = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let one = |text: String| vec![text];
    match (kind, id) {
        // The first releases had a number behind the point, too.
        ("deb", "debian") if matches!(major, "3" | "4" | "5" | "6") => one(format!("Debian:{minor}")),
        ("deb", "debian") => match if major.is_empty() { debian_codename(codename) } else { Some(major) } {
            Some(release) => one(format!("Debian:{release}")),
            None => Vec::new(),
        },
        ("deb", "ubuntu") if !version.is_empty() => one(format!("Ubuntu:{minor}")),
        ("deb", "echo") => one("Echo".to_owned()),
        ("apk", "alpine") if version.is_empty() || version.contains("edge") || version.contains('_') => {
            one("Alpine:edge".to_owned())
        }
        ("apk", "alpine") => one(format!("Alpine:v{minor}")),
        ("apk", "wolfi") => one("Wolfi".to_owned()),
        ("apk", "chainguard") => one("Chainguard".to_owned()),
        ("apk", "minimos") => one("MinimOS".to_owned()),
        ("apk", "alpaquita") => one(format!("Alpaquita:{version}")),
        ("rpm", "almalinux") => one(format!("AlmaLinux:{major}")),
        ("rpm", "rocky") => one(format!("Rocky Linux:{major}")),
        ("rpm", "rhel" | "redhat") => one(format!("Red Hat:{major}")),
        ("rpm", "sles" | "sled" | "sle_hpc" | "suse") => one(format!("SUSE:{version}")),
        ("rpm", "opensuse-leap" | "opensuse" | "opensuse.leap") => one(format!("openSUSE:Leap {version}")),
        ("rpm", "opensuse-tumbleweed" | "opensuse.tumbleweed") => one("openSUSE:Tumbleweed".to_owned()),
        ("rpm", "mageia") => one(format!("Mageia:{major}")),
        ("rpm", "openeuler") => one(format!("openEuler:{version}")),
        ("rpm", "photon") => one(format!("Photon OS:{minor}")),
        ("rpm", "azurelinux" | "mariner") => vec![format!("Azure Linux:{major}"), "Azure Linux".to_owned()],
        _ => Vec::new(),
    }
}

/// A package URL may name a Debian release by its name.
fn debian_codename(name: &str) -> Option<&'static str> {
    Some(match name {
        "woody" => "3.0",
        "sarge" => "3.1",
        "etch" => "4.0",
        "lenny" => "5.0",
        "squeeze" => "6.0",
        "wheezy" => "7",
        "jessie" => "8",
        "stretch" => "9",
        "buster" => "10",
        "bullseye" => "11",
        "bookworm" => "12",
        "trixie" => "13",
        "forky" => "14",
        "duke" => "15",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_for_each_ecosystem() {
        assert_eq!(canonical("Cargo", None), "Cargo");
        assert_eq!(canonical("whatever", Some("pkg:cargo/openssl")), "Cargo");
        assert_eq!(canonical("", Some("pkg:pypi/jinja2")), "PyPI");
        assert_eq!(canonical("Ubuntu:22.04:LTS", None), "Ubuntu:22.04");
        assert_eq!(canonical("Ubuntu:Pro:18.04:LTS", None), "Ubuntu:Pro:18.04");
        assert_eq!(canonical("Red Hat:enterprise_linux:9::baseos", None), "Red Hat:9");
        assert_eq!(canonical("Red Hat:rhel_eus:9.2::baseos", None), "Red Hat:rhel_eus:9.2::baseos");
        assert_eq!(canonical("SUSE:Linux Enterprise Server 15 SP5", None), "SUSE:15.5");
        assert_eq!(canonical("Debian:12", None), "Debian:12");
    }

    #[test]
    fn names_follow_their_ecosystem() {
        assert_eq!(plain_name("PyPI", "Foo__Bar.baz"), "foo-bar-baz");
        assert_eq!(plain_name("npm", "@Scope/Name"), "@Scope/Name");
        assert_eq!(plain_name("NuGet", "Newtonsoft.Json"), "newtonsoft.json");
    }

    #[test]
    fn releases_are_found_by_os_release() {
        assert_eq!(of_distribution("deb", "debian", "12", ""), ["Debian:12"]);
        assert_eq!(of_distribution("deb", "debian", "", "bookworm"), ["Debian:12"]);
        assert_eq!(of_distribution("deb", "debian", "6.0.10", ""), ["Debian:6.0"]);
        assert_eq!(of_distribution("deb", "ubuntu", "22.04", ""), ["Ubuntu:22.04"]);
        assert_eq!(of_distribution("apk", "alpine", "3.19.1", ""), ["Alpine:v3.19"]);
        assert_eq!(of_distribution("rpm", "almalinux", "9.3", ""), ["AlmaLinux:9"]);
        assert!(of_distribution("deb", "kali", "2024.1", "").is_empty());
    }
}
