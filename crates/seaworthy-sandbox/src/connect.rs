//! TCP connections into a box's network namespace.
//!
//! A socket belongs to the namespace it was made in, wherever it is connected from. As root a thread enters the
//! namespace and makes it. Rootless the user namespace has to be entered first, which only a single-threaded
//! process may do, so a short-lived child makes the sockets and hands them out by SCM_RIGHTS.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::child;
use crate::clone::{self, Never};
use crate::control::{self, Kind, Message};
use crate::plan::{Failure, Step};
use crate::running::{Live, NetworkFds};
use crate::sys::{self, Sys};

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn connect(live: &Live, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let deadline = Instant::now() + timeout.min(Duration::from_secs(24 * 3600));
    let net = live.network.0.net.as_raw_fd();
    let sockets = if live.rootless { from_child(&live.network.0)? } else { from_thread(net)? };
    first_that_answers(sockets, port, deadline)
}

/// Listens on addresses inside a network namespace, from this process.
pub(crate) fn listen(
    network: &NetworkFds,
    rootless: bool,
    addresses: &[SocketAddrV4],
) -> io::Result<Vec<TcpListener>> {
    let one = |address: &SocketAddrV4| {
        let sockets = if rootless { from_child(network)? } else { from_thread(network.net.as_raw_fd())? };
        let socket = sockets.into_iter().next().ok_or(io::ErrorKind::Unsupported)?;
        rustix::net::bind(&socket, address)?;
        rustix::net::listen(&socket, 128)?;
        Ok(TcpListener::from(socket))
    };
    addresses.iter().map(one).collect()
}

/// Connects into any network namespace, as root.
pub(crate) fn connect_into(net: RawFd, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let deadline = Instant::now() + timeout.min(Duration::from_secs(24 * 3600));
    first_that_answers(from_thread(net)?, port, deadline)
}

fn first_that_answers(sockets: Vec<OwnedFd>, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from_raw_os_error(libc::EAFNOSUPPORT);
    for (socket, address) in sockets
        .into_iter()
        .zip([SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))])
    {
        match finish(socket, address, deadline) {
            Ok(stream) => return Ok(stream),
            // Where the first family was refused, the second one's missing support is no news.
            Err(error) if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) => {}
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn finish(socket: OwnedFd, address: SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    let stream = TcpStream::from(socket);
    stream.set_nonblocking(true)?;
    match rustix::net::connect(&stream, &address) {
        Ok(()) => {}
        Err(rustix::io::Errno::INPROGRESS) => loop {
            let mut fds = [libc::pollfd { fd: stream.as_raw_fd(), events: libc::POLLOUT, revents: 0 }];
            let left = deadline.saturating_duration_since(Instant::now());
            if sys::poll(&mut fds, Some(left)).map_err(io::Error::from_raw_os_error)? {
                break;
            }
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        },
        Err(error) => return Err(error.into()),
    }
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    stream.set_nonblocking(false)?;
    Ok(stream)
}

fn make(family: i32) -> Sys<RawFd> {
    // SAFETY: only numbers are passed.
    let fd = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 { Err(sys::errno()) } else { Ok(fd) }
}

fn from_thread(net: RawFd) -> io::Result<Vec<OwnedFd>> {
    let work = move || -> Sys<Vec<OwnedFd>> {
        sys::setns(net, libc::CLONE_NEWNET)?;
        // A kernel without IPv6 has only the first kind.
        let fds = [make(libc::AF_INET)?, make(libc::AF_INET6).unwrap_or(-1)];
        // SAFETY: the descriptors were just made and belong to nobody else.
        Ok(fds.into_iter().filter(|fd| *fd >= 0).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect())
    };
    std::thread::scope(|scope| {
        // The thread ends with its namespace; no other code ever runs in it.
        let thread =
            std::thread::Builder::new().name("sandbox-connect".to_owned()).spawn_scoped(scope, work)?;
        thread
            .join()
            .map_err(|_| io::Error::other("the connecting thread panicked"))?
            .map_err(io::Error::from_raw_os_error)
    })
}

fn from_child(network: &NetworkFds) -> io::Result<Vec<OwnedFd>> {
    let (owner_end, child_end) = control::pair().map_err(io::Error::other)?;
    let control = child_end.as_raw_fd();
    let user = network.user.as_ref().map(|fd| fd.as_raw_fd());
    let net = network.net.as_raw_fd();
    // SAFETY: `hand_out` neither allocates nor locks, and never returns.
    let child = unsafe { clone::clone_child(0, move || hand_out(control, user, net)) };
    let child = child.map_err(io::Error::other)?;
    drop(child_end);
    let heard = control::receive(&owner_end, Instant::now() + PATIENCE, PATIENCE);
    let _ = sys::wait_pidfd(child.pidfd.as_raw_fd(), true);
    match heard.map_err(io::Error::other)? {
        Some((message, sockets)) if message.kind == Kind::Sockets => Ok(sockets),
        Some((message, _)) => Err(io::Error::from_raw_os_error(message.number)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn hand_out(control: RawFd, user: Option<RawFd>, net: RawFd) -> Never {
    sys::keep_only(&mut [control, user.unwrap_or(-1), net]);
    let result = (|| -> Result<Never, Failure> {
        if let Some(user) = user {
            sys::setns(user, libc::CLONE_NEWUSER).map_err(|e| Step::EnterNamespaces.failed(e))?;
        }
        sys::setns(net, libc::CLONE_NEWNET).map_err(|e| Step::EnterNamespaces.failed(e))?;
        let first = make(libc::AF_INET).map_err(|e| Step::MakeSocket.failed(e))?;
        let message = Message { kind: Kind::Sockets, step: 0, detail: 0, number: 0 };
        match make(libc::AF_INET6) {
            Ok(second) => control::send(control, message, &[first, second]),
            Err(_) => control::send(control, message, &[first]),
        }
        .map_err(|e| Step::Report.failed(e))?;
        sys::exit(0)
    })();
    child::report(control, result)
}
