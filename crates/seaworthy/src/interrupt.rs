//! SIGINT and SIGTERM: what is running is ended and what was made is removed, then the program exits with 130.

use std::sync::{Mutex, PoisonError};

type Cleanup = Box<dyn FnOnce() + Send>;

static CLEANUPS: Mutex<Vec<(u64, Cleanup)>> = Mutex::new(Vec::new());
static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Runs the registered work when the user interrupts; dropped when the work is no longer needed.
#[derive(Debug)]
pub(crate) struct OnInterrupt(u64);

/// Registers work to be done on an interrupt, latest first.
pub(crate) fn on_interrupt(work: impl FnOnce() + Send + 'static) -> OnInterrupt {
    let id = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    CLEANUPS.lock().unwrap_or_else(PoisonError::into_inner).push((id, Box::new(work)));
    OnInterrupt(id)
}

impl Drop for OnInterrupt {
    fn drop(&mut self) {
        CLEANUPS.lock().unwrap_or_else(PoisonError::into_inner).retain(|(id, _)| *id != self.0);
    }
}

/// Starts the thread that waits for signals.
pub(crate) fn install() {
    let Ok(mut signals) =
        signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM])
    else {
        return;
    };
    std::thread::spawn(move || {
        if signals.forever().next().is_none() {
            return;
        }
        // A second signal, while cleaning up, ends the program at once.
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                leave();
            }
        });
        let work = std::mem::take(&mut *CLEANUPS.lock().unwrap_or_else(PoisonError::into_inner));
        for (_, cleanup) in work.into_iter().rev() {
            cleanup();
        }
        leave();
    });
}

#[expect(clippy::exit, reason = "the main thread may be waiting for a container that is being ended")]
fn leave() {
    std::process::exit(i32::from(seaworthy_finding::ExitCode::Interrupted.code()));
}
