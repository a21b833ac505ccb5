//! The endpoints.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;

use super::reply::{Failure, json, success};
use super::{App, Client, body, guard};
use crate::config::Limits;
use crate::error::GenerateError;
use crate::payload::Payload;
use crate::random::Random;
use crate::{passwords, usernames};

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/v1/passwords", post(passwords))
        .route("/v1/usernames", post(usernames))
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .layer(from_fn_with_state(Arc::clone(&app), guard::limit))
        .layer(from_fn_with_state(Arc::clone(&app), guard::log))
        .with_state(app)
}

async fn healthz() -> Response {
    json(StatusCode::OK, br#"{"status":"ok"}"#.to_vec())
}

async fn passwords(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    generate(app, request, "password", passwords::FIELDS, |payload, limits| {
        let request = passwords::PasswordRequest::read(payload, limits.passwords)?;
        let plan = passwords::Plan::new(request)?;
        let outputs = plan.generate(&mut Random::from_os())?;
        // Moved, not copied: a response can have megabytes.
        let outputs = outputs.into_iter().map(Value::String).collect();
        Ok(Value::Object([("outputs".to_owned(), Value::Array(outputs))].into_iter().collect()))
    })
    .await
}

async fn usernames(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    generate(app, request, "username", usernames::FIELDS, |payload, limits| {
        let request = usernames::UsernameRequest::read(payload, limits.usernames)?;
        let generated = usernames::generate(&request, &mut Random::from_os())?;
        Ok(generated.into_json(request.show_meta))
    })
    .await
}

/// Authenticates, reads the payload, and runs a generator off the threads that serve sockets.
async fn generate<F>(
    app: Arc<App>,
    request: Request,
    kind: &'static str,
    fields: &'static [&'static str],
    make: F,
) -> Result<Response, Failure>
where
    F: FnOnce(Payload, &Limits) -> Result<Value, GenerateError> + Send + 'static,
{
    let Some(&Client(client)) = request.extensions().get::<Client>() else { return Err(Failure::Internal) };
    guard::authenticate(&app, client, &request)?;
    let (parts, body) = request.into_parts();
    let limits = app.config.limits.clone();
    let body = body::read(&parts.headers, body, limits.body_bytes, app.config.socket_timeout).await?;
    let payload = Payload::parse(kind, fields, &body, app.config.verbose_errors)?;
    let response_bytes = limits.response_bytes;
    // A panic in a generator ends its task only; the client gets the plain internal error.
    match tokio::task::spawn_blocking(move || make(payload, &limits)).await {
        Ok(Ok(value)) => success(&value, response_bytes),
        Ok(Err(GenerateError::Invalid(invalid))) => Err(invalid.into()),
        Ok(Err(GenerateError::Random(_))) | Err(_) => Err(Failure::Internal),
    }
}
