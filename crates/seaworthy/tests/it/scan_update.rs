//! Fetching advisories: from a server that breaks off, changes its file or sends something else, and from a registry.
//! Whatever happens, the database that was there stays until a whole new one takes its place.

use crate::judges::{Registry, content};
use crate::scan::{Bench, names};
use crate::support::{program, seaworthy, skipped};
use seaworthy_oci::Digest;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How a server treats its next request.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Answers, ranges too.
    Whole,
    /// Sends so many bytes and closes the connection.
    Cut(usize),
    /// Sends so many bytes and says no more.
    Stall(usize),
    /// Has no such file.
    Absent,
}

struct Served {
    body: Vec<u8>,
    tag: String,
    moods: Vec<Mood>,
    /// The range that each request asked for, empty where it asked for all.
    asked: Vec<String>,
}

/// A web server on loopback for one file.
struct Server {
    url: String,
    served: Arc<Mutex<Served>>,
}

impl Server {
    fn start(body: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/all.ndjson", listener.local_addr().unwrap());
        let tag = "\"one\"".to_owned();
        let served = Arc::new(Mutex::new(Served { body, tag, moods: Vec::new(), asked: Vec::new() }));
        let shared = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { url, served }
    }

    fn next(&self, moods: &[Mood]) -> &Self {
        self.served.lock().unwrap().moods = moods.to_vec();
        self
    }

    /// The ranges that were asked for since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.served.lock().unwrap().asked)
    }
}

fn answer(mut stream: TcpStream, served: &Mutex<Served>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let field = |name: &str| {
        let own = head.iter().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        own.map(|line| line[name.len() + 1..].trim().to_owned()).unwrap_or_default()
    };
    let (body, tag, mood) = {
        let mut served = served.lock().unwrap();
        served.asked.push(field("range"));
        let mood = if served.moods.is_empty() { Mood::Whole } else { served.moods.remove(0) };
        (served.body.clone(), served.tag.clone(), mood)
    };
    if mood == Mood::Absent {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    let from: Option<usize> =
        field("range").strip_prefix("bytes=").and_then(|text| text.trim_end_matches('-').parse().ok());
    let from = from.filter(|_| field("if-range") == tag);
    let at = from.unwrap_or(0);
    let (status, range) = match from {
        Some(at) => (
            "206 Partial Content",
            format!("Content-Range: bytes {at}-{}/{}\r\n", body.len() - 1, body.len()),
        ),
        None => ("200 OK", String::new()),
    };
    let rest = &body[at..];
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: {tag}\r\n{range}Connection: close\r\n\r\n",
        rest.len()
    );
    match mood {
        Mood::Cut(count) => drop(stream.write_all(&rest[..count])),
        Mood::Stall(count) => {
            let _ = stream.write_all(&rest[..count]);
            std::thread::sleep(Duration::from_mins(1));
        }
        Mood::Whole | Mood::Absent => drop(stream.write_all(rest)),
    }
}

/// Enough records that an answer is many reads.
fn export(count: usize) -> Vec<u8> {
    let lines: Vec<String> = (0..count)
        .map(|at| {
            format!(
                "{{\"id\":\"X-{at}\",\"modified\":\"2026-11-01T00:00:00Z\",\"affected\":[{{\"package\":{{\"ecosystem\":\"npm\",\"name\":\"p{at}\"}},\"versions\":[\"1.0.{at}\"]}}]}}"
            )
        })
        .collect();
    format!("{}\n", lines.join("\n")).into_bytes()
}

fn advisories(bench: &Bench) -> u64 {
    let status = bench.run(&["db", "status", "--format", "json"]).expect(0);
    serde_json::from_str::<Value>(&status.stdout).unwrap()["advisories"].as_u64().unwrap()
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let bench = Bench::new(1);
    let server = Server::start(export(3000));
    server.next(&[Mood::Cut(200_000)]);
    let ran = bench.run(&["db", "update", &server.url]).expect(0);
    assert!(ran.stdout.starts_with("3000 advisories about 3000 packages of 1 ecosystems"), "{}", ran.stdout);
    assert_eq!(server.asked(), ["", "bytes=200000-"]);
    assert_eq!(names(&bench.path("db")), ["adv.db"], "nothing is left behind");
    // The next update needs no name, and fetches again what may be new.
    server.served.lock().unwrap().body = export(10);
    bench.run(&["db", "update"]).expect(0);
    assert_eq!(advisories(&bench), 10);
}

