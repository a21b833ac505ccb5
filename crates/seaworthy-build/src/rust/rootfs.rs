//! What lies in a packaged image beside the binary: accounts, certificates, `/tmp`, a home, and the policy's files.

use super::layer::LayerBuilder;
use crate::BuildError;
use seaworthy_finding::RustConfig;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path};

/// Where the CA bundle lies in the image: the place Debian, Alpine and every TLS library look at.
pub const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where systems keep their CA bundle (Go's `crypto/x509` looks at the same places).
const HOST_BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The account the service runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// Reads `uid:gid`. Names are refused: orchestrators can check only a numeric user for "not root".
    pub(super) fn parse(text: Option<&str>) -> Result<Self, BuildError> {
        let text = text.unwrap_or("65532:65532");
        let (uid, gid) = text.split_once(':').unwrap_or((text, text));
        match (uid.parse(), gid.parse()) {
            (Ok(uid), Ok(gid)) => Ok(Self { uid, gid }),
            _ => Err(BuildError::input(
                format!("`{text}` is no numeric user"),
                "write `rust.user` as \"uid:gid\" with numbers, such as \"65532:65532\"",
            )),
        }
    }

    /// The account's home.
    pub(super) fn home(self) -> &'static str {
        if self.uid == 0 { "/root" } else { "/home/app" }
    }
}

/// Fills the layer below the binary and returns what the reader should know.
pub(super) fn fill(
    layer: &mut LayerBuilder,
    project: &Path,
    rust: &RustConfig,
    user: User,
) -> Result<Vec<String>, BuildError> {
    let mut notes = Vec::new();
    let User { uid, gid } = user;
    let account = match uid {
        0 => String::new(),
        _ => format!("app:x:{uid}:{gid}:app:{}:/sbin/nologin\n", user.home()),
    };
    let accounts_group = if gid == 0 { String::new() } else { format!("app:x:{gid}:\n") };
    let passwd = format!("root:x:0:0:root:/root:/sbin/nologin\n{account}");
    let group = format!("root:x:0:\n{accounts_group}");
    layer.file("/etc/passwd", 0o644, passwd.into_bytes());
    layer.file("/etc/group", 0o644, group.into_bytes());
    layer.file("/etc/nsswitch.conf", 0o644, b"passwd: files\ngroup: files\nhosts: files dns\n".to_vec());
    layer.directory("/root", 0o700);
    layer.directory("/tmp", 0o1777);
    if user.uid != 0 {
        layer.owned_directory(user.home(), 0o750, (user.uid.into(), user.gid.into()));
    }
    if rust.ca_certificates != Some(false) {
        match HOST_BUNDLES.iter().find_map(|path| fs::read(path).ok().map(|bytes| (*path, bytes))) {
            Some((path, bytes)) => {
                notes.push(format!("the CA certificates are this machine's ({path}, {} bytes)", bytes.len()));
                layer.file(CA_BUNDLE, 0o644, bytes);
            }
            None => notes.push(
                "this machine has no CA bundle, so the image has none: TLS clients in it will trust nobody; install \
                 `ca-certificates`, or set `rust.ca-certificates = false` if that is meant"
                    .to_owned(),
            ),
        }
    }
    for (target, source) in &rust.files {
        add_file(layer, project, target, source)?;
    }
    Ok(notes)
}

/// Adds one entry of `rust.files`: a file, or a directory with everything below it.
fn add_file(layer: &mut LayerBuilder, project: &Path, target: &str, source: &str) -> Result<(), BuildError> {
    let clean =
        |path: &Path| path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !target.starts_with('/') || target.trim_matches('/').is_empty() || !clean(Path::new(target)) {
        return Err(BuildError::input(
            format!("`{target}` under `rust.files` is no absolute path in the image"),
            "the key is the path in the image, the value the path in the project",
        ));
    }
    let relative = Path::new(source);
    if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(BuildError::input(
            format!("`{source}` under `rust.files` leaves the project"),
            "name a file below the project's directory",
        ));
    }
    let path = project.join(relative);
    // A link could lead out of the project into the builder's home, so links are resolved and checked.
    let real = fs::canonicalize(&path).map_err(BuildError::io("read", &path))?;
    let root = fs::canonicalize(project).map_err(BuildError::io("read", project))?;
    if !real.starts_with(&root) {
        return Err(BuildError::input(
            format!("`{source}` under `rust.files` is a link out of the project"),
            "copy the file into the project",
        ));
    }
    add_tree(layer, &real, target.trim_end_matches('/'))
}

fn add_tree(layer: &mut LayerBuilder, path: &Path, target: &str) -> Result<(), BuildError> {
    let read = |path: &Path| BuildError::io("read", path.to_owned());
    let metadata = fs::symlink_metadata(path).map_err(read(path))?;
    if metadata.is_dir() {
        layer.directory(target, 0o755);
        for entry in fs::read_dir(path).map_err(read(path))? {
            let entry = entry.map_err(read(path))?;
            let name = entry.file_name().into_string().map_err(|name| {
                BuildError::input(
                    format!("the name of {} is no UTF-8", path.join(name).display()),
                    "rename the file",
                )
            })?;
            add_tree(layer, &entry.path(), &format!("{target}/{name}"))?;
        }
        return Ok(());
    }
    if !metadata.is_file() {
        return Err(BuildError::input(
            format!("{} is neither a file nor a directory", path.display()),
            "put plain files under `rust.files`",
        ));
    }
    // Of the mode only the owner's execute bit counts: it is all that git keeps, and the umask changes the rest.
    let mode = if metadata.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 };
    let bytes = fs::read(path).map_err(read(path))?;
    layer.file(target, mode, bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_numbers() {
        assert_eq!(User::parse(None).unwrap(), User { uid: 65532, gid: 65532 });
        assert_eq!(User::parse(Some("1000")).unwrap(), User { uid: 1000, gid: 1000 });
        assert!(User::parse(Some("app")).is_err());
    }

    #[test]
    fn files_stay_inside_the_project_and_the_image() {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", directory.path().join("link")).unwrap();
        fs::write(directory.path().join("ok"), "x").unwrap();
        let mut layer = LayerBuilder::default();
        let mut add = |target, source| add_file(&mut layer, directory.path(), target, source);
        assert!(add("/a", "../x").is_err());
        assert!(add("/a", "link").unwrap_err().to_string().contains("link out of the project"));
        assert!(add("/../a", "ok").is_err());
        assert!(add("a", "ok").is_err());
        add("/a/b", "ok").unwrap();
        assert!(layer.has("/a/b"));
    }
}
