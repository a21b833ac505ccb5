//! HTTP: routes, the limits around them, and JSON for every outcome.

mod body;
mod guard;
mod reply;
mod routes;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use tokio::sync::Semaphore;

use crate::clients::{ClientId, Gauge};
use crate::config::Config;
use crate::throttle::Throttle;

/// Where a request comes from; the server adds it to every request.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub ClientId);

impl Client {
    /// The client at this address.
    pub fn at(address: IpAddr) -> Self {
        Self(ClientId::of(address))
    }
}

/// What all requests share.
#[derive(Debug)]
pub struct App {
    config: Config,
    auth_failures: Throttle,
    requests: Throttle,
    concurrent: Semaphore,
    per_client: Arc<Gauge>,
}

/// Builds the routes with the limits of `config`.
pub fn router(config: Config) -> Router {
    let (auth, rate) = (&config.auth_failures, &config.requests);
    let app = Arc::new(App {
        auth_failures: Throttle::new(auth.limit, auth.window, auth.block),
        // This many requests are allowed; the one after them blocks.
        requests: Throttle::new(rate.limit + 1, rate.window, rate.block),
        concurrent: Semaphore::new(config.limits.concurrent),
        per_client: Gauge::new(config.limits.concurrent_per_client),
        config,
    });
    routes::router(app)
}
