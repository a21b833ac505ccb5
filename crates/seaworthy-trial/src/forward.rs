//! Leads connections that a box makes to a service beside it into that service's own network.
//!
//! Each box keeps a network of its own, so that boots beside one another never meet on a port, and what a box listens
//! on is its own doing. A service is reached at an address of the box's loopback on which this process listens; every
//! connection is carried over. TCP only.

use crate::driver::Container;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Most connections carried at once for one port of one box; more wait in the listener's queue.
const MOST: usize = 256;
/// Time between two looks at a listener.
const STEP: Duration = Duration::from_millis(2);

/// The listeners of one box; they end with this value.
pub(crate) struct Forwards {
    stop: Arc<AtomicBool>,
}

impl Forwards {
    /// Carries what comes in at each listener to a port of a container.
    pub(crate) fn start(pairs: Vec<(TcpListener, Arc<dyn Container>, u16)>) -> io::Result<Self> {
        let forwards = Self { stop: Arc::default() };
        for (listener, target, port) in pairs {
            listener.set_nonblocking(true)?;
            let stop = Arc::clone(&forwards.stop);
            std::thread::Builder::new()
                .name("service-forward".to_owned())
                .spawn(move || accept(&listener, &target, port, &stop))?;
        }
        Ok(forwards)
    }
}

impl Drop for Forwards {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn accept(listener: &TcpListener, target: &Arc<dyn Container>, port: u16, stop: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    while !stop.load(Ordering::Relaxed) {
        if open.load(Ordering::Relaxed) >= MOST {
            std::thread::sleep(STEP);
            continue;
        }
        match listener.accept() {
            Ok((stream, _)) => {
                let (target, open) = (Arc::clone(target), Arc::clone(&open));
                open.fetch_add(1, Ordering::Relaxed);
                // A connection that cannot be carried is closed, which is what its maker would see of a dead service.
                let _ = std::thread::Builder::new().name("service-connection".to_owned()).spawn(move || {
                    let _ = carry(&stream, target.as_ref(), port);
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Err(_) => std::thread::sleep(STEP),
        }
    }
}

/// Copies both directions until both have ended.
fn carry(near: &TcpStream, target: &dyn Container, port: u16) -> io::Result<()> {
    near.set_nonblocking(false)?;
    near.set_nodelay(true)?;
    let far = target.connect(port, Duration::from_secs(5))?;
    far.set_nodelay(true)?;
    std::thread::scope(|scope| {
        scope.spawn(|| one_way(near, &far));
        one_way(&far, near);
    });
    Ok(())
}

fn one_way(mut from: &TcpStream, mut to: &TcpStream) {
    let ended = io::copy(&mut from, &mut to);
    // A broken direction ends the whole connection; one that is at its end only says so.
    let _ = to.shutdown(if ended.is_ok() { Shutdown::Write } else { Shutdown::Both });
    if ended.is_err() {
        let _ = from.shutdown(Shutdown::Both);
    }
}
