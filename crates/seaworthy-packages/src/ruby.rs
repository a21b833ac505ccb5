//! Installed Ruby gems: the specifications RubyGems writes, which are Ruby in one fixed shape.

use crate::Source;
use seaworthy_facts::PackageFact;

/// Reads `specifications/NAME-VERSION.gemspec`.
pub fn gemspec(source: &Source<'_>) -> Option<PackageFact> {
    let text = source.text();
    let (mut name, mut version, mut platform) = (None, None, None);
    let mut licenses: Vec<&str> = Vec::new();
    let mut depends = Vec::new();
    for line in text.lines().map(str::trim) {
        // RubyGems' own short form: `# stub: NAME VERSION PLATFORM PATHS`.
        if let Some(stub) = line.strip_prefix("# stub: ") {
            let mut words = stub.split_whitespace();
            (name, version, platform) = (words.next(), words.next(), words.next());
            continue;
        }
        let Some((variable, rest)) = line.split_once('.') else { continue };
        if variable.is_empty() || !variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        if let Some((field, value)) = rest.split_once('=').map(|(field, value)| (field.trim(), value.trim()))
        {
            match field {
                "name" => name = name.or_else(|| literals(value).next()),
                "version" => version = version.or_else(|| literals(value).next()),
                "platform" => platform = platform.or_else(|| literals(value).next()),
                "license" | "licenses" => licenses.extend(literals(value)),
                _ => {}
            }
        }
        if rest.starts_with("add_runtime_dependency") || rest.starts_with("add_dependency") {
            depends.extend(literals(rest).next().map(str::to_owned));
        }
    }
    let (name, version) = (name?, version?);
    let mut found = source.package("gem", name, version);
    if let Some(platform) = platform.filter(|platform| *platform != "ruby") {
        found.purl = crate::purl::purl("gem", None, name, version, &[("platform", platform)]);
        platform.clone_into(&mut found.arch);
    }
    licenses.dedup();
    // Several licences of a gem are alternatives.
    found.license = (!licenses.is_empty()).then(|| licenses.join(" OR "));
    depends.sort();
    depends.dedup();
    found.depends = depends;
    Some(found)
}

/// The texts in a piece of Ruby: `"…"`, `'…'`, `%q<…>`.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let at = rest.find(['"', '\'', '%'])?;
        let (open, close) = match rest.as_bytes().get(at) {
            Some(b'%') if rest.get(at..at + 3) == Some("%q<") => (3, '>'),
            Some(b'%') => return None,
            Some(b'"') => (1, '"'),
            _ => (1, '\''),
        };
        let body = rest.get(at + open..)?;
        let end = body.find(close)?;
        rest = body.get(end + 1..)?;
        body.get(..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications_as_rubygems_writes_them() {
        let text = b"# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.4 x86_64-linux lib\n\nGem::Specification.new do |s|\n  s.name = \"nokogiri\".freeze\n  s.version = \"1.15.4\"\n  s.licenses = [\"MIT\".freeze]\n  s.add_runtime_dependency(%q<racc>.freeze, [\"~> 1.4\"])\n  s.add_development_dependency(%q<rake>.freeze, [\">= 0\"])\nend\n";
        let found = gemspec(&Source { path: "/x", layer: 0, bytes: text, distribution: None }).unwrap();
        assert_eq!(found.purl, "pkg:gem/nokogiri@1.15.4?platform=x86_64-linux");
        assert_eq!(
            (found.license.as_deref(), found.depends.as_slice()),
            (Some("MIT"), &["racc".to_owned()][..])
        );
    }
}
