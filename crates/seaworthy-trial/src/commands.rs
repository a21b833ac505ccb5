//! The commands of structure tests, each on a fresh writable layer over the image, in the embedded sandbox.
//!
//! A box is as Docker Engine makes one by default: root unless image or file say otherwise, Docker's capabilities and system
//! call filter, setuid programs that work. The network is the loopback interface alone. There is no way to run a command
//! anywhere else.

use seaworthy_oci::ContainerConfig;
use seaworthy_sandbox::{Bind, Error, ErrorKind, Exit, Rootfs, Running, Runtime, Spec, Tmpfs};
use seaworthy_structure::{Answer, Commands, Request, Run};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Processes and threads of a box at most: far more than a test needs, and few enough for this machine.
const MOST_PROCESSES: u32 = 4096;
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs commands over an unpacked image.
pub struct SandboxCommands<'a> {
    runtime: &'a Runtime,
    rootfs: PathBuf,
    accounts: Accounts,
    /// Volumes of the image that it has no directory for.
    volumes: Vec<String>,
    limit: Duration,
}

impl<'a> SandboxCommands<'a> {
    /// Commands over an image unpacked in a directory. `passwd` and `group` are the contents of its files; `limit` is the
    /// longest time of one command.
    pub fn new(
        runtime: &'a Runtime,
        rootfs: &Path,
        config: &ContainerConfig,
        passwd: &str,
        group: &str,
        limit: Duration,
    ) -> Self {
        let missing = |path: &&String| {
            path.starts_with('/')
                && std::fs::symlink_metadata(rootfs.join(path.trim_start_matches('/'))).is_err()
        };
        Self {
            runtime,
            rootfs: rootfs.to_owned(),
            accounts: Accounts::read(passwd, group),
            volumes: config.volumes.keys().filter(missing).cloned().collect(),
            limit,
        }
    }

    fn spec(&self, run: &Run, request: &Request<'_>, lowers: &[PathBuf]) -> Result<Spec, String> {
        let account = self.accounts.resolve(request.user)?;
        let mut spec = Spec::new(Rootfs { lowers: lowers.to_vec() }, run.argv.iter().cloned());
        spec.env.clone_from(&run.env);
        for (name, value) in [
            ("PATH", DEFAULT_PATH),
            ("HOSTNAME", spec.hostname.clone().as_str()),
            ("HOME", account.home.as_str()),
        ] {
            if !spec.env.iter().any(|(known, _)| known == name) {
                spec.env.push((name.to_owned(), value.to_owned()));
            }
        }
        spec.cwd = PathBuf::from(request.cwd);
        (spec.uid, spec.gid, spec.groups) = (account.uid, account.gid, account.groups);
        for name in &request.capabilities {
            spec.capabilities =
                spec.capabilities.with(name).map_err(|_| format!("`{name}` is no capability"))?;
        }
        spec.tmpfs = self
            .volumes
            .iter()
            .map(|path| Tmpfs { mode: 0o755, noexec: false, nosuid: false, ..Tmpfs::new(path) })
            .collect();
        spec.binds = request.binds.iter().map(|text| bind(text)).collect::<Result<_, _>>()?;
        spec.pids = Some(MOST_PROCESSES);
        Ok(spec)
    }

    /// Runs one command to its end, or to the end of its time.
    fn one(&self, run: &Run, request: &Request<'_>, lowers: &[PathBuf]) -> Result<(Running, Exit), Stop> {
        let spec = self.spec(run, request, lowers).map_err(|why| Stop::failed(why, ""))?;
        let running = self.runtime.boot(&spec).map_err(|error| stop(&error, run))?;
        match running.wait(self.limit) {
            Ok(Some(exit)) => Ok((running, exit)),
            Ok(None) => {
                let logs = running.logs();
                let why = format!("`{}` did not end within {}", shown(run), seconds(self.limit));
                Err(Stop::Failed {
                    why,
                    help: "a test is not for what runs until it is stopped; `--command-timeout` waits longer"
                        .to_owned(),
                    stdout: logs.stdout_text().into_bytes(),
                    stderr: logs.stderr_text().into_bytes(),
                })
            }
            Err(error) => Err(stop(&error, run)),
        }
    }

