//! Responses: always JSON, never cached, errors in one shape.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::payload::Invalid;
use crate::throttle::Blocked;

/// Every error a client can get.
#[derive(Debug)]
pub(super) enum Failure {
    Invalid(Invalid),
    BodyTimeout,
    Unauthorized,
    NotFound,
    MethodNotAllowed,
    PayloadTooLarge { limit: usize },
    ResponseTooLarge { limit: usize },
    TooManyAuthFailures(Blocked),
    TooManyRequests(Blocked),
    Internal,
    Overloaded,
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl Failure {
    fn parts(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Invalid(Invalid(message)) => (StatusCode::BAD_REQUEST, "invalid_request", message.clone()),
            Self::BodyTimeout => {
                (StatusCode::BAD_REQUEST, "invalid_request", "the body did not arrive in time".to_owned())
            }
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "unauthorized", "a valid bearer token is required".to_owned())
            }
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "there is nothing at this path".to_owned())
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path does not serve this method; see the Allow header".to_owned(),
            ),
            Self::PayloadTooLarge { limit } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                format!("the body must have <= {limit} bytes"),
            ),
            Self::ResponseTooLarge { limit } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "response_too_large",
                format!("the response would have more than {limit} bytes; ask for less"),
            ),
            Self::TooManyAuthFailures(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_auth_failures",
                "too many failed authentications; retry later".to_owned(),
            ),
            Self::TooManyRequests(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "too many requests; retry later".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "the request could not be served".to_owned(),
            ),
            Self::Overloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "server_overloaded", "too many requests at once".to_owned())
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        let body = serde_json::json!({ "error": { "code": code, "message": message } });
        let mut response = json(status, body.to_string().into_bytes());
        let mut set = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
        match self {
            Self::Unauthorized => {
                set(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooManyAuthFailures(Blocked(wait)) | Self::TooManyRequests(Blocked(wait)) => {
                set(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
            }
            Self::Overloaded => {
                set(RETRY_AFTER, HeaderValue::from(1));
            }
            // Part of the body may still be on its way, so the connection cannot serve another request.
            Self::PayloadTooLarge { .. } | Self::BodyTimeout => {
                set(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// Rounds up: a client that waits for 0 s would come too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1) as u64
}

/// A response with a JSON body.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A success, unless the body is beyond the response ceiling.
pub(super) fn success(value: &Value, limit: usize) -> Result<Response, Failure> {
    let body = value.to_string().into_bytes();
    if body.len() > limit {
        return Err(Failure::ResponseTooLarge { limit });
    }
    Ok(json(StatusCode::OK, body))
}
