//! Every live box of this process, so that Ctrl-C can end them all.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::error::Error;
use crate::running::Live;

static BOXES: Mutex<BTreeMap<u64, Arc<Live>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);
static STOPPING: AtomicBool = AtomicBool::new(false);
/// Held shared by every boot in flight, so that killing sees its box.
static GATE: RwLock<()> = RwLock::new(());

/// Starts a boot.
///
/// # Errors
/// When the process is being stopped.
pub(crate) fn enter() -> Result<RwLockReadGuard<'static, ()>, Error> {
    let guard = GATE.read().unwrap_or_else(PoisonError::into_inner);
    if STOPPING.load(Ordering::SeqCst) { Err(Error::Stopping) } else { Ok(guard) }
}

pub(crate) fn stop() {
    STOPPING.store(true, Ordering::SeqCst);
}

pub(crate) fn add(live: &Arc<Live>) {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    boxes().insert(id, Arc::clone(live));
}

pub(crate) fn remove(live: &Arc<Live>) {
    boxes().retain(|_, known| !Arc::ptr_eq(known, live));
}

/// Kills and cleans every box; returns how many there were.
pub(crate) fn kill_all() -> usize {
    let guard = GATE.write().unwrap_or_else(PoisonError::into_inner);
    let lives: Vec<_> = boxes().values().cloned().collect();
    drop(guard);
    for live in &lives {
        live.send_kill();
    }
    for live in &lives {
        live.kill();
        live.clean();
        remove(live);
    }
    lives.len()
}

fn boxes() -> std::sync::MutexGuard<'static, BTreeMap<u64, Arc<Live>>> {
    BOXES.lock().unwrap_or_else(PoisonError::into_inner)
}
