//! `seaworthy doctor`: what this machine can do, and what killed runs left.

use crate::cli::{DoctorArgs, Global};
use crate::failure::Failure;
use crate::shell::Shell;
use crate::{remote, workdir};
use seaworthy_finding::ExitCode;
use seaworthy_sandbox::{Mode, Runtime};
use std::fmt::Write as _;

/// Programs that some commands run, and what for; none is needed by all.
const PROGRAMS: [(&str, &str); 4] = [
    ("cargo", "needed to package a Rust crate"),
    ("git", "needed for the commit in labels, and to know whether the tree is clean"),
    ("docker-buildx", "needed only to build a Dockerfile with `--engine docker`"),
    ("cosign", "never needed: Seaworthy signs and verifies by itself"),
];

/// Reports on the machine, names leftovers, and removes them with `--clean`.
pub(crate) fn exec(shell: &Shell, _global: &Global, args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    let mut line = |mark: char, name: &str, detail: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {mark} {name:<22} {detail}");
    };
    let mark = |works: bool| if works { '✓' } else { '✗' };
    let runtime = Runtime::new(None);
    match &runtime {
        Ok(runtime) => {
            let host = runtime.capabilities_of_host();
            line('✓', "kernel", &host.kernel);
            for ability in &host.abilities {
                line(mark(ability.works), ability.name, &ability.detail);
                if let Some(remedy) = remedy(ability.name).filter(|_| !ability.works) {
                    line(' ', "", remedy);
                }
            }
            line(mark(host.mode == Mode::Root), "faithful owners", owners(&host.mode));
        }
        Err(error) => line('✗', "sandbox", &format!("failed to {error}")),
    }
    for (program, purpose) in PROGRAMS {
        match find_program(program) {
            Some(path) => line('✓', program, &path.display().to_string()),
            None => line('–', program, &format!("not on PATH; {purpose}")),
        }
    }
    match remote::engine_version() {
        Ok(version) => line('✓', "Docker Engine", &version),
        Err(why) => line('–', "Docker Engine", &format!("{why}; needed only for `--engine docker`")),
    }
    let (leftovers, failed) = leftovers(&mut text, runtime.as_ref().ok(), args.clean);
    shell.out(&text)?;
    if leftovers > 0 && !args.clean {
        shell.note("`seaworthy doctor --clean` removes what killed runs left");
    }
    Ok(if failed || (leftovers > 0 && !args.clean) { ExitCode::Findings } else { ExitCode::Clean })
}

/// Names, and removes when asked, what killed runs left; gives how many there were and whether one stayed.
fn leftovers(text: &mut String, runtime: Option<&Runtime>, clean: bool) -> (usize, bool) {
    let mut found = 0;
    let mut failed = false;
    let _ = writeln!(text, "\nleft by killed runs");
    if let Some(runtime) = runtime {
        for leftover in runtime.leftovers() {
            found += 1;
            let _ = writeln!(text, "  {}", leftover.describe());
        }
    }
    let dirs = workdir::leftovers();
    for dir in &dirs {
        found += 1;
        let _ = writeln!(text, "  directory {} of process {}, which is gone", dir.path.display(), dir.owner);
    }
    let containers = remote::leftovers();
    for container in &containers {
        found += 1;
        let _ = writeln!(text, "  {container}");
    }
    if found == 0 {
        let _ = writeln!(text, "  nothing");
        return (0, false);
    }
    if clean {
        if let Some(runtime) = runtime {
            for result in runtime.clean() {
                for done in &result.done {
                    let _ = writeln!(text, "  removed: {done}");
                }
                for why in &result.failed {
                    failed = true;
                    let _ = writeln!(text, "  not removed: {why}");
                }
            }
        }
        for dir in &dirs {
            match workdir::clean(dir) {
                Ok(()) => {
                    let _ = writeln!(text, "  removed: {}", dir.path.display());
                }
                Err(error) => {
                    failed = true;
                    let _ = writeln!(text, "  not removed: {}: {error}", dir.path.display());
                }
            }
        }
        for (what, result) in remote::clean() {
            match result {
                Ok(()) => {
                    let _ = writeln!(text, "  removed: {what}");
                }
                Err(why) => {
                    failed = true;
                    let _ = writeln!(text, "  not removed: {what}: {why}");
                }
            }
        }
    }
    (found, failed)
}

/// What to do where the sandbox lacks something.
fn remedy(ability: &str) -> Option<&'static str> {
    Some(match ability {
        "namespaces" => {
            "run as root, or allow user namespaces: `sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000`; in a container `--privileged`; or use `test --engine docker`"
        }
        "overlay" => "needs Linux 5.11 without root, and the module `overlay`: `modprobe overlay`",
        "seccomp" => "needs a kernel with CONFIG_SECCOMP_FILTER",
        "memory limit" | "process limit" => {
            "boots run without it, and what it would show is not seen; run as root, or in a session with delegated groups: `systemd-run --user --scope --property Delegate=yes seaworthy test …`"
        }
        _ => return None,
    })
}

/// Whether files belong to whom the image says.
fn owners(mode: &Mode) -> &'static str {
    match mode {
        Mode::Root => "files of an image belong to whom it says",
        Mode::Rootless => {
            "one mapped id: every file belongs to the service's user; run as root for faithful results"
        }
        Mode::Unavailable { .. } => "needs namespaces",
    }
}

/// The first executable of that name on `PATH`.
fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}
