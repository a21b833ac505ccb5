//! The Rust crate at the root, from `Cargo.toml`.

use seaworthy_facts::RustCrate;
use std::collections::BTreeSet;

/// Reads a manifest; nothing where it has no package. `main` says whether `src/main.rs` exists, `bins` the file stems
/// of `src/bin`.
pub(crate) fn read(text: &str, main: bool, bins: &[String]) -> Option<RustCrate> {
    let table: toml::Table = text.parse().ok()?;
    let package = table.get("package")?.as_table()?;
    // A value inherited from the workspace is looked up in the same file, which may be both.
    let inherited = table.get("workspace").and_then(|workspace| workspace.get("package"));
    let field = |name: &str| {
        let value = package.get(name)?;
        let value = if value.is_table() { inherited?.get(name)? } else { value };
        value.as_str().map(str::to_owned)
    };
    let name = field("name")?;
    let mut targets = BTreeSet::new();
    for bin in table.get("bin").and_then(toml::Value::as_array).into_iter().flatten() {
        targets.extend(bin.get("name").and_then(toml::Value::as_str).map(str::to_owned));
    }
    if main && table.get("bin").is_none() {
        targets.insert(name.clone());
    }
    targets.extend(bins.iter().cloned());
    Some(RustCrate {
        version: field("version").unwrap_or_default(),
        description: field("description"),
        license: field("license"),
        repository: field("repository"),
        bins: targets.into_iter().collect(),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_and_its_binaries_are_read() {
        let text = "[package]\nname = \"api\"\nversion = \"1.2.3\"\nlicense.workspace = true\n[workspace.package]\nlicense = \"MIT\"\n";
        let known = read(text, true, &["tool".to_owned()]).unwrap();
        assert_eq!(known.bins, ["api", "tool"]);
        assert_eq!(known.license.as_deref(), Some("MIT"));
        assert_eq!(read("[workspace]\n", true, &[]), None);
    }
}
