//! Package URLs (`package-url/purl-spec`): read, checked, written in their canonical form.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// A package URL in its canonical form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purl {
    /// Type, such as `deb`.
    pub kind: String,
    /// Namespace; its segments are separated by slashes.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Version.
    pub version: Option<String>,
    /// Qualifiers.
    pub qualifiers: BTreeMap<String, String>,
    /// Path within the package.
    pub subpath: Option<String>,
}

/// What a text lacks to be a package URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurlError {
    /// It does not begin with `pkg:`.
    Scheme,
    /// There is no type, or it is no type's name.
    Kind,
    /// There is no name.
    Name,
    /// A qualifier's key is not one.
    Qualifier(String),
    /// The type needs a namespace, or must not have one.
    Namespace(String),
    /// The type's own rules refuse it.
    Rule(String),
}

impl fmt::Display for PurlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => out.write_str("it does not begin with `pkg:`"),
            Self::Kind => out.write_str("it has no valid type"),
            Self::Name => out.write_str("it has no name"),
            Self::Qualifier(key) => write!(out, "`{key}` is no qualifier's key"),
            Self::Namespace(why) | Self::Rule(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for PurlError {}

/// Types whose namespace and name do not distinguish case.
const LOWER: [&str; 11] =
    ["alpm", "apk", "bitbucket", "bitnami", "brew", "composer", "deb", "git", "github", "golang", "hex"];
/// Types whose name alone does not.
const LOWER_NAME: [&str; 4] = ["oci", "otp", "pub", "pypi"];
/// Types that have no namespace.
const NO_NAMESPACE: [&str; 3] = ["julia", "otp", "vcpkg"];
/// Types that need one.
const NAMESPACE: [&str; 2] = ["swift", "vscode-extension"];

impl Purl {
    /// Reads a package URL.
    ///
    /// # Errors
    /// When it is none, by the rules of the specification or by those of its type.
    pub fn parse(text: &str) -> Result<Self, PurlError> {
        Self::read(text, true)
    }

    /// Reads a package URL that need not be canonical: keys in capitals are accepted, too.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_lenient(text: &str) -> Result<Self, PurlError> {
        Self::read(text, false)
    }

    fn read(text: &str, strict: bool) -> Result<Self, PurlError> {
        let (rest, subpath) = text.rsplit_once('#').map_or((text, None), |(rest, path)| (rest, Some(path)));
        let (rest, query) = rest.rsplit_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (scheme, rest) = rest.split_once(':').ok_or(PurlError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(PurlError::Scheme);
        }
        let rest = rest.trim_start_matches('/');
        let (kind, rest) =
            rest.split_once('/').ok_or(if is_kind(rest) { PurlError::Name } else { PurlError::Kind })?;
        let rest = rest.trim_matches('/');
        // `@scope/name` begins a name; after the last slash an `@` begins the version.
        let (path, version) = match rest.rsplit_once('@') {
            Some((before, after)) if after.contains('/') && (before.is_empty() || before.ends_with('/')) => {
                (rest, None)
            }
            Some((before, after)) => (before, Some(after)),
            None => (rest, None),
        };
        // A repository's address is its host and a path.
        let split =
            if kind.eq_ignore_ascii_case("git") { path.split_once('/') } else { path.rsplit_once('/') };
        let (namespace, name) = split.map_or((None, path), |(space, name)| (Some(space), name));
        let mut qualifiers = BTreeMap::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if strict && key.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(PurlError::Qualifier(key.to_owned()));
            }
            if !value.is_empty() {
                qualifiers.insert(key.to_owned(), decode(value));
            }
        }
        let subpath = subpath.map(|path| {
            let parts = path.split('/').map(decode).filter(|part| !matches!(part.as_str(), "" | "." | ".."));
            parts.collect::<Vec<_>>().join("/")
        });
        let namespace = namespace.map(|space| {
            space.split('/').filter(|part| !part.is_empty()).map(decode).collect::<Vec<_>>().join("/")
        });
        Self {
            kind: kind.to_owned(),
            namespace,
            name: decode(name),
            version: version.map(decode),
            qualifiers,
            subpath,
        }
        .canonical()
    }

    /// The canonical form of parts.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn canonical(mut self) -> Result<Self, PurlError> {
        self.kind.make_ascii_lowercase();
        if !is_kind(&self.kind) {
            return Err(PurlError::Kind);
        }
        let path = |text: String| {
            let parts = text.split('/').filter(|part| !part.is_empty());
            Some(parts.collect::<Vec<_>>().join("/")).filter(|text| !text.is_empty())
        };
        self.namespace = self.namespace.and_then(path);
        self.version = self.version.filter(|version| !version.is_empty());
        self.subpath = self.subpath.and_then(|text| {
            path(text.split('/').filter(|part| !matches!(*part, "." | "..")).collect::<Vec<_>>().join("/"))
        });
        self.name = self.name.trim_matches('/').to_owned();
        if self.name.is_empty() {
            return Err(PurlError::Name);
        }
        let mut qualifiers = BTreeMap::new();
        for (key, value) in std::mem::take(&mut self.qualifiers) {
            let lower = key.to_ascii_lowercase();
            let begins = lower.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
            let follows =
                lower.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
            if !begins || !follows {
                return Err(PurlError::Qualifier(key));
            }
            if !value.is_empty() {
                qualifiers.insert(lower, value);
            }
        }
        self.qualifiers = qualifiers;
        self.rules()?;
        Ok(self)
    }

    /// What the type's own definition asks for.
    fn rules(&mut self) -> Result<(), PurlError> {
        let kind = self.kind.as_str();
        if NO_NAMESPACE.contains(&kind) && self.namespace.is_some() {
            return Err(PurlError::Namespace(format!("the type `{kind}` has no namespace")));
        }
        if NAMESPACE.contains(&kind) && self.namespace.is_none() {
            return Err(PurlError::Namespace(format!("the type `{kind}` needs a namespace")));
        }
        let lower = LOWER.contains(&kind);
        if lower || LOWER_NAME.contains(&kind) {
            self.name = self.name.to_lowercase();
        }
        if lower || kind == "rpm" {
            self.namespace = self.namespace.take().map(|space| space.to_lowercase());
        }
        match kind {
            "pypi" => self.name = self.name.replace('_', "-"),
            "huggingface" => self.version = self.version.take().map(|version| version.to_lowercase()),
            // Databricks does not distinguish case, Azure does.
            "mlflow"
                if self
                    .qualifiers
                    .get("repository_url")
                    .is_some_and(|url| url.contains("azuredatabricks.")) =>
            {
                self.name = self.name.to_lowercase();
            }
            "cpan" if self.name.contains("::") => {
                return Err(PurlError::Rule("the name is a module's, not a distribution's".to_owned()));
            }
            "julia" if !self.qualifiers.contains_key("uuid") => {
                return Err(PurlError::Rule("the type `julia` needs the qualifier `uuid`".to_owned()));
            }
            "chrome-extension" => {
                if self.name.len() != 32 || !self.name.bytes().all(|byte| (b'a'..=b'p').contains(&byte)) {
                    return Err(PurlError::Rule("the name is not 32 letters from a to p".to_owned()));
                }
                let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                if let Some(version) = &self.version
                    && (version.split('.').count() > 4 || !version.split('.').all(number))
                {
                    return Err(PurlError::Rule("the version is not one to four numbers".to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "pkg:{}", self.kind)?;
        for part in self.namespace.iter().flat_map(|space| space.split('/')) {
            write!(out, "/{}", encode(part))?;
        }
        if self.kind == "git" {
            // The namespace is the host alone, so a name has slashes of its own.
            for part in self.name.split('/') {
                write!(out, "/{}", encode(part))?;
            }
        } else {
            write!(out, "/{}", encode(&self.name))?;
        }
        if let Some(version) = &self.version {
            write!(out, "@{}", encode(version))?;
        }
        let mut separator = '?';
        for (key, value) in &self.qualifiers {
            write!(out, "{separator}{key}={}", encode(value))?;
            separator = '&';
        }
        let mut separator = '#';
        for part in self.subpath.iter().flat_map(|path| path.split('/')) {
            write!(out, "{separator}{}", encode(part))?;
            separator = '/';
        }
        Ok(())
    }
}

/// The package URL of a package by its manager's own name: `@scope/name`, `vendor/name`, `group:artifact`, a module's
/// path. Empty qualifiers are left out. What has no name has no URL.
pub fn purl(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    version: &str,
    qualifiers: &[(&str, &str)],
) -> String {
    let (own, name) = match kind {
        "maven" => name.split_once(':').map_or((None, name), |(group, name)| (Some(group), name)),
        "npm" | "golang" | "composer" => {
            name.rsplit_once('/').map_or((None, name), |(space, name)| (Some(space), name))
        }
        _ => (None, name),
    };
    let parts = Purl {
        kind: kind.to_owned(),
        namespace: namespace.or(own).map(str::to_owned),
        name: name.to_owned(),
        version: Some(version.to_owned()),
        qualifiers: qualifiers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        subpath: None,
    };
    parts.canonical().map(|purl| purl.to_string()).unwrap_or_default()
}

fn is_kind(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
}

fn encode(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Percent-decoding; what is no escape stays as it is.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_managers_become_urls() {
        let debian = purl(
            "deb",
            Some("debian"),
            "g++",
            "4:12.2.0-3+b1",
            &[("arch", "amd64"), ("distro", "debian-12"), ("epoch", "")],
        );
        assert_eq!(debian, "pkg:deb/debian/g%2B%2B@4:12.2.0-3%2Bb1?arch=amd64&distro=debian-12");
        assert_eq!(purl("npm", None, "@angular/core", "1.0.0", &[]), "pkg:npm/%40angular/core@1.0.0");
        assert_eq!(purl("pypi", None, "Typing_Extensions", "4.0", &[]), "pkg:pypi/typing-extensions@4.0");
        assert_eq!(purl("maven", None, "org.x:a", "", &[]), "pkg:maven/org.x/a");
        assert_eq!(purl("cargo", None, "", "1", &[]), "");
    }

    #[test]
    fn reading_and_writing_give_the_canonical_form() {
        for (text, canonical) in [
            ("pkg:npm/@babel/core#/a/./b/", "pkg:npm/%40babel/core#a/b"),
            ("pkg:brew/node@20@20.10.0", "pkg:brew/node%4020@20.10.0"),
            ("pkg://maven/org.x/io?b=2&a=&c=x/y", "pkg:maven/org.x/io?b=2&c=x%2Fy"),
        ] {
            assert_eq!(Purl::parse(text).map(|purl| purl.to_string()).as_deref(), Ok(canonical));
        }
        assert_eq!(Purl::parse("pkg:cran/@1"), Err(PurlError::Name));
        assert_eq!(Purl::parse("pkg:x"), Err(PurlError::Name));
        assert_eq!(Purl::parse("pkg:rpm/fedora/curl@1?Arch=i386"), Err(PurlError::Qualifier("Arch".into())));
        assert!(Purl::parse_lenient("pkg:rpm/fedora/curl@1?Arch=i386").is_ok());
    }
}
