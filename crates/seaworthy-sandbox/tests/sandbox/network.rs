//! Private and shared networks, connections from outside, and the list of sockets.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use seaworthy_sandbox::{Host, Network, Protocol, Running};

use crate::common::{Bench, LONG};

fn get(running: &Running, port: u16) -> String {
    let deadline = Instant::now() + LONG;
    let mut stream = loop {
        match running.connect(port, Duration::from_secs(1)) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    stream.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_server_in_a_private_network_is_reached_and_listed() {
    let Some(bench) = Bench::new("private network") else { return };
    std::fs::write(bench.root.join("data/index.html"), "from inside").unwrap();
    let mut spec = bench.spec(["httpd", "-f", "-p", "8080", "-h", "/data"]);
    spec.uid = 1000;
    let running = bench.boot(&spec);
    assert!(get(&running, 8080).ends_with("from inside"));
    let sockets = running.sockets().unwrap();
    let listening: Vec<_> = sockets.iter().filter(|socket| socket.listening).collect();
    assert_eq!(listening.len(), 1);
    assert_eq!((listening[0].port, listening[0].owner), (8080, Some(running.pid())));
    assert!(matches!(listening[0].proto, Protocol::Tcp | Protocol::Tcp6));
    let refused = running.connect(1, Duration::from_secs(1)).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn only_ipv6_is_reached_too() {
    let Some(bench) = Bench::new("IPv6") else { return };
    if !std::path::Path::new("/proc/net/if_inet6").exists() {
        println!("skipped: this kernel has no IPv6");
        return;
    }
    std::fs::write(bench.root.join("data/index.html"), "over six").unwrap();
    let running = bench.boot(&bench.spec(["httpd", "-f", "-p", "[::1]:8081", "-h", "/data"]));
    assert!(get(&running, 8081).ends_with("over six"));
}

#[test]
fn the_hosts_network_is_out_of_reach() {
    let Some(bench) = Bench::new("isolation") else { return };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let line = format!("echo x | nc -w 1 127.0.0.1 {port}; echo $?; ls /sys/class/net");
    assert_eq!(bench.shell(&line).1, "1\nlo\n");
}

#[test]
fn a_box_joins_the_network_of_another() {
    let Some(bench) = Bench::new("joined network") else { return };
    std::fs::write(bench.root.join("data/index.html"), "from the other").unwrap();
    let server = bench.boot(&bench.spec(["httpd", "-f", "-p", "9000", "-h", "/data"]));
    assert!(get(&server, 9000).contains("from the other"));
    let mut spec = bench.spec(["sh", "-c", "wget -q -O - http://db:9000/; sleep 60"]);
    spec.network = Network::Join(server.network());
    spec.hosts = vec![Host { name: "db".to_owned(), address: Ipv4Addr::LOCALHOST.into() }];
    let client = bench.boot(&spec);
    crate::common::says(&client, "from the other");
    // The server's socket is visible and known not to be the client's.
    let sockets = client.sockets().unwrap();
    let listening: Vec<_> = sockets.iter().filter(|socket| socket.listening).collect();
    assert_eq!((listening.len(), listening[0].port, listening[0].owner), (1, 9000, None));
    drop(server);
    let refused = client.connect(9000, Duration::from_secs(1)).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(client.exec(&seaworthy_sandbox::Exec::new(["true"])).unwrap().exit.code == Some(0));
}
