//! The images of kind `structure-tests`: a Debian base, and what the folder's small Dockerfiles put on it.
//!
//! No engine is needed: `RUN` runs in the embedded sandbox, whose upper directory becomes a layer; the rest is configuration.
//! The base is `../../standins/make-base.sh` of the folder, which needs mmdebstrap, unless `SEAWORTHY_STRUCTURE_BASE` names
//! a tar of a root file system.

use anyhow::{Context as _, bail, ensure};
use seaworthy_dockerfile::scope::Scope;
use seaworthy_dockerfile::{Command as Shell, Kind, parse};
use seaworthy_oci::{ContainerConfig, media_type};
use seaworthy_sandbox::{Rootfs, Running, Runtime, Spec};
use seaworthy_store::Layout;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where images are made, as long as it lives.
pub(crate) struct Images {
    dockerfiles: PathBuf,
    work: tempfile::TempDir,
    base: PathBuf,
    root: PathBuf,
}

/// An image on the way: its layers as tars and as trees.
struct Stage {
    layers: Vec<PathBuf>,
    trees: Vec<PathBuf>,
    /// The boxes whose upper directories are among the trees.
    boxes: Vec<Running>,
    config: ContainerConfig,
}

impl Images {
    /// Makes the base.
    pub(crate) fn new(dir: &Path) -> anyhow::Result<Self> {
        let work = tempfile::tempdir()?;
        let base = match std::env::var_os("SEAWORTHY_STRUCTURE_BASE") {
            Some(file) => PathBuf::from(file),
            None => {
                let script = std::fs::canonicalize(dir)?.join("../../standins/make-base.sh");
                ensure!(
                    script.is_file(),
                    "no base image: {} is missing; name one by SEAWORTHY_STRUCTURE_BASE",
                    script.display()
                );
                let base = work.path().join("base.tar");
                run(Command::new(&script).arg(&base)).context("make the base image")?;
                base
            }
        };
        let root = work.path().join("base");
        std::fs::create_dir(&root)?;
        run(Command::new("tar").args(["--numeric-owner", "-xpf"]).arg(&base).arg("-C").arg(&root))
            .context("unpack the base image")?;
        // The recipe's purge of perl leaves the directory of its licence behind, which the image of the recorded results
        // did not have.
        for entry in std::fs::read_dir(root.join("usr/share/doc")).into_iter().flatten().flatten() {
            // Only what is empty can be removed this way.
            let _ = std::fs::remove_dir(entry.path());
        }
        let base = work.path().join("tidy.tar");
        run(Command::new("tar").args(["--numeric-owner", "-cf"]).arg(&base).arg("-C").arg(&root).arg("."))
            .context("pack the base image")?;
        std::fs::write(work.path().join("hostfile"), "HOSTSECRET\n")?;
        Ok(Self { dockerfiles: dir.join("images"), work, base, root })
    }

