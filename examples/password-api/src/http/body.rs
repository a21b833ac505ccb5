//! Reading a request's body within its limits of size and time.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;

use super::reply::Failure;
use crate::payload::Invalid;

/// How much of a body that is too large is still read and thrown away. A response to a client that is
/// still sending would otherwise be lost in the reset of the connection.
const DISCARD_BYTES: usize = 1024 * 1024;
/// For how long it is thrown away.
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// Reads the whole body, which must arrive within `timeout`.
pub(super) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        discard(body).await;
        return Err(Failure::PayloadTooLarge { limit });
    }
    let collected = tokio::time::timeout(timeout, collect(&mut body, limit)).await;
    match collected {
        Err(_) => Err(Failure::BodyTimeout),
        Ok(Err(Collected::TooLarge)) => {
            discard(body).await;
            Err(Failure::PayloadTooLarge { limit })
        }
        Ok(Err(Collected::Broken)) => Err(Invalid::new("the body could not be read").into()),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

enum Collected {
    TooLarge,
    Broken,
}

async fn collect(body: &mut Body, limit: usize) -> Result<Vec<u8>, Collected> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Collected::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Collected::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Throws away what is still arriving, within bounds.
async fn discard(mut body: Body) {
    let mut left = DISCARD_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len()));
            if left == 0 {
                break;
            }
        }
    };
    // Running out of time is as good as the end: the connection closes after the response.
    let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
}