#[test]
fn a_later_run_goes_on_where_a_killed_one_stopped() {
    let bench = Bench::new(1);
    let server = Server::start(export(3000));
    for (changed, expected) in [(false, 3000), (true, 2000)] {
        server.next(&[Mood::Stall(150_000)]);
        let mut child = seaworthy()
            .args(["db", "update", &server.url])
            .env("SEAWORTHY_DB", bench.path("db/adv.db"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let downloads = bench.path("db/adv.db.downloads");
        let until = Instant::now() + Duration::from_secs(30);
        let arrived = || {
            let parts = fs::read_dir(&downloads).into_iter().flatten().map_while(Result::ok);
            parts.filter_map(|entry| entry.metadata().ok()).any(|meta| meta.len() == 150_000)
        };
        while !arrived() {
            assert!(Instant::now() < until, "nothing arrives");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        server.asked();
        // What was there before still answers.
        let before = advisories(&bench);
        assert_eq!(before, if changed { 3000 } else { 4 });
        if changed {
            let mut served = server.served.lock().unwrap();
            (served.body, served.tag) = (export(2000), "\"two\"".to_owned());
        }
        let ran = bench.run(&["db", "update", &server.url, "-v"]).expect(0);
        assert_eq!(server.asked(), ["bytes=150000-"]);
        assert_eq!(ran.stderr.contains("150.0 kB of them by an earlier run"), !changed, "{}", ran.stderr);
        assert_eq!(advisories(&bench), expected);
        assert!(!downloads.exists());
    }
}

#[test]
fn what_is_not_what_was_asked_for_takes_no_place() {
    let bench = Bench::new(1);
    let body = export(20);
    let server = Server::start(body.clone());
    let wrong = Digest::of(b"something else").to_string();
    let right = Digest::of(&body).to_string();
    let refused = |args: &[&str], part: &str| {
        let ran = bench.run(&[&["db", "update"], args].concat()).expect(2);
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        assert_eq!(advisories(&bench), 4, "the database that was there is unchanged");
    };
    refused(&[&server.url, "--digest", &wrong], &right);
    server.next(&[Mood::Absent]);
    refused(&[&server.url], "not found");
    refused(&[&server.url, "--offline"], "--offline");
    refused(&["file:///all.ndjson"], "is no URL");
    refused(&[], "nothing says where advisories come from");
    assert_eq!(names(&bench.path("db")), ["adv.db"], "nothing is left behind");
    for body in [&b"<html>sign in</html>"[..], b"{}", b""] {
        server.served.lock().unwrap().body = body.to_vec();
        refused(&[&server.url], "");
    }
    server.served.lock().unwrap().body = body;
    bench.run(&["db", "update", &server.url, "--digest", &right]).expect(0);
    assert_eq!(advisories(&bench), 20);
    // The policy may say where from; a ready database takes its place as it is.
    bench.run(&["db", "import", "all.ndjson", "--db", "ready.db"]).expect(0);
    let ready = fs::read(bench.path("ready.db")).unwrap();
    server.served.lock().unwrap().body.clone_from(&ready);
    fs::write(bench.path("seaworthy.toml"), format!("[scan]\nupdate = [\"{}\"]\n", server.url)).unwrap();
    bench.run(&["db", "update"]).expect(0);
    assert_eq!(fs::read(bench.path("db/adv.db")).unwrap(), ready);
    let damaged = [&ready[..ready.len() - 1], b"x"].concat();
    server.served.lock().unwrap().body = damaged;
    refused(&[], "checksum");
}

#[test]
fn an_artifact_of_a_registry_is_advisories_too() {
    let (Some(server), Some(oras)) = (program("docker-registry"), program("oras")) else {
        return skipped("needs docker-registry and oras");
    };
    let bench = Bench::new(1);
    let registry = Registry::start(&server);
    let name = format!("{}:1", registry.named("advisories"));
    let dir = bench.dir.path();
    fs::write(bench.path("more.ndjson"), export(50)).unwrap();
    let kind = "application/vnd.osv.ndjson";
    let files = [format!("all.ndjson:{kind}"), format!("more.ndjson:{kind}")];
    let artifact = ["push", "--plain-http", "--artifact-type", "application/vnd.osv", &name];
    content(dir, &oras, &[&artifact[..], &[&files[0], &files[1]]].concat());
    let digest = content(dir, &oras, &["resolve", "--plain-http", &name]).trim().to_owned();
    let url = format!("oci://{name}");
    let ran = bench.run(&["db", "update", &url, "--digest", &digest]).expect(0);
    assert!(ran.stdout.starts_with("54 advisories"), "{}", ran.stdout);
    assert_eq!(names(&bench.path("db")), ["adv.db"]);
    // Its name may carry the digest; another digest is refused, and nothing changes.
    bench.run(&["db", "update", &format!("{url}@{digest}")]).expect(0);
    let wrong = Digest::of(b"something else").to_string();
    let ran = bench.run(&["db", "update", &url, "--digest", &wrong]).expect(2);
    assert!(ran.stderr.contains(&digest), "{}", ran.stderr);
    // What an earlier run left of a layer is not fetched again, and when it is of something else, it is.
    let layer = Digest::of(&export(50));
    let downloads = bench.path("db/adv.db.downloads");
    for (left, told) in [(export(50)[..700].to_vec(), true), (vec![b'x'; 700], false)] {
        fs::create_dir_all(&downloads).unwrap();
        fs::write(downloads.join(layer.hex()), left).unwrap();
        let ran = bench.run(&["db", "update", "-v"]).expect(0);
        assert_eq!(ran.stderr.contains("700 B of them by an earlier run"), told, "{}", ran.stderr);
        assert_eq!(advisories(&bench), 54);
    }
    let ran = bench.run(&["db", "update", &format!("oci://{}:none", registry.named("advisories"))]).expect(2);
    assert!(ran.stderr.contains("none"), "{}", ran.stderr);
}
