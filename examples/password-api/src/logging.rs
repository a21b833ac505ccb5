//! Lines on stdout and stderr. A closed pipe is ignored: the service must not die because a log reader did.

use std::io::Write as _;

/// Writes one line to stdout.
pub fn out(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes one line to stderr, prefixed with the program's name.
pub fn err(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "password-api: {line}");
}

/// Replaces the panic report by one line that names the place only: a panic's message could quote a
/// generated value.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        err(&format!("internal error at {}", place.as_deref().unwrap_or("an unknown place")));
    }));
}

/// Formats the access line of one request as JSON.
///
/// Only known methods and paths are named, so that a secret pasted into a URL is not logged.
pub fn access_line(method: &str, path: &str, status: u16, millis: u128) -> String {
    let method = match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" | "CONNECT" => method,
        _ => "(other)",
    };
    let path = match path {
        "/healthz" | "/v1/passwords" | "/v1/usernames" => path,
        _ => "(unknown)",
    };
    serde_json::json!({ "method": method, "path": path, "status": status, "ms": millis as u64 }).to_string()
}

#[cfg(test)]
mod tests {
    use super::access_line;

    #[test]
    fn access_line_is_json_and_names_known_paths_only() {
        let line: serde_json::Value =
            serde_json::from_str(&access_line("POST", "/v1/passwords", 200, 3)).unwrap();
        assert_eq!(
            line,
            serde_json::json!({"method": "POST", "path": "/v1/passwords", "status": 200, "ms": 3})
        );
        let line = access_line("SECRET", "/my-secret", 404, 0);
        assert!(!line.to_lowercase().contains("secret"), "{line}");
    }
}
