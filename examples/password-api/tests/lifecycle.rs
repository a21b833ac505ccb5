//! Start, logs, signals and exit codes.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{Response, Server, TOKEN, TempDir, bearer, files, run};

fn half_a_request(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/passwords HTTP/1.1\r\nHost: t\r\n{}Content-Length: 12\r\n\r\n{{\"coun",
        bearer(TOKEN)
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    stream
}

/// Asserts that the service refuses to start and returns its one line.
#[track_caller]
fn refused(vars: &[(&str, &str)]) -> String {
    let output = run(&[], vars);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(output.stdout.is_empty());
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(!err.contains(TOKEN), "{err}");
    err.trim_end().to_owned()
}

#[test]
fn missing_variables_are_named() {
    assert_eq!(refused(&[]), "password-api: configuration error: USNPW_API_HOST is not set");
    let no_token = refused(&[("USNPW_API_HOST", "127.0.0.1")]);
    assert!(no_token.contains("USNPW_API_TOKEN_FILE is not set"), "{no_token}");
    let env_token = refused(&[("USNPW_API_HOST", "127.0.0.1"), ("USNPW_API_TOKEN", TOKEN)]);
    assert!(env_token.contains("USNPW_API_ALLOW_ENV_TOKEN=1"), "{env_token}");
}

#[test]
fn token_files_that_others_could_read_or_swap_are_refused() {
    let dir = TempDir::new();
    let try_file = |path: &std::path::Path| {
        refused(&[("USNPW_API_HOST", "127.0.0.1"), ("USNPW_API_TOKEN_FILE", path.to_str().unwrap())])
    };
    for mode in [0o644, 0o640, 0o660, 0o604] {
        let line = try_file(&dir.write("token", TOKEN.as_bytes(), mode));
        assert!(line.contains(&format!("has mode {mode:04o}; only 0600 and 0400")), "{line}");
    }
    let target = dir.write("target", TOKEN.as_bytes(), 0o600);
    let link = dir.0.join("link");
    symlink(&target, &link).unwrap();
    assert!(try_file(&link).contains("is a symbolic link"));
    assert!(try_file(&dir.0).contains("is not a regular file"));
    assert!(try_file(&dir.0.join("missing")).contains("cannot be read"));
    assert!(try_file(&dir.write("large", &[b'a'; 16_385], 0o600)).contains("is larger than 16384 bytes"));
    assert!(try_file(&dir.write("empty", b"\n", 0o600)).contains("is empty"));
    assert!(try_file(&dir.write("short", b"12345678901234567890123\n", 0o600)).contains("shorter than 24"));
    assert!(try_file(&dir.write("binary", b"\xff\xfe", 0o600)).contains("not valid UTF-8"));
}

#[test]
fn an_owner_read_only_token_file_with_a_line_end_is_accepted() {
    let dir = TempDir::new();
    let path = dir.write("token", format!("{TOKEN}\n").as_bytes(), 0o400);
    let server = Server::start(&[("USNPW_API_TOKEN_FILE", path.to_str().unwrap())]);
    assert_eq!(server.post("/v1/passwords", "{}").status, 200);
}

#[test]
fn tokens_from_elsewhere_need_consent() {
    let vars = [("USNPW_API_TOKEN_FILE", ""), ("USNPW_API_TOKEN", TOKEN), ("USNPW_API_ALLOW_ENV_TOKEN", "1")];
    let server = Server::start(&vars);
    assert_eq!(server.post("/v1/passwords", "{}").status, 200);
    let cli = run(&["serve", "--token", TOKEN], &[("USNPW_API_HOST", "127.0.0.1")]);
    assert_eq!(cli.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&cli.stderr).contains(TOKEN));
}

#[test]
fn exit_codes_tell_usage_from_failure() {
    assert_eq!(run(&["nonsense"], &[]).status.code(), Some(2));
    let help = run(&["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("Usage: password-api"));
    let version = run(&["--version"], &[]);
    assert_eq!(version.stdout, format!("password-api {}\n", env!("CARGO_PKG_VERSION")).as_bytes());

    let server = Server::start(&[]);
    let (port, token) = (server.address.port().to_string(), server.dir.0.join("token"));
    let vars = [
        ("USNPW_API_HOST", "127.0.0.1"),
        ("USNPW_API_PORT", port.as_str()),
        ("USNPW_API_TOKEN_FILE", token.to_str().unwrap()),
    ];
    let taken = run(&["serve"], &vars);
    assert_eq!(taken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&taken.stderr).contains("cannot listen on 127.0.0.1:"));
}

#[test]
fn health_says_up_and_down() {
    let server = Server::start(&[]);
    let port = server.address.port().to_string();
    let health = || {
        run(&["health"], &[("USNPW_API_HOST", "0.0.0.0"), ("USNPW_API_PORT", port.as_str())]).status.code()
    };
    assert_eq!(health(), Some(0));
    let (status, ..) = server.stop();
    assert_eq!(status.code(), Some(0));
    assert_eq!(health(), Some(1));
    assert_eq!(run(&["health"], &[]).status.code(), Some(1));
}

#[test]
fn logs_are_two_lines_by_default_and_nothing_is_written() {
    let server = Server::start(&[]);
    let start = server.start_line.clone();
    assert_eq!(
        start,
        format!("password-api {} listening on http://{}\n", env!("CARGO_PKG_VERSION"), server.address)
    );
    for _ in 0..11 {
        server.post("/v1/passwords", "{}");
    }
    server.request("POST", "/v1/passwords", "", "{}");
    assert_eq!(files(&server.dir.0).len(), 1, "only the token file");
    let (status, out, err) = server.stop();
    assert_eq!(
        (status.code(), out.as_str(), err.as_str()),
        (Some(0), "password-api stopped after SIGTERM\n", "")
    );
}

#[test]
fn the_access_log_names_no_secrets() {
    let server = Server::start(&[("USNPW_API_ACCESS_LOG", "1")]);
    let output = server.post("/v1/passwords", "{\"charset\":\"secretchars\",\"length\":40}").json();
    let output = output["outputs"][0].as_str().unwrap().to_owned();
    server.request("GET", "/secret-path?secret-query", "X-Secret: secret-header\r\n", "");
    server.request("GET", "/healthz", "", "");
    let (_, out, err) = server.stop();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4, "{out}");
    let first: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(
        (&first["method"], &first["path"], &first["status"]),
        (&"POST".into(), &"/v1/passwords".into(), &200.into())
    );
    assert!(first["ms"].is_u64());
    for secret in [TOKEN, output.as_str(), "secret"] {
        assert!(!out.contains(secret) && !err.contains(secret), "{out}{err}");
    }
}

#[test]
fn both_signals_end_with_zero_at_once_when_idle() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT")] {
        let server = Server::start(&[]);
        // A connection that is open but idle must not hold the process up.
        let _idle = server.connect();
        let mut kept = server.connect();
        kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let start = Instant::now();
        server.signal(signal);
        let (status, out, _) = server.wait();
        assert_eq!(status.code(), Some(0));
        assert_eq!(out, format!("password-api stopped after {name}\n"));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

#[test]
fn a_request_in_flight_is_answered_during_the_drain() {
    let server = Server::start(&[]);
    let mut stream = half_a_request(&server);
    server.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(server.address).is_err(), "no new connections");
    stream.write_all(b"t\":2}\n").unwrap();
    let response = Response::read(&mut stream);
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["outputs"].as_array().unwrap().len(), 2);
    let (status, out, _) = server.wait();
    assert_eq!((status.code(), out.as_str()), (Some(0), "password-api stopped after SIGTERM\n"));
}

#[test]
fn a_second_signal_ends_at_once() {
    for (second, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let server = Server::start(&[]);
        let _held = half_a_request(&server);
        server.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(200));
        server.signal(second);
        let (status, ..) = server.wait();
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn the_drain_is_bounded() {
    let server = Server::start(&[("USNPW_API_SOCKET_TIMEOUT_SECONDS", "60")]);
    let _held = half_a_request(&server);
    let start = Instant::now();
    server.signal(Signal::TERM);
    let (status, out, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(out, "password-api stopped after SIGTERM, 1 connection cut after 8 s\n");
    assert!((7..10).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}
