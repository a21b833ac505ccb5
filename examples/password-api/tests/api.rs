//! The endpoints as a client sees them.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use support::{Server, TOKEN, bearer, request};

#[test]
fn healthz_needs_no_token() {
    let server = Server::start(&[]);
    let response = server.request("GET", "/healthz", "", "");
    assert_eq!((response.status, response.body.as_str()), (200, "{\"status\":\"ok\"}"));
    assert_eq!(response.header("content-type"), Some("application/json"));
    let head = server.request("HEAD", "/healthz", "", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(server.request("GET", "/healthz?verbose=1", "", "").status, 200);
}

#[test]
fn passwords_have_the_asked_count_and_length() {
    let server = Server::start(&[]);
    let response = server.post("/v1/passwords", "{\"count\":3,\"length\":31}");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let outputs = response.json()["outputs"].clone();
    let outputs: Vec<&str> =
        outputs.as_array().unwrap().iter().map(|output| output.as_str().unwrap()).collect();
    assert_eq!(outputs.len(), 3);
    assert!(outputs.iter().all(|output| output.chars().count() == 31));
    assert_ne!(outputs[0], outputs[1]);
}

#[test]
fn all_sixteen_formats_are_served() {
    let server = Server::start(&[]);
    for format in [
        "password",
        "hex",
        "base64",
        "base64url",
        "crock32",
        "crock32check",
        "base58",
        "base58check",
        "uuid",
        "bip39",
        "sha256",
        "sha512",
        "sha3_256",
        "sha3_512",
        "blake2b",
        "blake2s",
    ] {
        let response = server.post("/v1/passwords", &format!("{{\"format\":\"{format}\"}}"));
        assert_eq!(response.status, 200, "{format}: {response:?}");
    }
}

#[test]
fn usernames_have_the_documented_shape() {
    let server = Server::start(&[]);
    let json = server.post("/v1/usernames", "{}").json();
    assert_eq!(json["usernames"].as_array().unwrap().len(), 10);
    assert_eq!(json["effective_min_len"], 8);
    assert_eq!(json["effective_max_len"], 16);
    assert_eq!(json["token_cap"], 366);
    let json = server.post("/v1/usernames", "{\"profile\":\"x\",\"max_len\":40,\"show_meta\":true}").json();
    assert_eq!(json["effective_max_len"], 15);
    assert_eq!(json["meta"].as_array().unwrap().len(), 10);
}

#[test]
fn generation_needs_the_token() {
    let server = Server::start(&[]);
    for headers in
        ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic dGVzdA==\r\n", "Authorization: \r\n"]
    {
        for path in ["/v1/passwords", "/v1/usernames"] {
            let response = server.request("POST", path, headers, "{}");
            response.error(401, "unauthorized");
            assert_eq!(response.header("www-authenticate"), Some("Bearer"));
            assert!(!response.body.contains("outputs"));
        }
    }
    assert_eq!(server.post("/v1/passwords", "{}").status, 200);
}

#[test]
fn every_method_and_path_answers_json() {
    let server = Server::start(&[("USNPW_API_REQUEST_RATE_LIMIT", "10000")]);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
        for path in ["/", "/nope", "/v1", "/v1/passwords/", "/healthz/x", "//", "/%ff", "/v1/passwords/..%2f"]
        {
            server.request(method, path, "", "").error(404, "not_found");
        }
        if method != "POST" {
            for path in ["/v1/passwords", "/v1/usernames"] {
                let response = server.request(method, path, &bearer(TOKEN), "{}");
                response.error(405, "method_not_allowed");
                assert_eq!(response.header("allow"), Some("POST"));
            }
        }
        if method != "GET" {
            let response = server.request(method, "/healthz", "", "");
            response.error(405, "method_not_allowed");
            assert_eq!(response.header("allow"), Some("GET,HEAD"));
        }
    }
    server.request("OPTIONS", "*", "", "").error(404, "not_found");
    server
        .raw(b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        .error(404, "not_found");
    let absolute = server.request("GET", "http://test/healthz", "", "");
    assert_eq!(absolute.status, 200);
    let head = server.request("HEAD", "/v1/passwords", "", "");
    assert_eq!((head.status, head.body.as_str()), (405, ""));
}

#[test]
fn bad_bodies_are_refused_with_the_field_named() {
    let server = Server::start(&[]);
    for (body, message) in [
        ("", "the body is not valid JSON"),
        ("{", "the body is not valid JSON"),
        ("[]", "password payload must be a JSON object"),
        ("\"x\"", "password payload must be a JSON object"),
        ("{\"bad\":1}", "password payload has unknown fields: bad"),
        ("{\"count\":1,\"count\":2}", "password payload has a repeated field: count"),
        ("{\"count\":513}", "count must be <= 512"),
        ("{\"count\":-1}", "count must be >= 1"),
        ("{\"count\":1.5}", "count must be an integer"),
        ("{\"count\":true}", "count must be an integer"),
        ("{\"count\":{}}", "count must be an integer"),
        ("{\"length\":1e400}", "the body is not valid JSON"),
    ] {
        assert_eq!(server.post("/v1/passwords", body).error(400, "invalid_request"), message, "{body}");
    }
    let unknown = server.post("/v1/usernames", "{\"bad\":1}").error(400, "invalid_request");
    assert_eq!(unknown, "username payload has unknown fields: bad");
    let save = server.post("/v1/usernames", "{\"no_save\":false}").error(400, "invalid_request");
    assert!(save.starts_with("no_save must be true"), "{save}");
    let deep = "[".repeat(8000);
    server.post("/v1/passwords", &deep).error(400, "invalid_request");
    let binary = request("POST", "/v1/passwords", &bearer(TOKEN), b"{\"charset\":\"\xff\xfe\"}");
    server.raw(&binary).error(400, "invalid_request");
}

#[test]
fn verbose_errors_are_opt_in() {
    let server = Server::start(&[("USNPW_API_VERBOSE_ERRORS", "1")]);
    let message = server.post("/v1/passwords", "{\"a\" 1}").error(400, "invalid_request");
    assert_eq!(message, "the body is not valid JSON (line 1, column 6)");
}

#[test]
fn large_bodies_are_refused_however_they_come() {
    let server = Server::start(&[]);
    let fits = format!("{{{}}}", " ".repeat(16_382));
    assert_eq!(server.post("/v1/passwords", &fits).status, 200);
    let large = format!("{{{}}}", " ".repeat(16_383));
    server.post("/v1/passwords", &large).error(413, "payload_too_large");
    server.post("/v1/passwords", &" ".repeat(900_000)).error(413, "payload_too_large");

    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let chunked = format!(
        "POST /v1/passwords HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        bearer(TOKEN),
        chunk.repeat(5)
    );
    server.raw(chunked.as_bytes()).error(413, "payload_too_large");
}

#[test]
fn large_responses_are_refused() {
    let server = Server::start(&[("USNPW_API_MAX_RESPONSE_BYTES", "1024")]);
    assert_eq!(server.post("/v1/passwords", "{\"length\":900}").status, 200);
    server.post("/v1/passwords", "{\"length\":1100}").error(413, "response_too_large");
}

#[test]
fn malformed_requests_get_json_too_and_never_stop_the_service() {
    let server = Server::start(&[]);
    let long = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(66_000));
    let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500));
    for bytes in [
        b"nonsense\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"POST /v1/passwords HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/passwords HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        long.as_bytes(),
        many.as_bytes(),
        target.as_bytes(),
    ] {
        let response = server.raw(bytes);
        response.error(response.status, "invalid_request");
        assert!(matches!(response.status, 400 | 414 | 431 | 505), "{response:?}");
    }
    let head = format!("X-Padding: {}\r\n", "a".repeat(20_000));
    server.request("GET", "/healthz", &head, "").error(400, "invalid_request");
    let (status, out, err) = server.stop();
    assert_eq!((status.code(), err.as_str()), (Some(0), ""), "{out}");
}
