//! Python distributions: `METADATA` of wheels and `PKG-INFO` of eggs (core metadata specification), `RECORD`, and
//! conda's records.

use crate::{Database, Source, license, purl::purl};
use seaworthy_facts::PackageFact;
use serde_json::Value;

/// The header fields, without the description after the first empty line.
pub fn head(bytes: &[u8]) -> &[u8] {
    let end =
        memchr::memmem::find(bytes, b"\n\n").into_iter().chain(memchr::memmem::find(bytes, b"\n\r\n")).min();
    end.map_or(bytes, |end| &bytes[..=end])
}

/// Reads the header fields.
pub fn metadata(source: &Source<'_>) -> Option<PackageFact> {
    let text = String::from_utf8_lossy(head(source.bytes));
    let all = |wanted: &'static str| {
        text.lines()
            // A field is continued on lines that begin with a blank.
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split_once(':'))
            .filter(move |(key, _)| key.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty() && *value != "UNKNOWN")
    };
    let (name, version) = (all("Name").next()?, all("Version").next()?);
    let mut found = source.package("pypi", name, version);
    found.license = all("License-Expression")
        .next()
        .map(str::to_owned)
        // Older packages paste the whole licence here, of which this is the first line.
        .or_else(|| all("License").next().filter(|text| text.len() <= 80).and_then(license::exact))
        .or_else(|| license::classifiers(all("Classifier")))
        .or_else(|| {
            all("License")
                .next()
                .filter(|text| text.len() <= 80 && !text.contains("Copyright"))
                .map(str::to_owned)
        });
    found.depends = all("Requires-Dist")
        .filter(|value| !value.split_once(';').is_some_and(|(_, marker)| marker.contains("extra")))
        .filter_map(requirement)
        .collect();
    Some(found)
}

/// The name of a requirement, such as `requests` of `requests[socks]>=2`.
pub(crate) fn requirement(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    text.get(..end.unwrap_or(text.len())).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The name as PEP 503 normalises it: what tells whether two names are one.
pub fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if matches!(c, '-' | '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if !(c == '-' && out.ends_with('-')) {
            out.push(c);
        }
    }
    out
}

/// The paths in a `RECORD` or an `installed-files.txt`, relative to `folder`, as paths of the image without a leading
/// slash. Those that lead above the root are left out.
pub fn record<'a>(bytes: &'a [u8], folder: &'a str) -> impl Iterator<Item = String> + 'a {
    bytes.split(|byte| *byte == b'\n').filter_map(move |line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let path = if let Some(rest) = line.strip_prefix(b"\"") {
            rest.split(|byte| *byte == b'"').next()?
        } else {
            line.split(|byte| *byte == b',').next()?
        };
        let path = std::str::from_utf8(path).ok().filter(|path| !path.is_empty())?;
        join(folder, path)
    })
}

/// A relative path below a folder; an absolute one stands for itself.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = if path.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|part| !part.is_empty()).collect()
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Reads conda's record of one package, `conda-meta/NAME-VERSION-BUILD.json`.
pub fn conda(source: &Source<'_>) -> Option<Database> {
    let record = source.json()?;
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, version) = (text("name"), text("version"));
    if name.is_empty() || version.is_empty() {
        return None;
    }
    let mut found = source.package("conda", name, version);
    let channel = text("channel").trim_end_matches('/');
    let channel = channel.strip_suffix(text("subdir")).unwrap_or(channel).trim_end_matches('/');
    let channel = channel.rsplit('/').next().unwrap_or_default();
    found.purl = purl(
        "conda",
        None,
        name,
        version,
        &[("build", text("build")), ("channel", channel), ("subdir", text("subdir"))],
    );
    text("subdir").clone_into(&mut found.arch);
    found.license = Some(text("license").to_owned()).filter(|text| !text.is_empty());
    for algorithm in ["sha256", "md5"] {
        let sum = text(algorithm);
        if !sum.is_empty() && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            found.checksums.insert(algorithm.to_owned(), sum.to_ascii_lowercase());
        }
    }
    let list =
        |key: &str| record.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    found.depends = list("depends").filter_map(|text| text.split(' ').next()).map(str::to_owned).collect();
    let folder = source.path.rsplitn(3, '/').nth(2).unwrap_or_default();
    let files = list("files").filter_map(|path| join(folder, path)).map(|path| (path, 0)).collect();
    Some(Database { packages: vec![found], files })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(bytes: &[u8]) -> Source<'_> {
        Source { path: "/opt/conda/conda-meta/x.json", layer: 0, bytes, distribution: None }
    }

    #[test]
    fn extras_are_no_dependencies() {
        let text = b"Metadata-Version: 2.1\nName: Flask\nVersion: 3.0.0\nClassifier: License :: OSI Approved :: MIT License\nRequires-Dist: Werkzeug>=3.0.0\nRequires-Dist: asgiref>=3.2; extra == \"async\"\n\nName: not a field\n";
        let found = metadata(&source(text)).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("Flask", "3.0.0"));
        assert_eq!(found.depends, ["Werkzeug"]);
        assert_eq!((found.purl.as_str(), found.license.as_deref()), ("pkg:pypi/flask@3.0.0", Some("MIT")));
        assert_eq!(normal("Zope._Interface"), "zope-interface");
    }

    #[test]
    fn records_name_files_of_the_image() {
        let text = b"a/b.py,sha256=x,3\n../../../../bin/tool,,\n\"odd,name\",,\n../../../../../out,,\r\n";
        let paths: Vec<String> = record(text, "usr/lib/python3/site-packages").collect();
        assert_eq!(
            paths,
            ["usr/lib/python3/site-packages/a/b.py", "bin/tool", "usr/lib/python3/site-packages/odd,name"]
        );
    }

    #[test]
    fn conda_records() {
        let text = br#"{"name":"zlib","version":"1.3","build":"h1","channel":"https://example.invalid/conda-forge/linux-64","subdir":"linux-64","license":"Zlib","depends":["libgcc >=12"],"files":["lib/libz.so"]}"#;
        let found = conda(&source(text)).unwrap();
        assert_eq!(found.packages[0].purl, "pkg:conda/zlib@1.3?build=h1&channel=conda-forge&subdir=linux-64");
        assert_eq!(found.packages[0].depends, ["libgcc"]);
        assert_eq!(found.files, [("opt/conda/lib/libz.so".to_owned(), 0)]);
    }
}
