//! Uploading blobs: looked up first, mounted where possible, in one piece, in chunks where a proxy limits bodies, and
//! from the beginning in a new session when the old one died (`distribution-spec`, "Pushing blobs").

use crate::client::{Call, Payload, Progress, drain, refuse};
use crate::error::{Error, Kind};
use crate::repository::Repository;
use crate::{retry, url};
use seaworthy_oci::Descriptor;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use ureq::Body;
use ureq::http::{Method, Response};

/// Blobs sent at the same time.
const PARALLEL: usize = 4;
/// Sessions begun per blob.
const SESSIONS: u32 = 10;
/// The first size of a chunk in bytes, below the limits proxies are shipped with.
const CHUNK: u64 = 4 << 20;
/// The smallest chunk that is tried.
const SMALLEST_CHUNK: u64 = 64 << 10;
/// Connections that may break before chunks are used to bound the loss.
const BREAKS_BEFORE_CHUNKS: u32 = 2;

/// Something that can be read again from any place.
pub trait BlobSource: Sync {
    /// Opens it at an offset in bytes.
    ///
    /// # Errors
    /// When it cannot be opened or is shorter.
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + '_>>;
}

impl BlobSource for Path {
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + '_>> {
        let mut file = File::open(self)?;
        if from > 0 {
            file.seek(SeekFrom::Start(from))?;
        }
        Ok(Box::new(file))
    }
}

impl BlobSource for PathBuf {
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + '_>> {
        self.as_path().open(from)
    }
}

impl BlobSource for [u8] {
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + '_>> {
        let start = usize::try_from(from).ok().filter(|start| *start <= self.len());
        start
            .map(|start| Box::new(&self[start..]) as Box<dyn Read + '_>)
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

impl BlobSource for Vec<u8> {
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + '_>> {
        self.as_slice().open(from)
    }
}

/// How a blob got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Present,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It was sent.
    Sent,
}

/// One blob to upload.
pub struct Upload<'a> {
    /// Digest and size; trusted, because the registry checks the digest again.
    pub descriptor: Descriptor,
    /// The bytes.
    pub source: Box<dyn BlobSource + 'a>,
}

/// What an upload of several blobs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadSummary {
    /// Blobs sent.
    pub sent: u64,
    /// Their bytes, each blob counted once.
    pub bytes: u64,
    /// Blobs that were there.
    pub present: u64,
    /// Blobs mounted from another repository.
    pub mounted: u64,
}

/// Why an upload session ended.
enum End {
    /// A request body was too large.
    TooLarge,
    /// The session is gone or the connection broke; a new session may do better.
    Lost(Error),
    /// Nothing helps.
    Failed(Error),
}

