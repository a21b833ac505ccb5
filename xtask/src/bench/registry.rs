//! A registry of one's own on the loopback interface, with an empty store.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running registry; dropping it ends it and removes its store.
pub(crate) struct Registry {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Registry {
    /// Starts `docker-registry` with a fresh store under `folder`.
    pub(crate) fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        // The port is free when it is asked for; nobody else asks for one in the moment between.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let store = serde_json::to_string(&std::path::absolute(folder.join("store"))?)?;
        let config = format!(
            "version: 0.1\n\
             log: {{ level: error, accesslog: {{ disabled: true }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: {store} }}, delete: {{ enabled: true }} }}\n\
             http: {{ addr: \"127.0.0.1:{port}\" }}\n"
        );
        let file = folder.join("config.yml");
        std::fs::write(&file, config)?;
        let mut command = Command::new(program);
        command.arg("serve").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut registry = Self { child: command.spawn()?, folder: folder.to_owned(), port };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = registry.child.try_wait()? {
                anyhow::bail!("the registry ended with {status}");
            }
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(20), "the registry does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(registry)
    }

    /// A reference in it.
    pub(crate) fn reference(&self, repository: &str) -> String {
        format!("127.0.0.1:{}/{repository}:latest", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended already; what is left on disk is removed by the next start.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
