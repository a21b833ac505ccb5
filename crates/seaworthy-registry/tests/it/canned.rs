//! Authentication, referrers and error words, against a server that answers from a closure.

use base64::Engine as _;
use seaworthy_oci::{Descriptor, Digest, Index, Manifest, Reference, media_type};
use seaworthy_registry::{
    Access, Attachment, Client, Credential, Kind, Options, PlainHttp, Pushed, Side, fallback_tag,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

struct Asked {
    method: String,
    path: String,
    authorization: String,
    host: String,
    range: String,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, headers: Vec::new(), body: body.into() }
}

impl Answer {
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Serves until the process ends; the port.
fn serve(handle: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = Arc::new(handle);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (handle, stream) = (Arc::clone(&handle), stream.unwrap());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut writer = stream;
                while let Some(asked) = read(&mut reader) {
                    let answer = handle(&asked);
                    let mut head =
                        format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
                    for (name, value) in &answer.headers {
                        write!(head, "{name}: {value}\r\n").unwrap();
                    }
                    head.push_str("\r\n");
                    let body: &[u8] = if asked.method == "HEAD" { b"" } else { &answer.body };
                    if writer.write_all(&[head.as_bytes(), body].concat()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

fn read(reader: &mut impl std::io::BufRead) -> Option<Asked> {
    let mut line = String::new();
    reader.by_ref().read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let (mut length, mut authorization, mut host, mut range) =
        (0, String::new(), String::new(), String::new());
    loop {
        let mut line = String::new();
        reader.by_ref().read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "host" => value.trim().clone_into(&mut host),
            "range" | "content-range" => value.trim().clone_into(&mut range),
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, authorization, host, range, body })
}

fn reference(port: u16) -> Reference {
    format!("127.0.0.1:{port}/team/app:1").parse().unwrap()
}

fn with_credential(port: u16, credential: Credential) -> Options {
    Options {
        credentials: BTreeMap::from([(format!("127.0.0.1:{port}"), credential)]),
        auth_files: Some(Vec::new()),
        ..Options::default()
    }
}

fn me() -> Credential {
    Credential::Basic { user: "me".to_owned(), password: "pass".to_owned() }
}

fn basic() -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("me:pass"))
}

const LIST: &str = r#"{"name":"team/app","tags":["1"]}"#;

#[test]
fn passwords_answer_a_basic_challenge() {
    let port = serve(|asked| {
        if asked.authorization == basic() {
            return answer(200, LIST);
        }
        answer(401, "").with("www-authenticate", "Basic realm=\"r\"")
    });
    let client = Client::new(with_credential(port, me()));
    assert_eq!(client.repository(&reference(port), Access::Pull).tags().unwrap(), ["1"]);

    let wrong = Credential::Basic { user: "me".to_owned(), password: "secret-word".to_owned() };
    let client = Client::new(with_credential(port, wrong));
    let error = client.repository(&reference(port), Access::Pull).tags().unwrap_err();
    assert!(matches!(error.kind, Kind::Denied(_)), "{error}");
    assert_eq!(error.side(), Side::Ours);
    assert!(!format!("{error:?} {error}").contains("secret-word"));
}

#[test]
fn tokens_are_fetched_with_passwords_and_refresh_tokens() {
    let asked_for = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked_for);
    let port = serve(move |asked| {
        if asked.path.starts_with("/token") {
            let form = String::from_utf8_lossy(&asked.body).into_owned();
            log.lock().unwrap().push(format!("{} {}", asked.path, form));
            let good = asked.authorization == basic() || form.contains("refresh_token=r%2Fr");
            if good {
                return answer(200, r#"{"access_token":"good"}"#);
            }
            return answer(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}"#);
        }
        if asked.authorization == "Bearer good" {
            return answer(200, LIST);
        }
        let realm = format!("Bearer realm=\"http://{}/token\",service=\"s\"", asked.host);
        answer(401, "").with("www-authenticate", realm)
    });
    for credential in [me(), Credential::Identity("r/r".to_owned())] {
        let client = Client::new(with_credential(port, credential));
        assert_eq!(client.repository(&reference(port), Access::Pull).tags().unwrap(), ["1"]);
    }
    let log = asked_for.lock().unwrap();
    assert!(
        log[0].contains("scope=repository%3Ateam%2Fapp%3Apull") && log[0].contains("service=s"),
        "{log:?}"
    );
    assert!(log[1].contains("grant_type=refresh_token"), "{log:?}");
    let anonymous = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    drop(log);
    let error = anonymous.repository(&reference(port), Access::Pull).tags().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("fetch token at http://127.0.0.1:{port}/token: access was denied: UNAUTHORIZED: no")
    );
}

