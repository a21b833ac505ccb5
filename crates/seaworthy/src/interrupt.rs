//! SIGINT, SIGTERM and SIGHUP: what is running is ended and what was made is removed, then the program exits with 130.
//!
//! The signal is handled on a thread of its own. It tells the libraries to stop, ends what runs, and waits until
//! the main thread has unwound and so dropped its half-written files; then it removes what is left and leaves. From
//! the moment of the signal the main thread prints and writes nothing any more, and its every way out passes [`hold`].

use seaworthy_finding::ExitCode;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

type Cleanup = Box<dyn FnOnce() + Send>;

/// How long the main thread may take to unwind. Beyond it only answers from a network are waited for, and those leave
/// no files with names.
const PATIENCE: Duration = Duration::from_secs(4);

/// Work for the moment of the signal: what runs is told to end.
static ENDINGS: Mutex<Vec<(u64, Cleanup)>> = Mutex::new(Vec::new());
/// Work for the time after, when nobody writes any more: what was made is removed.
static REMOVALS: Mutex<Vec<(u64, Cleanup)>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(0);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HELD: Mutex<bool> = Mutex::new(false);
static ARRIVED: Condvar = Condvar::new();

/// Runs the registered work when the user interrupts; dropped when the work is no longer needed.
#[derive(Debug)]
pub(crate) struct OnInterrupt(u64);

/// Registers what ends something that runs, so that the main thread comes back; latest first.
pub(crate) fn on_interrupt(work: impl FnOnce() + Send + 'static) -> OnInterrupt {
    register(&ENDINGS, Box::new(work))
}

/// Registers what removes something that was made; it is done when the main thread writes no more, latest first.
pub(crate) fn after_interrupt(work: impl FnOnce() + Send + 'static) -> OnInterrupt {
    register(&REMOVALS, Box::new(work))
}

fn register(list: &Mutex<Vec<(u64, Cleanup)>>, work: Cleanup) -> OnInterrupt {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    list.lock().unwrap_or_else(PoisonError::into_inner).push((id, work));
    // The signal's thread may have taken the list a moment ago; what comes late is not begun.
    hold();
    OnInterrupt(id)
}

impl Drop for OnInterrupt {
    fn drop(&mut self) {
        for list in [&ENDINGS, &REMOVALS] {
            list.lock().unwrap_or_else(PoisonError::into_inner).retain(|(id, _)| *id != self.0);
        }
    }
}

/// Whether a signal asked to stop.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Returns at once in a run that is not interrupted, and never in one that is: the signal's thread ends the program.
pub(crate) fn hold() {
    if !interrupted() {
        return;
    }
    *HELD.lock().unwrap_or_else(PoisonError::into_inner) = true;
    ARRIVED.notify_all();
    loop {
        std::thread::park();
    }
}

/// Starts the thread that waits for signals.
pub(crate) fn install() {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    std::thread::spawn(move || {
        if signals.forever().next().is_none() {
            return;
        }
        INTERRUPTED.store(true, Ordering::SeqCst);
        // Nobody can be told that standard error is gone.
        let _ = writeln!(
            std::io::stderr(),
            "\ninterrupted: ending what runs and removing what was made; once more leaves at once"
        );
        // A second signal, while cleaning up, ends the program at once.
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                leave();
            }
        });
        seaworthy_store::stop();
        work_off(&ENDINGS);
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        drop(ARRIVED.wait_timeout_while(held, PATIENCE, |held| !*held));
        // What was registered while the list was taken has begun nothing yet, but may have been told to.
        work_off(&ENDINGS);
        work_off(&REMOVALS);
        leave();
    });
}

fn work_off(list: &Mutex<Vec<(u64, Cleanup)>>) {
    let work = std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner));
    for (_, cleanup) in work.into_iter().rev() {
        cleanup();
    }
}

#[expect(clippy::exit, reason = "the main thread is parked, or waits for something that is being ended")]
fn leave() {
    std::process::exit(i32::from(ExitCode::Interrupted.code()));
}
