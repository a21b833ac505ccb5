//! Giving up privileges, in the one order that works.

use std::sync::Arc;

use crate::caps;
use crate::control;
use crate::plan::{Failure, Step};
use crate::seccomp::Programs;
use crate::sys;

/// What a process of a box may do.
#[derive(Debug, Clone)]
pub(crate) struct Privileges {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// `None` in a user namespace with one mapped id, where setgroups is denied.
    pub(crate) groups: Option<Vec<u32>>,
    /// The bounding set.
    pub(crate) bounding: u64,
    pub(crate) no_new_privileges: bool,
    pub(crate) programs: Arc<Programs>,
}

impl Privileges {
    /// Applies everything. Runs in the child, right before execve.
    ///
    /// Without no_new_privs the filters need CAP_SYS_ADMIN and must come first; with it they come last, so that
    /// what precedes is not filtered. The death signal comes after the credentials, whose change clears it.
    pub(crate) fn apply(&self, control: i32) -> Result<(), Failure> {
        if self.no_new_privileges {
            sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0).map_err(|e| Step::NoNewPrivileges.failed(e))?;
        } else {
            self.programs.install()?;
        }
        for bit in 0..=caps::LAST {
            if self.bounding >> bit & 1 == 0 {
                match sys::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(bit), 0) {
                    // The kernel knows no capability of this number, nor a higher one.
                    Err(libc::EINVAL) => break,
                    other => other.map_err(|e| Step::BoundingSet.failed(e))?,
                };
            }
        }
        if let Some(groups) = &self.groups {
            sys::setgroups(groups).map_err(|e| Step::Groups.failed(e))?;
        }
        sys::setresgid(self.gid).map_err(|e| Step::GroupId.failed(e))?;
        sys::prctl(libc::PR_SET_KEEPCAPS, 1, 0).map_err(|e| Step::Capabilities.failed(e))?;
        sys::setresuid(self.uid).map_err(|e| Step::UserId.failed(e))?;
        sys::prctl(libc::PR_SET_KEEPCAPS, 0, 0).map_err(|e| Step::Capabilities.failed(e))?;
        // Without ambient capabilities execve would take them from a user other than root anyway; they go now,
        // so that execve itself is judged by the user's own permissions.
        let keep = if self.uid == 0 { self.bounding } else { 0 };
        sys::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong, 0)
            .map_err(|e| Step::Capabilities.failed(e))?;
        sys::capset(keep).map_err(|e| Step::Capabilities.failed(e))?;
        sys::die_with_owner().map_err(|e| Step::ParentDeath.failed(e))?;
        if !control::owner_lives(control) {
            sys::exit(125);
        }
        if self.no_new_privileges {
            self.programs.install()?;
        }
        Ok(())
    }
}