#[test]
fn errors_say_where_and_what_to_do() {
    let port = serve(|_| answer(404, r#"{"errors":[{"code":"NAME_UNKNOWN","message":"x"}]}"#));
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let error = client.repository(&reference(port), Access::Pull).tags().unwrap_err();
    assert!(error.is_not_found() && error.hint().is_some());
    assert_eq!(
        error.to_string(),
        format!("list tags at http://127.0.0.1:{port}/v2/team/app/tags/list: not found")
    );
}

/// A registry that keeps manifests and nothing else.
#[derive(Default)]
struct Shelf {
    manifests: BTreeMap<String, Vec<u8>>,
    /// PUTs of the fallback tag that are accepted and forgotten.
    lose: u32,
}

fn shelf(shelf: &Arc<Mutex<Shelf>>) -> u16 {
    let shelf = Arc::clone(shelf);
    serve(move |asked| {
        let mut shelf = shelf.lock().unwrap();
        if asked.path.contains("/referrers/") {
            // GitLab's proxy answers with a web page.
            return answer(200, "<html>").with("content-type", "text/html");
        }
        let target = asked.path.rsplit('/').next().unwrap().to_owned();
        match asked.method.as_str() {
            "PUT" if target.starts_with("sha256-") && shelf.lose > 0 => {
                shelf.lose -= 1;
                answer(201, "")
            }
            "PUT" => {
                shelf.manifests.insert(Digest::of(&asked.body).to_string(), asked.body.clone());
                shelf.manifests.insert(target, asked.body.clone());
                answer(201, "")
            }
            _ => shelf.manifests.get(&target).map_or(answer(404, ""), |bytes| answer(200, bytes.clone())),
        }
    })
}

fn attachment(subject: &Descriptor, kind: &str) -> Attachment {
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: Some(kind.to_owned()),
        config: Descriptor::of(media_type::EMPTY, b"{}"),
        layers: Vec::new(),
        subject: Some(subject.clone()),
        annotations: BTreeMap::default(),
    };
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let mut descriptor = Descriptor::of(media_type::MANIFEST, &bytes);
    descriptor.artifact_type = Some(kind.to_owned());
    Attachment { descriptor, bytes }
}

#[test]
fn the_fallback_list_is_kept_and_repaired() {
    let subject = Descriptor::of(media_type::MANIFEST, b"image");
    let tag = fallback_tag(&subject.digest);
    let mut foreign = Descriptor::of(media_type::MANIFEST, b"foreign");
    foreign.artifact_type = Some("foreign".to_owned());
    let before = serde_json::to_vec(&Index::of(vec![foreign])).unwrap();
    let an_image = br#"{"schemaVersion":2,"config":{},"layers":[]}"#.to_vec();
    for (there, kept) in [(Some(before), 1), (Some(an_image), 0), (Some(b"<html>".to_vec()), 0), (None, 0)] {
        let state = Arc::new(Mutex::new(Shelf { lose: 2, ..Shelf::default() }));
        if let Some(bytes) = there {
            state.lock().unwrap().manifests.insert(tag.clone(), bytes);
        }
        let port = shelf(&state);
        let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
        let repository = client.repository(&reference(port), Access::Push);
        let ours = [attachment(&subject, "a"), attachment(&subject, "b")];
        let attached = repository.attach(&subject.digest, &ours).unwrap();
        assert!(!attached.native);
        assert_eq!(attached.repaired, 4);
        let listed = repository.referrers(&subject.digest).unwrap();
        assert_eq!(listed.manifests.len(), kept + 2);
        assert!(listed.manifests.iter().all(|entry| entry.artifact_type.is_some()));
    }
}

#[test]
fn a_list_that_stays_incomplete_is_reported() {
    let state = Arc::new(Mutex::new(Shelf { lose: u32::MAX, ..Shelf::default() }));
    let port = shelf(&state);
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let repository = client.repository(&reference(port), Access::Push);
    let subject = Descriptor::of(media_type::MANIFEST, b"image");
    let ours = attachment(&subject, "a");
    let error = repository.attach(&subject.digest, std::slice::from_ref(&ours)).unwrap_err();
    assert!(
        matches!(&error.kind, Kind::Lost(names) if names.contains(ours.descriptor.digest.as_str())),
        "{error}"
    );
}

#[test]
fn a_native_list_that_loses_an_entry_is_repaired() {
    let puts = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = Arc::clone(&puts);
    let port = serve(move |asked| {
        let mut puts = log.lock().unwrap();
        if asked.method == "PUT" {
            puts.push(asked.path.rsplit('/').next().unwrap().to_owned());
            return answer(201, "").with("oci-subject", Digest::of(b"image").to_string());
        }
        // The manifest that was stored first is listed only after it was stored again.
        let listed = puts.iter().filter(|name| **name != puts[0] || puts.len() > 2);
        let entries =
            listed.map(|name| Descriptor::new(media_type::MANIFEST, name.parse().unwrap(), 1)).collect();
        answer(200, serde_json::to_vec(&Index::of(entries)).unwrap())
    });
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let repository = client.repository(&reference(port), Access::Push);
    let subject = Descriptor::of(media_type::MANIFEST, b"image");
    let ours = [attachment(&subject, "a"), attachment(&subject, "b")];
    let attached = repository.attach(&subject.digest, &ours).unwrap();
    assert_eq!((attached.native, attached.repaired), (true, 1));
    assert_eq!(puts.lock().unwrap().len(), 3);
    assert_eq!(repository.referrers(&subject.digest).unwrap().manifests.len(), 2);
}

/// A registry that keeps what an upload session received, and answers one chunk in the middle with an error.
#[test]
fn a_session_that_survives_is_resumed() {
    const SIZE: usize = 9 << 20;
    #[derive(Default)]
    struct Session {
        received: Vec<u8>,
        refused: u32,
        begun: u32,
    }
    let state = Arc::new(Mutex::new(Session::default()));
    let seen = Arc::clone(&state);
    let port = serve(move |asked| {
        let mut session = seen.lock().unwrap();
        match asked.method.as_str() {
            "HEAD" => answer(404, ""),
            "POST" => {
                session.begun += 1;
                answer(202, "").with("location", "/v2/team/app/blobs/uploads/1?state=s")
            }
            "GET" => answer(204, "")
                .with("location", "/v2/team/app/blobs/uploads/1?state=t")
                .with("range", format!("0-{}", session.received.len() - 1)),
            "PUT" if !asked.body.is_empty() => answer(413, ""),
            "PATCH" => {
                let start: usize = asked.range.split('-').next().unwrap().parse().unwrap();
                assert_eq!(start, session.received.len());
                session.received.extend_from_slice(&asked.body);
                let last = session.received.len() - 1;
                answer(202, "").with("location", "1?state=u").with("range", format!("0-{last}"))
            }
            _ => {
                session.refused += 1;
                let digest = Digest::of(&session.received).to_string();
                assert!(asked.path.contains("digest=sha256%3A"), "{}", asked.path);
                answer(201, "").with("docker-content-digest", digest)
            }
        }
    });
    let bytes: Vec<u8> = (0..SIZE).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let blob = Descriptor::of(media_type::LAYER_TAR, &bytes);
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let repository = client.repository(&reference(port), Access::Push);
    assert_eq!(repository.push_blob(&blob, &bytes, &[]).unwrap(), Pushed::Sent);
    let session = state.lock().unwrap();
    assert!(session.received == bytes);
    // One session for the whole body, one for the chunks.
    assert_eq!((session.begun, session.refused), (2, 1));
}

#[test]
fn a_mount_that_is_refused_becomes_an_upload() {
    let posts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&posts);
    let port = serve(move |asked| match asked.method.as_str() {
        "HEAD" => answer(404, ""),
        "POST" => {
            log.lock().unwrap().push(asked.path.clone());
            answer(202, "").with("location", "/v2/u")
        }
        _ => answer(201, ""),
    });
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let repository = client.repository(&reference(port), Access::Push);
    let bytes = b"layer".to_vec();
    let blob = Descriptor::of(media_type::LAYER_TAR, &bytes);
    let from = ["team/app".to_owned(), "team/base".to_owned()];
    assert_eq!(repository.push_blob(&blob, &bytes, &from).unwrap(), Pushed::Sent);
    let posts = posts.lock().unwrap();
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert!(posts[0].ends_with("&from=team%2Fbase"), "{posts:?}");
}

