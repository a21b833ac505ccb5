//! Starts the built executable on a free loopback port and talks to it over real sockets.

#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(unreachable_pub, reason = "shared by several test crates")]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

pub const TOKEN: &str = "test-token-0123456789abcdef";

/// A directory that is removed at the end.
pub struct TempDir(pub PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("password-api-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file with exactly this mode.
    pub fn write(&self, name: &str, content: &[u8], mode: u32) -> PathBuf {
        let path = self.0.join(name);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The executable with an environment of nothing but `vars`.
pub fn command(args: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_password-api"));
    command.args(args).env_clear().envs(vars.iter().copied());
    command
}

/// Runs the executable to its end.
pub fn run(args: &[&str], vars: &[(&str, &str)]) -> Output {
    command(args, vars).stdin(Stdio::null()).output().unwrap()
}

/// A running service. Dropping it kills it.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub start_line: String,
    pub address: SocketAddr,
    pub dir: TempDir,
}

impl Server {
    /// Starts a service whose connections and requests are not the subject of the test.
    pub fn start(vars: &[(&str, &str)]) -> Self {
        let dir = TempDir::new();
        let token = dir.write("token", TOKEN.as_bytes(), 0o600);
        let mut all = vec![
            ("USNPW_API_HOST", "127.0.0.1"),
            ("USNPW_API_PORT", "0"),
            ("USNPW_API_TOKEN_FILE", token.to_str().unwrap()),
        ];
        all.extend(vars);
        let mut child =
            command(&["serve"], &all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut start_line = String::new();
        stdout.read_line(&mut start_line).unwrap();
        let address = start_line
            .trim_end()
            .rsplit("://")
            .next()
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in the start line: {start_line:?}"));
        Self { child, stdout, start_line, address, dir }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Sends bytes on a new connection and reads the one response.
    pub fn raw(&self, request: &[u8]) -> Response {
        let mut stream = self.connect();
        // The service may answer and close before it has read everything.
        let _ = stream.write_all(request);
        Response::read(&mut stream)
    }

    pub fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Response {
        self.raw(request(method, path, headers, body.as_bytes()).as_slice())
    }

    /// A POST with the right token.
    pub fn post(&self, path: &str, body: &str) -> Response {
        self.request("POST", path, &bearer(TOKEN), body)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; returns the status and what was printed after the start line, and on stderr.
    pub fn wait(mut self) -> (ExitStatus, String, String) {
        let end = Instant::now() + Duration::from_secs(15);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "the service did not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let (mut out, mut err) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (status, out, err)
    }

    pub fn stop(self) -> (ExitStatus, String, String) {
        self.signal(Signal::TERM);
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

pub fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    /// Reads until the end of the connection; a reset after the response counts as its end.
    pub fn read(stream: &mut impl Read) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Self::parse(&bytes).unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(&bytes)))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8(bytes.to_vec()).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Asserts an error in the one shape and returns its message.
    #[track_caller]
    pub fn error(&self, status: u16, code: &str) -> String {
        let json = self.json();
        assert_eq!((self.status, json["error"]["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(json.as_object().unwrap().len(), 1);
        assert_eq!(json["error"].as_object().unwrap().len(), 2);
        json["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// Names the files below a directory.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}