    fn all(&self, request: &Request<'_>) -> Result<Answer, Stop> {
        let begun = Instant::now();
        let mut lowers = vec![self.rootfs.clone()];
        let mut held = Vec::new();
        for run in &request.setup {
            let (running, _) = self.one(run, request, &lowers).map_err(|stop| stop.within("setup"))?;
            // As with an image that was committed: the next box stands on what this one wrote.
            let Some(upper) = running.upper_directory() else {
                return Err(Stop::NotRun(
                    "what a setup command writes cannot be kept: the sandbox's state directory is on a file system that \
                     overlayfs cannot use; set XDG_RUNTIME_DIR to one on a disk or in memory"
                        .to_owned(),
                ));
            };
            lowers.push(upper);
            held.push(running);
        }
        let (running, exit) = self.one(&request.command, request, &lowers)?;
        let logs = running.logs();
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut notes: Vec<String> = running.unapplied().to_vec();
        if running.reduced_fidelity() {
            notes.push("without root every file looks owned by the command's user".to_owned());
        }
        if exit.oom_killed {
            notes.push("it was killed for want of memory".to_owned());
        }
        if logs.truncated {
            notes.push("it wrote more than 8 MiB, and what came later was not looked at".to_owned());
        }
        let (stdout, stderr) = (logs.stdout_text().into_bytes(), logs.stderr_text().into_bytes());
        if asks_for_network(&stderr) || asks_for_network(&stdout) {
            notes.push("commands have no network here".to_owned());
        }
        if let Some(upper) = running.upper_directory().filter(|_| !request.teardown.is_empty()) {
            lowers.push(upper);
            for run in &request.teardown {
                // Nothing is left to tear down: the layer is thrown away. What the command cannot do is worth knowing.
                if let Err(Stop::Failed { why, .. }) = self.one(run, request, &lowers) {
                    notes.push(format!("teardown: {why}"));
                }
            }
        }
        drop(held);
        let code = exit.code.unwrap_or_else(|| 128 + exit.signal.unwrap_or_default());
        Ok(Answer::Ended { code: i64::from(code), stdout, stderr, ms, notes })
    }
}

impl Commands for SandboxCommands<'_> {
    fn run(&self, request: &Request<'_>) -> Answer {
        let begun = Instant::now();
        match self.all(request) {
            Ok(answer) => answer,
            Err(Stop::NotRun(why)) => Answer::NotRun(why),
            Err(Stop::Failed { why, help, stdout, stderr }) => {
                let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                Answer::Failed { why, help, stdout, stderr, ms }
            }
        }
    }
}

/// Why a command did not end by itself.
enum Stop {
    Failed { why: String, help: String, stdout: Vec<u8>, stderr: Vec<u8> },
    NotRun(String),
}

impl Stop {
    fn failed(why: String, help: &str) -> Self {
        Self::Failed { why, help: help.to_owned(), stdout: Vec::new(), stderr: Vec::new() }
    }

    fn within(self, what: &str) -> Self {
        match self {
            Self::Failed { why, help, stdout, stderr } => {
                Self::Failed { why: format!("{what}: {why}"), help, stdout, stderr }
            }
            other @ Self::NotRun(_) => other,
        }
    }
}

/// The sandbox's error: the image's fault where its program cannot be executed, else this machine's.
fn stop(error: &Error, run: &Run) -> Stop {
    let mut text = format!("failed to {error}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotExecutable => {
            let spaces = run.argv.first().is_some_and(|program| program.contains(' '));
            let help =
                if spaces { "the program is the first word alone; the others are its arguments" } else { "" };
            Stop::failed(text, help)
        }
        ErrorKind::Invalid => Stop::failed(text, ""),
        _ => Stop::NotRun(text),
    }
}