#[test]
fn a_server_without_ranges_is_read_again() {
    let bytes: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
    let blob = Descriptor::of(media_type::LAYER_TAR, &bytes);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let content = bytes.clone();
    std::thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            read(&mut BufReader::new(stream.try_clone().unwrap()));
            let head =
                format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", content.len());
            let end = if turn == 0 { content.len() / 3 } else { content.len() };
            let _ = stream.write_all(&[head.as_bytes(), &content[..end]].concat());
        }
    });
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let repository = client.repository(&reference(port), Access::Pull);
    assert!(repository.pull_bytes(&blob, 1 << 30).unwrap() == bytes);
    assert!(repository.pull_bytes(&blob, 10).is_err());
}

#[test]
fn a_redirect_does_not_learn_the_credentials() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let storage = serve(move |asked| {
        log.lock().unwrap().push(asked.authorization.clone());
        answer(401, "").with("www-authenticate", "Basic realm=\"give it to me\"")
    });
    let port = serve(move |asked| {
        if asked.authorization != basic() {
            return answer(401, "").with("www-authenticate", "Basic realm=\"r\"");
        }
        answer(307, "").with("location", format!("http://127.0.0.1:{storage}/blob"))
    });
    let client = Client::new(with_credential(port, me()));
    let repository = client.repository(&reference(port), Access::Pull);
    let error = repository.pull_bytes(&Descriptor::of("x", b"layer"), 10).unwrap_err();
    assert!(matches!(error.kind, Kind::Denied(_)), "{error}");
    assert_eq!(*heard.lock().unwrap(), [""]);
}

