//! The runtime: what this machine allows, and where boxes keep their state.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::cgroup::Groups;
use crate::doctor::{self, HostReport};
use crate::error::Error;
use crate::leftovers::{self, CleanResult, Leftover};
use crate::running::{Live, Running, lock};
use crate::spec::Spec;
use crate::state::{self, Identity};
use crate::{boot, guard, registry};

/// With which powers boxes are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// As root of this machine or container: every id works.
    Root,
    /// In a user namespace with one mapped id: reduced fidelity.
    Rootless,
    /// Not at all.
    Unavailable {
        /// What was tried and what the kernel answered.
        reason: String,
    },
}

/// Boots boxes and knows what earlier ones left behind.
#[derive(Debug, Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

/// The way to the cleaning thread, and the thread itself.
type Janitor = (Sender<Arc<Live>>, JoinHandle<()>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) mode: Mode,
    pub(crate) state: PathBuf,
    pub(crate) owner: Identity,
    pub(crate) boot_id: String,
    pub(crate) groups: Groups,
    janitor: Mutex<Option<Janitor>>,
}

impl Runtime {
    /// Finds out what this machine allows. The state directory is `$XDG_RUNTIME_DIR/seaworthy-<uid>`,
    /// `/run/seaworthy-<uid>` or the same in the temporary directory, unless one is given.
    ///
    /// # Errors
    /// When no state directory can be made. Missing namespaces are no error here: see [`Runtime::mode`].
    pub fn new(state_dir: Option<PathBuf>) -> Result<Self, Error> {
        let own = std::process::id().cast_signed();
        let owner = Identity::of(own).ok_or_else(|| Error::Unavailable {
            reason: "`/proc` is not mounted, or shows other processes than these".to_owned(),
        })?;
        let mode = doctor::probe_mode();
        if !matches!(mode, Mode::Unavailable { .. }) {
            guard::start();
        }
        Ok(Self {
            inner: Arc::new(Inner {
                mode,
                state: state::find(state_dir)?,
                owner,
                boot_id: state::boot_id(),
                groups: Groups::find(),
                janitor: Mutex::default(),
            }),
        })
    }

    /// With which powers boxes are made.
    pub fn mode(&self) -> &Mode {
        &self.inner.mode
    }

    /// The directory in which every live box leaves its record.
    pub fn state_dir(&self) -> &Path {
        &self.inner.state
    }

    /// Boots a box and returns once its program is executed.
    ///
    /// # Errors
    /// [`Error::Exec`] when the image's program cannot be executed; otherwise the step that failed.
    pub fn boot(&self, spec: &Spec) -> Result<Running, Error> {
        boot::boot(&self.inner, spec)
    }

    /// Boxes whose owner is gone, with what is left of each.
    pub fn leftovers(&self) -> Vec<Leftover> {
        leftovers::find(&self.inner.state, &self.inner.boot_id)
    }

    /// Removes what [`Runtime::leftovers`] names: kills only recorded processes whose start time still matches,
    /// and removes only groups made for a box and directories of the state directory.
    pub fn clean(&self) -> Vec<CleanResult> {
        self.leftovers().into_iter().map(leftovers::clean).collect()
    }

    /// What this machine can do, for `doctor`.
    pub fn capabilities_of_host(&self) -> HostReport {
        doctor::report(&self.inner)
    }

    /// Kills and cleans every box of this process, whoever owns it, and returns how many there were. For a
    /// signal-handling *thread*, not for a signal handler.
    pub fn kill_all() -> usize {
        registry::kill_all()
    }

    /// Like [`Runtime::kill_all`], and every later boot fails with [`Error::Stopping`].
    pub fn shut_down() -> usize {
        registry::stop();
        registry::kill_all()
    }
}

impl Inner {
    /// Hands a dead box to the thread that removes its groups and directory, off the critical path.
    pub(crate) fn clean_later(&self, live: Arc<Live>) {
        let mut janitor = lock(&self.janitor);
        if janitor.is_none() {
            let (sender, boxes) = channel::<Arc<Live>>();
            let thread = std::thread::Builder::new().name("sandbox-janitor".to_owned()).spawn(move || {
                for live in boxes {
                    live.clean();
                    registry::remove(&live);
                }
            });
            *janitor = thread.ok().map(|thread| (sender, thread));
        }
        let left = match janitor.as_ref().map(|(sender, _)| sender.send(Arc::clone(&live))) {
            Some(Ok(())) => return,
            Some(Err(unsent)) => unsent.0,
            None => live,
        };
        left.clean();
        registry::remove(&left);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some((sender, thread)) = lock(&self.janitor).take() {
            drop(sender);
            let _ = thread.join();
        }
        state::tidy(&self.state);
    }
}
