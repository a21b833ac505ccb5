//! What every request passes: the access log, the head's size, and the limits per client and in all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::reply::Failure;
use super::{App, Client};
use crate::clients::ClientId;
use crate::logging;
use crate::payload::Invalid;
use crate::throttle::Blocked;

/// The largest head (target and header fields), in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The outermost layer: writes the access line.
pub(super) async fn log(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !app.config.access_log {
        return next.run(request).await;
    }
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let line =
        logging::access_line(method.as_str(), &path, response.status().as_u16(), start.elapsed().as_millis());
    logging::out(&line);
    response
}

/// Refuses requests beyond a limit. The permits live until the response is ready.
pub(super) async fn limit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(&Client(client)) = request.extensions().get::<Client>() else {
        // The server adds the client to every request.
        return Failure::Internal.into_response();
    };
    let Ok(_in_all) = app.concurrent.try_acquire() else { return Failure::Overloaded.into_response() };
    let Some(_of_client) = app.per_client.open(client) else {
        return Failure::TooManyRequests(Blocked(Duration::from_secs(1))).into_response();
    };
    match admit(&app, client, &request) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

fn admit(app: &App, client: ClientId, request: &Request) -> Result<(), Failure> {
    // Probes are free: a client that is blocked for its requests must not make the service look dead.
    let probe = request.uri().path() == "/healthz" && matches!(*request.method(), Method::GET | Method::HEAD);
    if !probe {
        app.requests.count(client, Instant::now()).map_err(Failure::TooManyRequests)?;
    }
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if target + fields > MAX_HEAD_BYTES {
        return Err(Invalid::new(format!("the request's head must have <= {MAX_HEAD_BYTES} bytes")).into());
    }
    Ok(())
}

/// Requires the token. A client with too many failures is refused even with the right token, so that
/// guessing on gains nothing.
pub(super) fn authenticate(app: &App, client: ClientId, request: &Request) -> Result<(), Failure> {
    let now = Instant::now();
    app.auth_failures.check(client, now).map_err(Failure::TooManyAuthFailures)?;
    if app.config.token.authorizes(request.headers()) {
        return Ok(());
    }
    app.auth_failures.count(client, now).map_err(Failure::TooManyAuthFailures)?;
    Err(Failure::Unauthorized)
}