    /// The OCI layout of an image, made by `images/NAME.Dockerfile`.
    pub(crate) fn layout(&self, name: &str) -> anyhow::Result<PathBuf> {
        let runtime = Runtime::new(None)?;
        let stage = self.stage(&runtime, name)?;
        let path = self.work.path().join(format!("{name}.oci"));
        let layout = Layout::create(&path)?;
        let mut layers = Vec::new();
        for layer in &stage.layers {
            layers.push(layout.put_reader(media_type::LAYER_TAR, std::fs::File::open(layer)?)?);
        }
        let diff_ids: Vec<String> = layers.iter().map(|layer| layer.digest.to_string()).collect();
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": stage.config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let config = layout.put(media_type::CONFIG, &serde_json::to_vec(&config)?)?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::MANIFEST, "config": config, "layers": layers,
        });
        let manifest = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest)?)?;
        layout.set_ref("latest", manifest)?;
        drop(stage.boxes);
        Ok(path)
    }

    fn stage(&self, runtime: &Runtime, name: &str) -> anyhow::Result<Stage> {
        let file = self.dockerfiles.join(format!("{name}.Dockerfile"));
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let (dockerfile, errors) = parse(&text);
        ensure!(errors.is_empty(), "{}: {errors:?}", file.display());
        let host_file = self.work.path().join("hostfile").display().to_string();
        let arguments = |name: &str| (name == "HOSTFILE").then(|| host_file.clone());
        let globals = seaworthy_dockerfile::scope::global_args(&dockerfile, &arguments);
        let mut scope = Scope { args: globals.clone(), ..Scope::default() };
        let mut stage = None;
        for item in &dockerfile.instructions {
            if let Kind::From { image, .. } = &item.kind {
                let base = scope.expand(image);
                let found = match base.strip_prefix("structure-tests/") {
                    Some(base) => self.stage(runtime, base)?,
                    None => Stage {
                        layers: vec![self.base.clone()],
                        trees: vec![self.root.clone()],
                        boxes: Vec::new(),
                        config: ContainerConfig {
                            env: vec![format!("PATH={PATH}")],
                            cmd: vec!["bash".to_owned()],
                            ..ContainerConfig::default()
                        },
                    },
                };
                stage = Some(found);
                scope = Scope::default();
                continue;
            }
            let Some(stage) = &mut stage else { continue };
            scope.apply(item, &globals, &arguments);
            self.instruction(runtime, stage, &scope, &item.kind)
                .with_context(|| format!("{}: {}", file.display(), item.span.of(&text)))?;
        }
        stage.with_context(|| format!("{} has no FROM", file.display()))
    }

    fn instruction(
        &self,
        runtime: &Runtime,
        stage: &mut Stage,
        scope: &Scope,
        kind: &Kind,
    ) -> anyhow::Result<()> {
        let expanded = |word| scope.expand(word);
        let config = &mut stage.config;
        match kind {
            Kind::Arg { .. } | Kind::Healthcheck(_) => {}
            Kind::Env { pairs, .. } => {
                for pair in pairs {
                    let name = expanded(&pair.key);
                    config.env.retain(|known| known.split('=').next() != Some(name.as_str()));
                    config.env.push(format!("{name}={}", expanded(&pair.value)));
                }
            }
            Kind::Label { pairs, .. } => {
                config.labels.extend(pairs.iter().map(|pair| (expanded(&pair.key), expanded(&pair.value))));
            }
            Kind::Expose { ports } => {
                for port in ports.iter().map(expanded) {
                    let (range, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
                    let (from, to) = range.split_once('-').unwrap_or((range, range));
                    for number in from.parse::<u16>()?..=to.parse::<u16>()? {
                        config.exposed_ports.insert(format!("{number}/{protocol}"), json!({}));
                    }
                }
            }
            Kind::Cmd(Shell::Exec(words)) => config.cmd = words.iter().map(|word| word.raw.clone()).collect(),
            Kind::Stopsignal(word) => config.stop_signal = Some(expanded(word)),
            Kind::Run(Shell::Shell { script, .. }) => self.run(runtime, stage, scope, script)?,
            other => bail!("not known here: {other:?}"),
        }
        Ok(())
    }

    /// Runs a script over the trees; what it writes is the next layer.
    fn run(&self, runtime: &Runtime, stage: &mut Stage, scope: &Scope, script: &str) -> anyhow::Result<()> {
        let mut spec = Spec::new(Rootfs { lowers: stage.trees.clone() }, ["/bin/sh", "-c", script]);
        for name in scope.args.names() {
            spec.env.extend(scope.args.get(name).map(|value| (name.to_owned(), value.to_owned())));
        }
        let running = runtime.boot(&spec)?;
        let exit = running.wait(Duration::from_mins(2))?;
        ensure!(exit.is_some_and(|exit| exit.code == Some(0)), "{exit:?}: {}", running.logs().stderr_text());
        let upper = running.upper_directory().context("the sandbox keeps what is written in memory")?;
        let layer = self.work.path().join(format!("layer-{}-{}.tar", stage.layers.len(), running.pid()));
        let mut builder = tar::Builder::new(std::fs::File::create(&layer)?);
        builder.follow_symlinks(false);
        builder.append_dir_all("", &upper)?;
        builder.finish()?;
        stage.layers.push(layer);
        stage.trees.push(upper);
        stage.boxes.push(running);
        Ok(())
    }
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a program of this machine to its end.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let end = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().rev().take(3).map(str::to_owned).collect::<Vec<_>>().join("; ")
    };
    ensure!(output.status.success(), "{command:?}: {}: {}", output.status, Value::from(end(&output.stderr)));
    Ok(())
}
