//! TLS by the service itself.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

use password_api::tls::pinned_client;
use support::{Response, Server, TOKEN, TempDir, bearer, request, run};
use tokio_rustls::rustls::{ClientConnection, StreamOwned};

/// Writes a new self-signed certificate and its key.
fn certificate(dir: &TempDir, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let cert = dir.write(&format!("{name}.crt"), made.cert.pem().as_bytes(), 0o644);
    let key = dir.write(&format!("{name}.key"), made.signing_key.serialize_pem().as_bytes(), 0o600);
    (cert, key)
}

#[test]
fn requests_and_the_health_check_work_over_tls() {
    let dir = TempDir::new();
    let (cert, key) = certificate(&dir, "server");
    let tls = [
        ("USNPW_API_TLS_CERT_FILE", cert.to_str().unwrap()),
        ("USNPW_API_TLS_KEY_FILE", key.to_str().unwrap()),
    ];
    let server = Server::start(&tls);
    assert!(server.start_line.contains(" listening on https://127.0.0.1:"), "{}", server.start_line);

    let client = ClientConnection::new(pinned_client(&cert).unwrap(), server.address.ip().into()).unwrap();
    let mut stream = StreamOwned::new(client, server.connect());
    stream.write_all(&request("POST", "/v1/passwords", &bearer(TOKEN), b"{\"count\":2}")).unwrap();
    let response = Response::read(&mut stream);
    assert_eq!((response.status, response.json()["outputs"].as_array().unwrap().len()), (200, 2));

    let port = server.address.port().to_string();
    let health = |cert: &str| {
        let vars = [
            ("USNPW_API_HOST", "127.0.0.1"),
            ("USNPW_API_PORT", port.as_str()),
            ("USNPW_API_TLS_CERT_FILE", cert),
            ("USNPW_API_TLS_KEY_FILE", if cert.is_empty() { "" } else { "/unused" }),
        ];
        run(&["health"], &vars).status.code()
    };
    assert_eq!(health(cert.to_str().unwrap()), Some(0));
    assert_eq!(health(""), Some(1), "plain HTTP is not answered");
    let (other, _) = certificate(&dir, "other");
    assert_eq!(health(other.to_str().unwrap()), Some(1), "another certificate is not trusted");

    let (status, ..) = server.stop();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn all_interfaces_are_served_only_with_tls_or_explicit_consent() {
    let dir = TempDir::new();
    let token = dir.write("token", TOKEN.as_bytes(), 0o600);
    let vars = [("USNPW_API_HOST", "0.0.0.0"), ("USNPW_API_TOKEN_FILE", token.to_str().unwrap())];
    let refused = run(&[], &vars);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("USNPW_API_ALLOW_INSECURE_NO_TLS=1"));

    let (cert, key) = certificate(&dir, "server");
    let tls = [
        ("USNPW_API_HOST", "0.0.0.0"),
        ("USNPW_API_TLS_CERT_FILE", cert.to_str().unwrap()),
        ("USNPW_API_TLS_KEY_FILE", key.to_str().unwrap()),
    ];
    let server = Server::start(&tls);
    assert_eq!(server.address.ip(), IpAddr::from([0, 0, 0, 0]));
    let consent = [("USNPW_API_HOST", "0.0.0.0"), ("USNPW_API_ALLOW_INSECURE_NO_TLS", "1")];
    let server = Server::start(&consent);
    assert!(server.start_line.contains(" listening on http://0.0.0.0:"));
}

#[test]
fn unusable_tls_files_are_configuration_errors() {
    let dir = TempDir::new();
    let token = dir.write("token", TOKEN.as_bytes(), 0o600);
    let (cert, key) = certificate(&dir, "server");
    let (_, other_key) = certificate(&dir, "other");
    let open_key = dir.write("open.key", &std::fs::read(&key).unwrap(), 0o644);
    let garbage = dir.write("garbage", b"not PEM", 0o600);
    let missing = dir.0.join("missing");
    for (cert, key, problem) in [
        (&garbage, &key, "USNPW_API_TLS_CERT_FILE must name"),
        (&missing, &key, "USNPW_API_TLS_CERT_FILE must name"),
        (&cert, &garbage, "USNPW_API_TLS_KEY_FILE must name"),
        (&cert, &open_key, "USNPW_API_TLS_KEY_FILE has mode 0644"),
        (&cert, &other_key, "certificate and key do not make a TLS server"),
    ] {
        let vars = [
            ("USNPW_API_HOST", "127.0.0.1"),
            ("USNPW_API_PORT", "0"),
            ("USNPW_API_TOKEN_FILE", token.to_str().unwrap()),
            ("USNPW_API_TLS_CERT_FILE", cert.to_str().unwrap()),
            ("USNPW_API_TLS_KEY_FILE", key.to_str().unwrap()),
        ];
        let output = run(&[], &vars);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(problem) && err.lines().count() == 1, "{err}");
    }
}
