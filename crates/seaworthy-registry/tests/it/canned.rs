//! Authentication, referrers and error words, against a server that answers from a closure.

use base64::Engine as _;
use seaworthy_oci::{Descriptor, Digest, Index, Manifest, Reference, media_type};
use seaworthy_registry::{Access, Attachment, Client, Credential, Kind, Options, Side, fallback_tag};
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
    let (mut length, mut authorization, mut host) = (0, String::new(), String::new());
    loop {
        let mut line = String::new();
        reader.by_ref().read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "host" => value.trim().clone_into(&mut host),
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, authorization, host, body })
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
