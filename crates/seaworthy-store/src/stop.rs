//! Stopping in the middle: an interrupted program unwinds instead of finishing a long copy.

use crate::StoreError;
use std::sync::atomic::{AtomicBool, Ordering};

static STOPPING: AtomicBool = AtomicBool::new(false);

/// Makes every later read of a blob and every later write of this process fail with [`StoreError::Stopped`], so that
/// whoever is in the middle of one drops its temporary files and returns. For a thread that handles signals.
pub fn stop() {
    STOPPING.store(true, Ordering::SeqCst);
}

/// # Errors
/// After [`stop`].
pub(crate) fn check() -> Result<(), StoreError> {
    if STOPPING.load(Ordering::SeqCst) { Err(StoreError::Stopped) } else { Ok(()) }
}
