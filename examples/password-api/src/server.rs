//! Sockets, signals and the drain.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::clients::{ClientId, Gauge};
use crate::config::{Config, ConfigError};
use crate::http::Client;
use crate::json_errors::JsonErrors;
use crate::random::{Random, RandomError};
use crate::timeout_io::TimeoutIo;
use crate::{VERSION, http, logging, tls};

/// How long requests in flight may take after the first signal; below the 10 s after which container
/// runtimes kill.
const DRAIN: Duration = Duration::from_secs(8);

/// Connections open at once per allowed concurrent request: idle and slow ones count too.
const CONNECTIONS_PER_REQUEST: usize = 4;

/// The buffer for a request's head; a larger head is refused by the protocol layer itself.
const HEAD_BUFFER: usize = 64 * 1024;

/// Why serving ended or never began.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The runtime or the signal handlers could not be set up.
    #[error("the runtime could not start: {0}")]
    Runtime(io::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// The configured address.
        address: std::net::SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// Nothing could be generated.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Certificate or key are not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Serves until SIGTERM or SIGINT, then drains.
pub fn run(config: Config) -> Result<(), ServeError> {
    logging::quiet_panics();
    // A service that could only answer 500 must not look healthy.
    Random::from_os().bytes(1)?;
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4));
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        // Few, because each may hold a response of megabytes, and a container's limit of processes counts
        // threads.
        .max_blocking_threads(8)
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?
        .block_on(serve(config))
}

/// The two signals that end the service.
struct Stop {
    term: Signal,
    int: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// Waits for a signal and returns its name and the exit code of a process killed by it.
    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.term.recv() => ("SIGTERM", 143),
            _ = self.int.recv() => ("SIGINT", 130),
        }
    }
}

async fn serve(config: Config) -> Result<(), ServeError> {
    // Handlers come first: as process 1 of a container a signal without one would be ignored.
    let mut stop = Stop::new().map_err(ServeError::Runtime)?;
    let acceptor = config.tls.as_ref().map(tls::server).transpose()?.map(TlsAcceptor::from);
    let address = config.address;
    let bind = |error| ServeError::Bind { address, error };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let local = listener.local_addr().map_err(bind)?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    logging::out(&format!("password-api {VERSION} listening on {scheme}://{local}"));

    let (drain, draining) = watch::channel(false);
    let server = Arc::new(Server {
        per_client: Gauge::new(config.limits.concurrent_per_client.saturating_mul(CONNECTIONS_PER_REQUEST)),
        max_connections: config.limits.concurrent.saturating_mul(CONNECTIONS_PER_REQUEST),
        timeout: config.socket_timeout,
        acceptor,
        draining,
        router: http::router(config),
    });
    let mut connections = JoinSet::new();
    let (name, _) = tokio::select! {
        signal = stop.next() => signal,
        never = server.accept(&listener, &mut connections) => match never {},
    };
    drop(listener);
    let _ = drain.send(true);

    let finished = async { while connections.join_next().await.is_some() {} };
    let cut = tokio::select! {
        () = finished => 0,
        () = tokio::time::sleep(DRAIN) => connections.len(),
        (_, code) = stop.next() => exit_at_once(code),
    };
    let rest = match cut {
        0 => String::new(),
        1 => format!(", 1 connection cut after {} s", DRAIN.as_secs()),
        n => format!(", {n} connections cut after {} s", DRAIN.as_secs()),
    };
    logging::out(&format!("password-api stopped after {name}{rest}"));
    Ok(())
}

/// The second signal means now: no destructor may hold the process up.
fn exit_at_once(code: i32) -> ! {
    logging::out("password-api stopped at once after a second signal");
    std::process::exit(code)
}

/// What all connections share.
struct Server {
    router: Router,
    acceptor: Option<TlsAcceptor>,
    timeout: Duration,
    max_connections: usize,
    per_client: Arc<Gauge>,
    draining: watch::Receiver<bool>,
}

impl Server {
    /// Accepts for ever. A connection beyond a limit is closed before a byte of it is read.
    async fn accept(self: &Arc<Self>, listener: &TcpListener, connections: &mut JoinSet<()>) -> Infallible {
        loop {
            while connections.try_join_next().is_some() {}
            let Ok((stream, peer)) = listener.accept().await else {
                // Out of file descriptors, or the peer is already gone: give others time to finish.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            if connections.len() >= self.max_connections {
                continue;
            }
            let Some(open) = self.per_client.open(ClientId::of(peer.ip())) else { continue };
            let server = Arc::clone(self);
            connections.spawn(async move {
                let _open = open;
                server.connection(stream, Client::at(peer.ip())).await;
            });
        }
    }

    async fn drain_begins(&self) {
        let mut draining = self.draining.clone();
        let _ = draining.wait_for(|&draining| draining).await;
    }

    async fn connection(&self, stream: TcpStream, client: Client) {
        // Responses are single writes; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        match &self.acceptor {
            None => self.http(stream, client).await,
            Some(acceptor) => {
                let handshake = tokio::time::timeout(self.timeout, acceptor.accept(stream));
                tokio::select! {
                    done = handshake => if let Ok(Ok(stream)) = done { self.http(stream, client).await },
                    () = self.drain_begins() => {}
                }
            }
        }
    }

    /// Serves the requests of one connection; errors concern the peer alone and are not logged.
    async fn http(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, client: Client) {
        let router = self.router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            router.clone().call(request)
        });
        let io = TokioIo::new(JsonErrors::new(TimeoutIo::new(stream, self.timeout)));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeout)
            .half_close(true)
            .max_buf_size(HEAD_BUFFER)
            .serve_connection(io, service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.drain_begins() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
