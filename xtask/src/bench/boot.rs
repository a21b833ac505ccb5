//! `boot`: how long a box takes to its first output and to its end, against a bare process and other runtimes.
//!
//! Everyone runs busybox' `echo` from the same tree: read-only root, user 1000, no capabilities, no network.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use seaworthy_sandbox::{CapSet, Rootfs, Runtime, Spec};
use serde_json::{Value, json};

use super::Bench;
use super::figures::{Field, Kind, Role, Sample, Table};
use super::peers::{MISSING, engine_answers, find};

/// What every box runs.
const ECHO: [&str; 2] = ["/bin/echo", "ahoy"];
/// The image the engine gets, removed at the end.
const IMAGE: &str = "seaworthy-bench:boot";

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let folder = bench.folder("boot")?;
    let rootfs = folder.join("rootfs");
    let busybox = find("busybox").context("no `busybox` to boot (a static one is needed)")?;
    std::fs::create_dir_all(rootfs.join("bin"))?;
    let echo = rootfs.join("bin/echo");
    std::fs::copy(busybox, &echo)?;

    let engine = find("docker").filter(|docker| engine_answers(docker));
    let mut field = Field::default();
    field.add("floor: fork and exec", Role::Floor, || {
        let mut command = Command::new(&echo);
        command.arg(ECHO[1]);
        timed(&mut command)
    });
    field.add("Seaworthy sandbox, one boot", Role::Own, || {
        let mut command = Command::new(std::env::current_exe()?);
        let out = command.arg("boot-once").arg(&rootfs).stdin(Stdio::null()).output()?;
        let times: Value = serde_json::from_slice(&out.stdout)
            .with_context(|| String::from_utf8_lossy(&out.stderr).trim().to_owned())?;
        let figure = |name: &str| times[name].as_f64().with_context(|| format!("no figure {name}"));
        Ok(vec![(Kind::First, figure("first")?), (Kind::Wall, figure("exit")?)])
    });
    field.add("Seaworthy sandbox, whole process", Role::Own, || {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("boot-once").arg(&rootfs).stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let status = command.status()?;
        anyhow::ensure!(status.success(), "the boot ended with {status}");
        Ok(vec![(Kind::Wall, begun.elapsed().as_secs_f64())])
    });
    match find("runc") {
        None => field.absent("runc run", Role::Peer, MISSING),
        Some(runc) => {
            let bundle = bundle(&folder, &rootfs, &runc)?;
            let state = folder.join("runc");
            let mut round = 0_u32;
            field.add("runc run", Role::Peer, move || {
                round += 1;
                let id = format!("seaworthy-bench-{}-{round}", std::process::id());
                let mut command = Command::new(&runc);
                command.arg("--root").arg(&state).args(["run", "--bundle"]).arg(&bundle).arg(id);
                timed(&mut command)
            });
        }
    }
    let title = "docker run --rm --network none";
    match (&engine, find("docker")) {
        (_, None) => field.absent(title, Role::Peer, MISSING),
        (None, Some(_)) => field.absent(title, Role::Peer, "not run: no engine answers at DOCKER_HOST"),
        (Some(docker), _) => match import(docker, &folder, &rootfs) {
            Err(error) => field.absent(title, Role::Peer, &format!("not run: {error:#}")),
            Ok(()) => field.add(title, Role::Peer, move || {
                let mut command = Command::new(docker);
                command.args(["run", "--rm", "--network", "none", "--read-only", "--user", "1000:1000"]);
                timed(command.args(["--cap-drop", "ALL", IMAGE]).args(ECHO))
            }),
        },
    }
    let rows = field.run(bench.rounds(20));
    if let Some(docker) = &engine {
        // A left-over image does no harm and is replaced by the next run.
        let _ = quiet(Command::new(docker).args(["rmi", "--force", IMAGE]));
    }
    Ok(vec![Table {
        bench: "boot",
        case: "`/bin/echo`, read-only root, user 1000, no capabilities, no network".to_owned(),
        note: "Budget: at most 1/8 of `docker run` to the first output. One boot is measured in the process, from the \
               call to what the box wrote and to its end; the whole process adds start-up, preparation and removal."
            .to_owned(),
        kinds: vec![Kind::First, Kind::Wall],
        rows,
    }])
}

