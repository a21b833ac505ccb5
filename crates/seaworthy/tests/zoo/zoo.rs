//! The animals of the zoo: one small service for each behaviour, all in one static program. The first argument says which.
//!
//! Compiled by the test that boots them, with nothing but the standard library and the C library below it.

use std::ffi::{c_char, c_int};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::exit;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

unsafe extern "C" {
    fn signal(number: c_int, handler: usize) -> usize;
    fn _exit(status: c_int) -> !;
    fn fork() -> c_int;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn getuid() -> u32;
    fn setuid(uid: u32) -> c_int;
    fn setgid(gid: u32) -> c_int;
    fn close(fd: c_int) -> c_int;
    fn dup(fd: c_int) -> c_int;
    fn execv(path: *const c_char, argv: *const *const c_char) -> c_int;
}

const TERM: c_int = 15;
const INT: c_int = 2;
const QUIT: c_int = 3;

/// With which status the handler ends the process.
static STATUS: AtomicI32 = AtomicI32::new(0);

extern "C" fn leave(_: c_int) {
    unsafe { _exit(STATUS.load(Ordering::SeqCst)) }
}

extern "C" fn note(_: c_int) {
    STOPPING.store(1, Ordering::SeqCst);
}

static STOPPING: AtomicI32 = AtomicI32::new(0);

fn on(number: c_int, handler: extern "C" fn(c_int)) {
    unsafe { signal(number, handler as *const () as usize) };
}

fn ignore(number: c_int) {
    unsafe { signal(number, 1) };
}

/// Ends with status 0 on SIGTERM and SIGINT, as a good service does.
fn polite() {
    on(TERM, leave);
    on(INT, leave);
}