#[test]
fn a_broken_helper_stops_only_what_needs_it() {
    let port = serve(|asked| {
        if asked.path.starts_with("/token") {
            return answer(200, r#"{"token":"anonymous"}"#);
        }
        match (asked.method.as_str(), asked.authorization.as_str()) {
            ("GET", "Bearer anonymous") => answer(200, LIST),
            (_, "Bearer anonymous") => answer(403, r#"{"errors":[{"code":"DENIED"}]}"#),
            _ => {
                let realm = format!("Bearer realm=\"http://{}/token\"", asked.host);
                answer(401, "").with("www-authenticate", realm)
            }
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    std::fs::write(&file, r#"{"credsStore":"absent-here"}"#).unwrap();
    let client = Client::new(Options { auth_files: Some(vec![file]), ..Options::default() });
    assert_eq!(client.repository(&reference(port), Access::Pull).tags().unwrap(), ["1"]);
    let bytes = b"x".to_vec();
    let push = client.repository(&reference(port), Access::Push);
    let error = push.push_blob(&Descriptor::of("x", &bytes), &bytes, &[]).unwrap_err();
    assert!(error.to_string().contains("docker-credential-absent-here"), "{error}");
}

#[test]
fn a_storage_that_refuses_head_has_the_blob() {
    let storage = serve(|asked| answer(if asked.path.contains("gone") { 404 } else { 403 }, ""));
    let port = serve(move |asked| {
        let name = asked.path.rsplit(':').next().unwrap();
        let gone = if name.starts_with(Digest::of(b"gone").hex()) { "gone" } else { "here" };
        answer(307, "").with("location", format!("http://127.0.0.1:{storage}/{gone}"))
    });
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let repository = client.repository(&reference(port), Access::Pull);
    assert!(repository.has_blob(&Digest::of(b"here")).unwrap());
    assert!(!repository.has_blob(&Digest::of(b"gone")).unwrap());
}

#[test]
fn a_long_wait_is_told_and_not_waited() {
    let port = serve(|_| answer(429, "").with("retry-after", "3600"));
    let client = Client::new(Options { auth_files: Some(Vec::new()), ..Options::default() });
    let error = client.repository(&reference(port), Access::Pull).tags().unwrap_err();
    assert!(error.retryable() && error.hint().unwrap().contains("limits"), "{error}");
    assert_eq!(error.side(), Side::Theirs);
}

#[test]
fn an_authority_of_ones_own_is_trusted_by_name() {
    let registry = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|dir| dir.join("docker-registry")).find(|file| file.exists())
    });
    let dir = tempfile::tempdir().unwrap();
    let (key, certificate) = (dir.path().join("key.pem"), dir.path().join("cert.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
        ])
        .args(["subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(std::process::Stdio::null())
        .status();
    let (Some(registry), true) = (registry, made.is_ok_and(|status| status.success())) else {
        println!("skipped: needs docker-registry and openssl");
        return;
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {0}/data}}\nhttp:\n  addr: '127.0.0.1:{port}'\n  tls: {{certificate: {0}/cert.pem, key: {0}/key.pem}}\n",
        dir.path().display()
    );
    std::fs::write(dir.path().join("config.yml"), config).unwrap();
    let mut child = std::process::Command::new(registry)
        .arg("serve")
        .arg(dir.path().join("config.yml"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let look = |ca: Vec<std::path::PathBuf>| {
        let options =
            Options { ca, plain_http: PlainHttp::Never, auth_files: Some(Vec::new()), ..Options::default() };
        let client = Client::new(options);
        let reference: Reference = format!("localhost:{port}/app:1").parse().unwrap();
        client.repository(&reference, Access::Pull).head_manifest("1")
    };
    let (trusted, untrusted, absent) =
        (look(vec![certificate]), look(Vec::new()), look(vec![dir.path().join("none.pem")]));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(matches!(trusted, Ok(None)), "{trusted:?}");
    let error = untrusted.unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("SSL_CERT_FILE")), "{error:?}");
    assert!(matches!(absent.unwrap_err().kind, Kind::Credentials(_)));
}

/// The variable that makes a test the child of another one; its value is the registry's port.
const CHILD: &str = "SEAWORTHY_TEST_REGISTRY";

/// Stored credentials as a user has them: files and helpers are found through the environment, which only a child
/// process can have of its own.
#[test]
fn credential_helpers_and_files_are_found() {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(port) = std::env::var(CHILD) {
        let client = Client::new(Options::default());
        let tags = client.repository(&reference(port.parse().unwrap()), Access::Pull).tags();
        println!("child saw: {:?}", tags.map_err(|error| error.to_string()));
        return;
    }
    let port = serve(|asked| {
        if asked.authorization == basic() {
            return answer(200, LIST);
        }
        answer(401, "").with("www-authenticate", "Basic realm=\"r\"")
    });
    let dir = tempfile::tempdir().unwrap();
    let helper = dir.path().join("docker-credential-test");
    let script = format!(
        "#!/bin/sh\nread -r server\n[ \"$1 $server\" = 'get 127.0.0.1:{port}' ] || {{ echo credentials not found; exit 1; }}\nprintf '{{\"Username\":\"me\",\"Secret\":\"pass\"}}'\n"
    );
    std::fs::write(&helper, script).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let stored = base64::engine::general_purpose::STANDARD.encode("me:pass");
    let configs = [
        (format!(r#"{{"credHelpers":{{"127.0.0.1:{port}":"test"}}}}"#), true),
        (r#"{"credsStore":"test"}"#.to_owned(), true),
        (format!(r#"{{"auths":{{"127.0.0.1:{port}/team":{{"auth":"{stored}"}}}}}}"#), true),
        (format!(r#"{{"auths":{{"127.0.0.1:{port}/other":{{"auth":"{stored}"}}}}}}"#), false),
        (r#"{"credsStore":"absent"}"#.to_owned(), false),
        ("{ broken".to_owned(), false),
    ];
    for (config, good) in configs {
        for (variable, file) in [("DOCKER_CONFIG", "config.json"), ("REGISTRY_AUTH_FILE", "auth.json")] {
            let home = tempfile::tempdir().unwrap();
            std::fs::write(home.path().join(file), &config).unwrap();
            let place = if file == "auth.json" { home.path().join(file) } else { home.path().to_owned() };
            let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "canned::credential_helpers_and_files_are_found", "--nocapture"])
                .env_clear()
                .env("PATH", path)
                .env("HOME", home.path())
                .env(variable, place)
                .env(CHILD, port.to_string())
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(text.contains(r#"child saw: Ok(["1"])"#), good, "{config} by {variable}: {text}");
            assert!(good || text.contains("child saw: Err"), "{text}");
        }
    }
}