impl Repository<'_> {
    /// Uploads blobs, four at a time; on the first failure no new ones are begun.
    ///
    /// # Errors
    /// The first failure.
    pub fn push_blobs(&self, blobs: &[Upload<'_>], mount_from: &[String]) -> Result<UploadSummary, Error> {
        let next = AtomicUsize::new(0);
        let state: Mutex<Result<UploadSummary, Error>> = Mutex::new(Ok(UploadSummary::default()));
        let work = || {
            loop {
                let Some(blob) = blobs.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                let result = self.push_blob(&blob.descriptor, &*blob.source, mount_from);
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                match (&mut *state, result) {
                    (Ok(summary), Ok(Pushed::Sent)) => {
                        summary.sent += 1;
                        summary.bytes += blob.descriptor.size;
                    }
                    (Ok(summary), Ok(Pushed::Present)) => summary.present += 1,
                    (Ok(summary), Ok(Pushed::Mounted)) => summary.mounted += 1,
                    (Ok(_), Err(error)) => {
                        *state = Err(error);
                        next.store(blobs.len(), Ordering::Relaxed);
                    }
                    (Err(_), _) => {}
                }
            }
        };
        let workers = PARALLEL.min(blobs.len());
        if workers <= 1 {
            work();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(work);
                }
            });
        }
        state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uploads one blob unless it is there.
    ///
    /// # Errors
    /// When it cannot be sent within the bounds.
    pub fn push_blob(
        &self,
        blob: &Descriptor,
        source: &dyn BlobSource,
        mount_from: &[String],
    ) -> Result<Pushed, Error> {
        let done = |how| {
            let (digest, total) = (blob.digest.clone(), blob.size);
            self.client.report(&Progress { digest, bytes: 0, total, done: true });
            how
        };
        // A registry that cannot say whether it has a blob can still take it.
        match self.has_blob(&blob.digest) {
            Ok(true) => return Ok(done(Pushed::Present)),
            Ok(false) => {}
            Err(error) if error.retryable() && matches!(error.kind, Kind::Status { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut session = None;
        for other in mount_from.iter().filter(|other| **other != self.path) {
            match self.mount(blob, other)? {
                Mount::Done => return Ok(done(Pushed::Mounted)),
                Mount::Session(location) => {
                    session = Some(location);
                    break;
                }
                Mount::No => {}
            }
        }
        let origin = url::origin(&self.base).to_owned();
        let mut breaks = 0;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let location = match session.take() {
                Some(location) => location,
                None => self.begin()?,
            };
            let mut chunk = self.client.chunk_limit(&origin);
            if chunk.is_none() && breaks >= BREAKS_BEFORE_CHUNKS && blob.size > CHUNK {
                chunk = Some(CHUNK);
            }
            let end = match chunk.filter(|chunk| *chunk < blob.size) {
                None => self.in_one_piece(&location, blob, source),
                Some(chunk) => self.in_chunks(&location, blob, source, chunk),
            };
            let error = match end {
                Ok(()) => return Ok(done(Pushed::Sent)),
                Err(End::Failed(error)) => return Err(error),
                Err(End::TooLarge) => {
                    // Half of what was refused, so that the next limit is met within a few steps.
                    let next = chunk.map_or(CHUNK.min(blob.size / 2), |chunk| chunk / 2);
                    if next < SMALLEST_CHUNK {
                        let kind = Kind::Status { code: 413, message: String::new() };
                        return Err(Error::new("upload blob", &self.url("blobs/uploads/"), kind));
                    }
                    self.client.set_chunk_limit(&origin, next);
                    continue;
                }
                Err(End::Lost(error)) => error,
            };
            if attempt >= SESSIONS {
                return Err(error);
            }
            breaks += 1;
            std::thread::sleep(retry::backoff(attempt));
        }
    }

    fn begin(&self) -> Result<String, Error> {
        let action = "begin upload";
        let call = self.call(action, Method::POST, self.url("blobs/uploads/"), Payload::Bytes(b""));
        let mut answer = self.client.send(&call)?;
        if answer.status().as_u16() != 202 {
            return Err(refuse(action, &call.url, answer));
        }
        let location = location(action, &call, &answer)?;
        drain(&mut answer);
        Ok(location)
    }

    fn mount(&self, blob: &Descriptor, other: &str) -> Result<Mount, Error> {
        let action = "mount blob";
        let target = url::with_query(&self.url("blobs/uploads/"), "mount", blob.digest.as_str());
        let scope = format!("{} repository:{other}:pull", self.scope);
        let mut call =
            self.call(action, Method::POST, url::with_query(&target, "from", other), Payload::Bytes(b""));
        call.scope = &scope;
        let mut answer = match self.client.send(&call) {
            Ok(answer) => answer,
            // No right to read there: the blob is sent instead.
            Err(error) if matches!(error.kind, Kind::Denied(_)) => return Ok(Mount::No),
            Err(error) => return Err(error),
        };
        let found = match answer.status().as_u16() {
            201 => Mount::Done,
            202 => Mount::Session(location(action, &call, &answer)?),
            _ => Mount::No,
        };
        drain(&mut answer);
        Ok(found)
    }

    fn in_one_piece(&self, location: &str, blob: &Descriptor, source: &dyn BlobSource) -> Result<(), End> {
        let target = url::with_query(location, "digest", blob.digest.as_str());
        let payload = Payload::Part { source, from: 0, length: blob.size, blob };
        let mut call = self.call("upload blob", Method::PUT, target, payload);
        call.again = false;
        call.headers.push(("content-type", "application/octet-stream".to_owned()));
        if blob.size > CHUNK {
            // Lets a proxy refuse the size before the bytes are on their way.
            call.headers.push(("expect", "100-continue".to_owned()));
        }
        let answer = self.client.send(&call).map_err(lost_or_failed)?;
        stored(&call, answer, blob)
    }

    fn in_chunks(
        &self,
        location: &str,
        blob: &Descriptor,
        source: &dyn BlobSource,
        chunk: u64,
    ) -> Result<(), End> {
        let mut location = location.to_owned();
        let mut from = 0;
        let mut resumed = 0;
        while from < blob.size {
            let length = chunk.min(blob.size - from);
            let payload = Payload::Part { source, from, length, blob };
            let mut call = self.call("upload chunk", Method::PATCH, location.clone(), payload);
            call.again = false;
            call.headers.push(("content-type", "application/octet-stream".to_owned()));
            call.headers.push(("content-range", format!("{from}-{}", from + length - 1)));
            let answer = match self.client.send(&call) {
                Ok(answer) => answer,
                Err(error) => {
                    let error = match lost_or_failed(error) {
                        End::Lost(error) if resumed < SESSIONS => error,
                        end => return Err(end),
                    };
                    // The registry may have kept what it received.
                    let Some((place, received)) = self.received(&location) else {
                        return Err(End::Lost(error));
                    };
                    if received < from || received > blob.size {
                        return Err(End::Lost(error));
                    }
                    resumed += 1;
                    (location, from) = (place, received);
                    continue;
                }
            };
            match answer.status().as_u16() {
                201 | 202 | 204 => {
                    location = self::location("upload chunk", &call, &answer).map_err(End::Failed)?;
                    let mut answer = answer;
                    drain(&mut answer);
                    from += length;
                }
                _ => return Err(unwelcome(&call, answer)),
            }
        }
        let target = url::with_query(&location, "digest", blob.digest.as_str());
        let mut call = self.call("finish upload", Method::PUT, target, Payload::Bytes(b""));
        call.again = false;
        let answer = self.client.send(&call).map_err(lost_or_failed)?;
        stored(&call, answer, blob)
    }

    /// Asks a session how much it has: where to go on, and from which byte.
    fn received(&self, location: &str) -> Option<(String, u64)> {
        let call = self.call("ask upload session", Method::GET, location.to_owned(), Payload::None);
        let mut answer = self.client.send(&call).ok()?;
        if answer.status().as_u16() != 204 {
            drain(&mut answer);
            return None;
        }
        let range = answer.headers().get("range")?.to_str().ok()?.to_owned();
        let last: u64 = range.rsplit('-').next()?.trim().parse().ok()?;
        let place =
            self::location("ask upload session", &call, &answer).unwrap_or_else(|_| location.to_owned());
        // `0-0` is what servers say of an empty session too; one byte is cheap to send again in a new session.
        (last > 0).then_some((place, last + 1))
    }
}

enum Mount {
    Done,
    Session(String),
    No,
}

fn location(action: &'static str, call: &Call<'_>, answer: &Response<Body>) -> Result<String, Error> {
    let text = answer.headers().get("location").and_then(|value| value.to_str().ok());
    text.map(|text| url::join(&call.url, text)).ok_or_else(|| {
        Error::new(action, &call.url, Kind::Protocol("it has no `Location` header".to_owned()))
    })
}

fn lost_or_failed(error: Error) -> End {
    if matches!(error.kind, Kind::Transport(_)) && error.retryable() {
        End::Lost(error)
    } else {
        End::Failed(error)
    }
}

fn stored(call: &Call<'_>, mut answer: Response<Body>, blob: &Descriptor) -> Result<(), End> {
    if !matches!(answer.status().as_u16(), 200 | 201 | 204) {
        return Err(unwelcome(call, answer));
    }
    let named = answer.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
    if let Some(named) = named.filter(|named| *named != blob.digest.as_str()) {
        let kind = Kind::Digest { expected: blob.digest.to_string(), got: named.to_owned() };
        return Err(End::Failed(Error::new(call.action, &call.url, kind)));
    }
    drain(&mut answer);
    Ok(())
}

fn unwelcome(call: &Call<'_>, answer: Response<Body>) -> End {
    match answer.status().as_u16() {
        413 => End::TooLarge,
        // The session is unknown, or stands at another offset.
        404 | 409 | 416 => End::Lost(refuse(call.action, &call.url, answer)),
        code if retry::is_retryable(code) => End::Lost(refuse(call.action, &call.url, answer)),
        _ => End::Failed(refuse(call.action, &call.url, answer)),
    }
}