/// A command in one line.
fn shown(run: &Run) -> String {
    const MOST: usize = 80;
    let text = run.argv.join(" ").replace('\n', " ");
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn seconds(limit: Duration) -> String {
    if limit.subsec_millis() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}

/// Whether an output says that a network is missing.
fn asks_for_network(output: &[u8]) -> bool {
    const SIGNS: [&str; 5] = [
        "Temporary failure in name resolution",
        "Temporary failure resolving",
        "Could not resolve host",
        "Network is unreachable",
        "bad address",
    ];
    let text = String::from_utf8_lossy(output);
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// `SOURCE:TARGET[:ro]`, as `docker run --volume` takes it.
fn bind(text: &str) -> Result<Bind, String> {
    let mut parts = text.split(':');
    let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !source.starts_with('/') || !target.starts_with('/') {
        return Err(format!("`{text}` is no bind mount: write `/SOURCE:/TARGET`, both absolute"));
    }
    if !Path::new(source).exists() {
        return Err(format!("`{source}` does not exist on this machine"));
    }
    let read_only = parts.next().is_some_and(|options| options.split(',').any(|option| option == "ro"));
    Ok(Bind { source: source.into(), target: target.into(), read_only })
}

/// Users and groups of the image.
struct Accounts {
    users: Vec<(String, u32, u32, String)>,
    groups: Vec<(String, u32, Vec<String>)>,
}

/// A user as a process has it.
struct Account {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    home: String,
}

impl Accounts {
    fn read(passwd: &str, group: &str) -> Self {
        let users = passwd.lines().filter_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?.to_owned();
            let uid = parts.nth(1)?.trim().parse().ok()?;
            let gid = parts.next()?.trim().parse().ok()?;
            Some((name, uid, gid, parts.nth(1).unwrap_or_default().to_owned()))
        });
        let groups = group.lines().filter_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?.to_owned();
            let gid = parts.nth(1)?.trim().parse().ok()?;
            let members = parts.next().unwrap_or_default().split(',').filter(|member| !member.is_empty());
            Some((name, gid, members.map(str::to_owned).collect()))
        });
        Self { users: users.collect(), groups: groups.collect() }
    }

    /// `USER[:GROUP]`, by name or number, as Docker Engine resolves it.
    fn resolve(&self, text: &str) -> Result<Account, String> {
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let user = if user.is_empty() { "0" } else { user };
        let number = user.parse::<u32>().ok();
        let known = self.users.iter().find(|(name, uid, ..)| name == user || Some(*uid) == number);
        let (uid, primary, home, name) = match (known, number) {
            (Some((name, uid, gid, home)), _) => (*uid, *gid, home.clone(), name.as_str()),
            (None, Some(uid)) => (uid, 0, "/".to_owned(), ""),
            (None, None) => return Err(format!("user `{user}` is not in the image's /etc/passwd")),
        };
        let given = group.filter(|group| !group.is_empty());
        let gid = match given {
            None => primary,
            Some(group) => {
                let known = self.groups.iter().find(|(name, ..)| name == group).map(|(_, gid, _)| *gid);
                known
                    .or_else(|| group.parse().ok())
                    .ok_or_else(|| format!("group `{group}` is not in the image's /etc/group"))?
            }
        };
        // The first group is among the further ones, too (moby, `getUser`).
        let mut groups = vec![gid];
        if given.is_none() {
            let member = |members: &[String]| members.iter().any(|member| member == name);
            groups.extend(
                self.groups.iter().filter(|(_, id, members)| *id != gid && member(members)).map(|one| one.1),
            );
        }
        let home = if home.is_empty() { "/".to_owned() } else { home };
        Ok(Account { uid, gid, groups, home })
    }
}

/// Nothing is ever run: for files whose tests need no command, and for machines without a sandbox.
pub struct NoCommands(
    /// Why.
    pub String,
);

impl Commands for NoCommands {
    fn run(&self, _: &Request<'_>) -> Answer {
        Answer::NotRun(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_resolved_as_by_the_engine() {
        let accounts = Accounts::read(
            "root:x:0:0:root:/root:/bin/sh\napp:x:1000:100::/home/app:\n",
            "root:x:0:\nusers:x:100:\naudio:x:29:app,other\n",
        );
        let ids = |text: &str| accounts.resolve(text).map(|one| (one.uid, one.gid, one.groups, one.home));
        assert_eq!(ids(""), Ok((0, 0, vec![0], "/root".to_owned())));
        assert_eq!(ids("app"), Ok((1000, 100, vec![100, 29], "/home/app".to_owned())));
        assert_eq!(ids("1000:audio"), Ok((1000, 29, vec![29], "/home/app".to_owned())));
        assert_eq!(ids("4711"), Ok((4711, 0, vec![0], "/".to_owned())));
        assert!(ids("nobody").is_err() && ids("app:none").is_err());
    }

    #[test]
    fn bind_mounts_are_absolute_and_exist() {
        assert!(bind("/:/host:ro").is_ok_and(|bind| bind.read_only));
        assert!(bind("data:/x").is_err() && bind("/no/such/directory:/x").is_err() && bind("/").is_err());
    }
}
