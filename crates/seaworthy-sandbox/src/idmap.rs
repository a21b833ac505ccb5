//! The one-entry identity maps of a rootless box.
//!
//! Without newuidmap an unprivileged process may map one id: its own. It becomes the box's user, so every file
//! of the image looks owned by that user and permission results are not faithful.

use std::ffi::CString;

use crate::error::Error;
use crate::plan::{Failure, Step, c_string};
use crate::sys;

/// What a child writes into its own `/proc/self/*_map` after CLONE_NEWUSER.
#[derive(Debug)]
pub(crate) struct Maps {
    uid: CString,
    gid: CString,
}

impl Maps {
    /// Maps the outer pair of ids to the inner one.
    pub(crate) fn single(inner: (u32, u32), outer: (u32, u32)) -> Result<Self, Error> {
        Ok(Self {
            uid: c_string(format!("{} {} 1", inner.0, outer.0), "map")?,
            gid: c_string(format!("{} {} 1", inner.1, outer.1), "map")?,
        })
    }

    /// Writes the maps. A process may map its own id from inside its new namespace, which works at any depth,
    /// where an owner two levels above may not. Runs in the child.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        sys::write_file(c"/proc/self/setgroups", b"deny").map_err(|e| Step::DenySetgroups.failed(e))?;
        sys::write_file(c"/proc/self/uid_map", self.uid.to_bytes()).map_err(|e| Step::UserMap.failed(e))?;
        sys::write_file(c"/proc/self/gid_map", self.gid.to_bytes()).map_err(|e| Step::GroupMap.failed(e))
    }
}