fn sleep(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

fn listen(address: &str) -> TcpListener {
    TcpListener::bind(address).unwrap_or_else(|error| {
        eprintln!("cannot listen on {address}: {error}");
        exit(1)
    })
}

/// Reads a request up to the end of its head, and its body by `Content-Length`.
fn read_request(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.find("content-length:").and_then(|at| {
                text[at + 15..].split("\r\n").next()?.trim().parse::<usize>().ok()
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

fn answer(stream: &mut TcpStream) {
    read_request(stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n");
}

/// Answers every request, after something was done for it.
fn serve_with(address: &str, mut each: impl FnMut(&mut TcpStream, u32)) -> ! {
    let listener = listen(address);
    let mut count = 0;
    loop {
        let Ok((mut stream, _)) = listener.accept() else { continue };
        count += 1;
        each(&mut stream, count);
        answer(&mut stream);
    }
}

fn serve() -> ! {
    serve_with("0.0.0.0:8080", |_, _| {})
}

/// Starts a child that does something and ends.
fn child(work: impl FnOnce()) -> c_int {
    let pid = unsafe { fork() };
    if pid == 0 {
        work();
        unsafe { _exit(0) }
    }
    pid
}

fn become_another(name: &str) -> ! {
    let path = c"/zoo".as_ptr();
    let name = std::ffi::CString::new(name).unwrap();
    let argv = [path, name.as_ptr(), std::ptr::null()];
    unsafe { execv(path, argv.as_ptr()) };
    exit(127)
}

/// Asks the service itself, as a health check does.
fn healthy() -> bool {
    let address: SocketAddr = "127.0.0.1:8080".parse().unwrap();
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let mut text = String::new();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").is_ok()
        && stream.read_to_string(&mut text).is_ok()
        && text.contains(" 200 ")
}

fn write_or(path: &str, text: &str, otherwise: impl FnOnce()) {
    if let Err(error) = std::fs::write(path, text) {
        eprintln!("cannot write {path}: {error}");
        otherwise();
    }
}

fn eat(most: usize) {
    let mut held = Vec::new();
    while held.len() << 20 < most {
        held.push(vec![1_u8; 1 << 20]);
    }
    std::hint::black_box(held);
}

fn main() {
    let program = std::env::args().next().unwrap_or_default();
    if program.ends_with("/sh") {
        // A shell that waits for the program it was given, as one does that is not told to `exec`.
        let pid = child(|| become_another("healthy"));
        let mut status = 0;
        unsafe { waitpid(pid, &mut status, 0) };
        exit(status >> 8);
    }
    let name = std::env::args().nth(1).unwrap_or_default();
    match name.as_str() {
        "healthy" => {
            polite();
            serve()
        }
        "health" => exit(i32::from(!healthy())),
        "true" => exit(0),
        "false" => exit(1),
        "kill-parent" => {
            unsafe { kill(1, TERM) };
            exit(0)
        }
        // Stopping.
        "ignores-term" => {
            ignore(TERM);
            serve()
        }
        "no-handler" => serve(),
        "exit-143" => {
            STATUS.store(143, Ordering::SeqCst);
            polite();
            serve()
        }
        "slow-stop" => {
            on(TERM, note);
            std::thread::spawn(|| serve());
            while STOPPING.load(Ordering::SeqCst) == 0 {
                sleep(10);
            }
            sleep(5000);
        }
        "quit-only" => {
            on(QUIT, leave);
            on(INT, leave);
            serve()
        }
        "ignores-int" => {
            on(TERM, leave);
            ignore(INT);
            serve()
        }
        "execs" => become_another("healthy"),
        "drops-requests" => {
            polite();
            serve()
        }
        "drains" => {
            on(TERM, note);
            std::thread::spawn(|| {
                let listener = listen("0.0.0.0:8080");
                while let Ok((mut stream, _)) = listener.accept() {
                    std::thread::spawn(move || answer(&mut stream));
                }
            });
            while STOPPING.load(Ordering::SeqCst) == 0 {
                sleep(10);
            }
            sleep(700);
        }
        // Processes.
        "zombies" => {
            polite();
            for _ in 0..3 {
                child(|| {});
            }
            serve()
        }
        "orphans" => {
            polite();
            // The middle one is waited for; what it leaves behind is adopted by process 1, and never waited for.
            let middle = child(|| {
                child(|| sleep(50));
            });
            unsafe { waitpid(middle, std::ptr::null_mut(), 0) };
            serve()
        }
        "reaps" => {
            polite();
            for _ in 0..3 {
                let pid = child(|| {});
                unsafe { waitpid(pid, std::ptr::null_mut(), 0) };
            }
            serve()
        }
        "fork-bomb" => {
            polite();
            std::thread::spawn(|| loop {
                if child(|| sleep(600_000)) < 0 {
                    sleep(50);
                }
            });
            serve()
        }
        "busy" => {
            polite();
            std::thread::spawn(|| loop {
                std::hint::spin_loop();
            });
            serve()
        }
        "daemonises" => {
            child(|| {
                polite();
                serve()
            });
            exit(0)
        }
        "closes-stdin" => {
            polite();
            unsafe { close(0) };
            serve()
        }
        "reads-stdin" => {
            polite();
            let mut text = String::new();
            let _ = std::io::stdin().read_to_string(&mut text);
            serve()
        }
        // Privileges.
        "binds-80" => {
            polite();
            serve_with("0.0.0.0:80", |_, _| {})
        }
        "drops-to-user" => {
            polite();
            if unsafe { setgid(65534) != 0 || setuid(65534) != 0 } {
                eprintln!("cannot become 65534: {}", std::io::Error::last_os_error());
                exit(1);
            }
            serve()
        }
        "only-10001" => {
            if unsafe { getuid() } != 10001 {
                eprintln!("I only run as 10001");
                exit(1);
            }
            polite();
            serve()
        }
        // Files.
        "logs-to-file" => {
            polite();
            write_or("/var/log/app.log", "started\n", || {});
            serve()
        }
        "needs-to-write" => {
            polite();
            write_or("/state/pid", "1", || exit(1));
            serve()
        }
        "writes-tmp" => {
            polite();
            write_or("/tmp/x", "1", || exit(1));
            serve()
        }
        "writes-data" => {
            polite();
            write_or("/data/x", "1", || exit(1));
            serve()
        }
        "stale-lock" => {
            polite();
            if std::fs::File::create_new("/data/lock").is_err() {
                eprintln!("/data/lock exists: is another one running?");
                exit(1);
            }
            serve()
        }
        "fills-disk" => {
            polite();
            std::thread::spawn(|| {
                let Ok(mut file) = std::fs::File::create("/state/big") else { return };
                let block = vec![1_u8; 8 << 20];
                while file.write_all(&block).is_ok() {}
            });
            serve()
        }
        // Ports.
        "second-port" => {
            polite();
            let other = listen("0.0.0.0:9999");
            std::mem::forget(other);
            serve()
        }
        "second-port-late" => {
            polite();
            std::thread::spawn(|| {
                sleep(150);
                std::mem::forget(listen("0.0.0.0:9999"));
            });
            serve()
        }
        "udp-port" => {
            polite();
            std::mem::forget(UdpSocket::bind("0.0.0.0:9999").unwrap());
            serve()
        }
        "loopback" => {
            polite();
            serve_with("127.0.0.1:8080", |_, _| {})
        }
        "ipv6-only" => {
            polite();
            serve_with("[::]:8080", |_, _| {})
        }
        "mute" => {
            polite();
            let listener = listen("0.0.0.0:8080");
            let mut held = Vec::new();
            loop {
                held.push(listener.accept());
            }
        }
        "other-protocol" => {
            polite();
            let listener = listen("0.0.0.0:8080");
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.write_all(b"220 zoo ready\r\n");
            }
        }
        "hangs-later" => {
            polite();
            serve_with("0.0.0.0:8080", |_, count| {
                if count > 8 {
                    sleep(600_000);
                }
            })
        }
        "dies-later" => {
            polite();
            serve_with("0.0.0.0:8080", |_, count| {
                if count > 8 {
                    exit(3);
                }
            })
        }
        "late" => {
            polite();
            sleep(2500);
            serve()
        }
        // Leaks and limits.
        "leaks-descriptors" => {
            polite();
            serve_with("0.0.0.0:8080", |_, _| {
                unsafe { dup(0) };
            })
        }
        "leaks-memory" => {
            polite();
            serve_with("0.0.0.0:8080", |_, _| std::mem::forget(vec![1_u8; 1 << 20]))
        }
        "eats-memory" => {
            polite();
            eat(1 << 34);
            serve()
        }
        "eats-memory-in-a-worker" => {
            polite();
            let worker = child(|| eat(1 << 34));
            unsafe { waitpid(worker, std::ptr::null_mut(), 0) };
            serve()
        }
        "floods-log" => {
            polite();
            std::thread::spawn(|| {
                let line = "all is well, all is well, all is well, all is well, all is well\n".repeat(1024);
                let mut out = std::io::stdout();
                for _ in 0..(1_usize << 30) / line.len() {
                    if out.write_all(line.as_bytes()).is_err() {
                        break;
                    }
                }
            });
            serve()
        }
        // The network.
        "calls-home" => {
            polite();
            std::thread::spawn(|| {
                let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
                let _ = TcpStream::connect_timeout(&address, Duration::from_secs(2));
            });
            serve()
        }
        "needs-network" => {
            polite();
            let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
            if TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_err() {
                eprintln!("cannot reach 192.0.2.1");
                exit(1);
            }
            serve()
        }
        "looks-up" => {
            polite();
            // A question for a name, to where the name server should be.
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            let _ = socket.send_to(b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\x04test\0\0\x01\0\x01", "127.0.0.1:53");
            drop(socket);
            serve()
        }
        // Settings.
        "requires" => {
            polite();
            if std::env::var("ZOO_KEY").is_err() {
                eprintln!("ZOO_KEY is not set");
                exit(2);
            }
            serve()
        }
        "requires-silently" => {
            polite();
            if std::env::var("ZOO_KEY").is_err() {
                eprintln!("bad configuration");
                exit(2);
            }
            serve()
        }
        "hangs-without" => {
            polite();
            if std::env::var("ZOO_KEY").is_err() {
                sleep(600_000);
            }
            serve()
        }
        "checks-number" => {
            polite();
            if std::env::var("ZOO_SIZE").is_ok_and(|text| text.parse::<u32>().is_err()) {
                eprintln!("ZOO_SIZE is no number");
                exit(2);
            }
            serve()
        }
        "logs-secret" => {
            polite();
            println!("starting with key {}", std::env::var("ZOO_TOKEN").unwrap_or_default());
            serve()
        }
        "logs-password" => {
            polite();
            println!("GENERATED ADMIN PASSWORD: x8Kd93jfQz{}", std::process::id());
            serve()
        }
        // Starting.
        "exits" => {
            eprintln!("no configuration");
            exit(1)
        }
        "crashes" => std::process::abort(),
        "never-ready" => {
            polite();
            sleep(600_000);
        }
        other => {
            eprintln!("no animal is called {other}");
            exit(64)
        }
    }
}
