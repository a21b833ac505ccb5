//! Lock files: what a project says is to be installed, exactly.

use crate::python;
use seaworthy_facts::{LockedPackage, LockfileFact};
use serde_json::Value;

/// Whether a path is that of a lock file that can be read.
pub fn is_lockfile(path: &str) -> bool {
    kind_of(path).is_some()
}

/// The kind of package a lock file speaks of.
fn kind_of(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        "package-lock.json" | "npm-shrinkwrap.json" => "npm",
        "Cargo.lock" => "cargo",
        "go.sum" => "golang",
        "uv.lock" | "poetry.lock" | "requirements.txt" => "pypi",
        "composer.lock" => "composer",
        "Gemfile.lock" => "gem",
        _ => return None,
    })
}

/// Reads a lock file; nothing for what is none, and for one that names no exact version.
pub fn read(path: &str, text: &str) -> Option<LockfileFact> {
    let kind = kind_of(path)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let packages = match name {
        "package-lock.json" | "npm-shrinkwrap.json" => npm(text),
        "Cargo.lock" | "uv.lock" | "poetry.lock" => tables(text),
        "go.sum" => go(text),
        "composer.lock" => composer(text),
        "Gemfile.lock" => bundler(text),
        _ => requirements(text),
    };
    (!packages.is_empty()).then(|| LockfileFact { path: path.to_owned(), kind: kind.to_owned(), packages })
}

fn locked(name: &str, version: &str, development: bool) -> LockedPackage {
    LockedPackage { name: name.to_owned(), version: version.to_owned(), development }
}

/// npm, of the forms 1 to 3.
fn npm(text: &str) -> Vec<LockedPackage> {
    let lock: Value = serde_json::from_str(text).unwrap_or_default();
    let flag = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or_default();
    let string =
        |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut found = Vec::new();
    if let Some(packages) = lock.get("packages").and_then(Value::as_object) {
        for (folder, entry) in packages {
            let Some((_, name)) = folder.rsplit_once("node_modules/") else { continue };
            let (own, version) = (string(entry, "name"), string(entry, "version"));
            if version.is_empty() || flag(entry, "link") {
                continue;
            }
            let name = if own.is_empty() { name } else { own.as_str() };
            found.push(locked(name, &version, flag(entry, "dev")));
        }
        return found;
    }
    // The first form nests; what is nested is taken up again, so that nothing is as deep as the text says.
    let mut waiting: Vec<&Value> = lock.get("dependencies").into_iter().collect();
    while let Some(level) = waiting.pop() {
        for (name, entry) in level.as_object().into_iter().flatten() {
            let version = string(entry, "version");
            if version.starts_with(|c: char| c.is_ascii_digit()) {
                found.push(locked(name, &version, flag(entry, "dev")));
            }
            waiting.extend(entry.get("dependencies"));
        }
    }
    found
}

/// Cargo, uv and poetry: `[[package]]` with a name and a version.
fn tables(text: &str) -> Vec<LockedPackage> {
    let lock: toml::Table = toml::from_str(text).unwrap_or_default();
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let mut found = Vec::new();
    for package in packages.into_iter().flatten() {
        let string = |key: &str| package.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let source = package.get("source");
        // The project itself is installed, but is no package of others.
        let own = source.is_some_and(|source| source.get("editable").or(source.get("virtual")).is_some());
        if string("name").is_empty() || string("version").is_empty() || own {
            continue;
        }
        let groups = package.get("groups").and_then(toml::Value::as_array);
        let main = |groups: &Vec<toml::Value>| groups.iter().any(|group| group.as_str() == Some("main"));
        let development = string("category") == "dev" || groups.is_some_and(|groups| !main(groups));
        found.push(locked(string("name"), string("version"), development));
    }
    found
}

/// Go's checksums: the modules whose archives count, not only their `go.mod`.
fn go(text: &str) -> Vec<LockedPackage> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (name, version) = (words.next()?, words.next()?);
            (!version.ends_with("/go.mod")).then(|| locked(name, version, false))
        })
        .collect()
}

fn composer(text: &str) -> Vec<LockedPackage> {
    let lock: Value = serde_json::from_str(text).unwrap_or_default();
    let mut found = Vec::new();
    for (key, development) in [("packages", false), ("packages-dev", true)] {
        for entry in lock.get(key).and_then(Value::as_array).into_iter().flatten() {
            let string = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            if !string("name").is_empty() && !string("version").is_empty() {
                found.push(locked(string("name"), string("version"), development));
            }
        }
    }
    found
}

/// Bundler: four blanks, a name, its version in brackets.
fn bundler(text: &str) -> Vec<LockedPackage> {
    text.lines()
        .filter_map(|line| {
            let entry = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' '))?;
            let (name, version) = entry.split_once(" (")?;
            let version = version.strip_suffix(')')?;
            version.starts_with(|c: char| c.is_ascii_digit()).then(|| locked(name, version, false))
        })
        .collect()
}

/// Requirements with `==`, wildcards aside.
fn requirements(text: &str) -> Vec<LockedPackage> {
    text.lines()
        .filter_map(|line| {
            let line = line.split(" #").next().unwrap_or(line).trim();
            if line.starts_with(['#', '-']) {
                return None;
            }
            let (name, rest) = line.split_once("==")?;
            let version = rest.trim_start_matches('=').split([';', ' ', '\\', ',']).next()?.trim();
            let name = python::requirement(name)?;
            (!version.is_empty() && !version.contains('*')).then(|| locked(&name, version, false))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, text: &str) -> Vec<String> {
        let found = read(path, text).map(|lock| lock.packages).unwrap_or_default();
        let mark = |development| if development { " dev" } else { "" };
        found.iter().map(|one| format!("{} {}{}", one.name, one.version, mark(one.development))).collect()
    }

    #[test]
    fn every_kind() {
        let npm = r#"{"packages":{"":{"version":"1"},"node_modules/a":{"version":"1.0.0"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0","dev":true}}}"#;
        assert_eq!(shown("web/package-lock.json", npm), ["a 1.0.0", "@s/b 2.0.0 dev"]);
        let cargo = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"time\",\n]\n\n[[package]]\nname = \"time\"\nversion = \"0.3.36\"\nsource = \"registry\"\n";
        assert_eq!(shown("Cargo.lock", cargo), ["app 0.1.0", "time 0.3.36"]);
        let uv = "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\nsource = { editable = \".\" }\n\n[[package]]\nname = \"flask\"\nversion = \"3.0.0\"\n\n[package.metadata]\nversion = \"9\"\n";
        assert_eq!(shown("uv.lock", uv), ["flask 3.0.0"]);
        let poetry = "[[package]]\nname = \"pytest\"\nversion = \"8.0\"\ngroups = [\"dev\"]\n\n[metadata]\nlock-version = \"2.1\"\n";
        assert_eq!(shown("poetry.lock", poetry), ["pytest 8.0 dev"]);
        assert_eq!(
            shown("go.sum", "ex.org/a v1.0.0 h1:x=\nex.org/a v1.0.0/go.mod h1:y=\n"),
            ["ex.org/a v1.0.0"]
        );
        assert_eq!(
            shown(
                "requirements.txt",
                "# x\nFlask[async]==3.0.0 ; python_version > '3' \\\n    --hash=sha256:x\nrequests>=2\n"
            ),
            ["Flask 3.0.0"]
        );
        assert_eq!(
            shown("Gemfile.lock", "GEM\n  specs:\n    rack (3.0.8)\n      x (>= 1)\n"),
            ["rack 3.0.8"]
        );
        assert_eq!(read("requirements.txt", "requests\n"), None);
    }
}
