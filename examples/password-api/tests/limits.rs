//! Throttles, concurrency and time limits.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::{Response, Server, TOKEN, bearer};

/// Sends a request with half its body; the other half is `REST`.
fn half_a_request(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/passwords HTTP/1.1\r\nHost: t\r\n{}Content-Length: 12\r\n\r\n{{\"coun",
        bearer(TOKEN)
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

const REST: &[u8] = b"t\":2}\n";

#[test]
fn the_sixteenth_failed_authentication_blocks_the_client() {
    let server = Server::start(&[]);
    let wrong = bearer("wrong-token-0123456789abcdef");
    for attempt in 1..=15 {
        let response = server.request("POST", "/v1/passwords", &wrong, "{}");
        assert_eq!(response.status, 401, "attempt {attempt}");
    }
    let response = server.request("POST", "/v1/passwords", &wrong, "{}");
    response.error(429, "too_many_auth_failures");
    assert_eq!(response.header("retry-after"), Some("300"));
    let response = server.post("/v1/usernames", "{}");
    response.error(429, "too_many_auth_failures");
    assert!(response.header("retry-after").unwrap().parse::<u32>().unwrap() > 290);
    assert_eq!(server.request("GET", "/healthz", "", "").status, 200, "probes still pass");
}

#[test]
fn a_block_ends() {
    let server = Server::start(&[("USNPW_API_AUTH_FAIL_LIMIT", "1"), ("USNPW_API_AUTH_BLOCK_SECONDS", "1")]);
    server.request("POST", "/v1/passwords", "", "{}").error(429, "too_many_auth_failures");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(server.post("/v1/passwords", "{}").status, 200);
}

#[test]
fn requests_beyond_the_rate_block_the_client_but_not_its_probes() {
    let server = Server::start(&[("USNPW_API_REQUEST_RATE_LIMIT", "5")]);
    for _ in 0..5 {
        assert_eq!(server.post("/v1/passwords", "{}").status, 200);
    }
    let response = server.post("/v1/passwords", "{}");
    response.error(429, "too_many_requests");
    assert_eq!(response.header("retry-after"), Some("30"));
    server.request("GET", "/nope", "", "").error(429, "too_many_requests");
    assert_eq!(server.request("GET", "/healthz", "", "").status, 200);
}

#[test]
fn requests_in_flight_are_limited_per_client_and_in_all() {
    for (variable, status, code) in [
        ("USNPW_API_MAX_CONCURRENT_REQUESTS_PER_CLIENT", 429, "too_many_requests"),
        ("USNPW_API_MAX_CONCURRENT_REQUESTS", 503, "server_overloaded"),
    ] {
        let server = Server::start(&[(variable, "2")]);
        let mut open: Vec<TcpStream> = (0..2).map(|_| half_a_request(&server)).collect();
        std::thread::sleep(Duration::from_millis(200));
        let refused = server.post("/v1/passwords", "{}");
        refused.error(status, code);
        assert_eq!(refused.header("retry-after"), Some("1"));
        open[0].write_all(REST).unwrap();
        let mut answer = [0; 15];
        open[0].read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        assert_eq!(server.post("/v1/passwords", "{}").status, 200, "the place is free again");
    }
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let server = Server::start(&[("USNPW_API_MAX_CONCURRENT_REQUESTS_PER_CLIENT", "1")]);
    let idle: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    std::thread::sleep(Duration::from_millis(100));
    let mut extra = server.connect();
    let read = extra.read(&mut [0; 1]);
    assert!(matches!(read, Ok(0)) || read.is_err(), "{read:?}");
    drop(idle);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.request("GET", "/healthz", "", "").status, 200);
}

#[test]
fn slow_heads_bodies_and_idle_connections_are_cut() {
    let server = Server::start(&[("USNPW_API_SOCKET_TIMEOUT_SECONDS", "1")]);
    let start = Instant::now();
    let mut silent = server.connect();
    let mut slow_head = server.connect();
    slow_head.write_all(b"GET /healthz HTTP/1.1\r\nHos").unwrap();
    let mut slow_body = half_a_request(&server);
    let mut idle = server.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();

    Response::read(&mut slow_body).error(400, "invalid_request");
    for stream in [&mut silent, &mut slow_head] {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        assert!(!String::from_utf8_lossy(&bytes).contains(" 200 "));
    }
    assert_eq!(Response::read(&mut idle).status, 200, "answered, then closed for idling");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_client_that_does_not_read_is_cut() {
    let server = Server::start(&[("USNPW_API_SOCKET_TIMEOUT_SECONDS", "1")]);
    let mut stream = server.connect();
    let body = "{\"count\":512,\"length\":4096}";
    let request = format!(
        "POST /v1/passwords HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n{body}",
        bearer(TOKEN),
        body.len()
    );
    // More than socket buffers hold, so that writing must stall.
    for _ in 0..12 {
        stream.write_all(request.as_bytes()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(3500));
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let answers = String::from_utf8_lossy(&bytes).matches("HTTP/1.1 200 OK").count();
    assert!(answers < 12, "all {answers} responses were written to a client that did not read");
}