/// `xtask boot-once ROOTFS`: boots once and prints the seconds to first output and end as JSON.
pub(crate) fn main(words: &[&str], out: &mut dyn Write) -> ExitCode {
    let [rootfs] = words else { return ExitCode::from(2) };
    match boot_once(Path::new(rootfs)) {
        Ok(line) if writeln!(out, "{line}").is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn boot_once(rootfs: &Path) -> anyhow::Result<Value> {
    let mut spec = Spec::new(Rootfs::directory(rootfs), ECHO);
    (spec.uid, spec.gid, spec.read_only, spec.capabilities) = (1000, 1000, true, CapSet::none());
    let runtime = Runtime::new(None)?;
    let begun = Instant::now();
    let running = runtime.boot(&spec)?;
    let ended = running.wait(Duration::from_mins(1))?.context("still running after 60 s")?;
    anyhow::ensure!(ended.code == Some(0), "the box ended with {:?}: {}", ended.code, running.logs().text());
    let first = running.logs().stdout.first().map(|chunk| chunk.at).context("the box wrote nothing")?;
    let seconds = |at: Instant| at.duration_since(begun).as_secs_f64();
    Ok(json!({ "first": seconds(first), "exit": seconds(ended.at) }))
}

/// Runs a command that writes something, and times its first byte and its end.
fn timed(command: &mut Command) -> anyhow::Result<Sample> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let mut stdout = child.stdout.take().context("no pipe")?;
    let mut byte = [0];
    let got = stdout.read(&mut byte)?;
    let first = begun.elapsed().as_secs_f64();
    let out = child.wait_with_output()?;
    let wall = begun.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&out.stderr);
    anyhow::ensure!(got == 1 && out.status.success(), "ended with {}: {}", out.status, said.trim());
    Ok(vec![(Kind::First, first), (Kind::Wall, wall)])
}

/// Writes a bundle for runc from its own template.
fn bundle(folder: &Path, rootfs: &Path, runc: &Path) -> anyhow::Result<PathBuf> {
    let bundle = folder.join("bundle");
    std::fs::create_dir_all(&bundle)?;
    let config = bundle.join("config.json");
    if config.exists() {
        std::fs::remove_file(&config)?;
    }
    quiet(Command::new(runc).args(["spec", "--bundle"]).arg(&bundle))?;
    let mut spec: Value = serde_json::from_slice(&std::fs::read(&config)?)?;
    spec["process"]["terminal"] = json!(false);
    spec["process"]["args"] = json!(ECHO);
    spec["process"]["user"] = json!({ "uid": 1000, "gid": 1000 });
    spec["process"]["capabilities"] = json!({});
    spec["root"] = json!({ "path": std::path::absolute(rootfs)?, "readonly": true });
    std::fs::write(&config, spec.to_string())?;
    Ok(bundle)
}

/// Gives the engine an image with the same tree.
fn import(docker: &Path, folder: &Path, rootfs: &Path) -> anyhow::Result<()> {
    let path = folder.join("rootfs.tar");
    let mut archive = tar::Builder::new(File::create(&path)?);
    archive.append_dir_all(".", rootfs)?;
    archive.into_inner()?.flush()?;
    quiet(Command::new(docker).arg("import").arg(&path).arg(IMAGE))
}

/// Runs a command whose output nobody reads.
fn quiet(command: &mut Command) -> anyhow::Result<()> {
    let out = command.stdin(Stdio::null()).output()?;
    anyhow::ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr).trim());
    Ok(())
}
